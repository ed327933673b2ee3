"""The categories: keys of custom metadata, with the values that administrators offer for each."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sqlalchemy import Connection, Table, delete, func, insert, select

from ...errors import InUseError, InvalidValueError
from ...store.schema import (
    categories,
    category_values,
    recording_categories,
    session_categories,
)
from . import naming
from .kinds import CATEGORY

MAX_VALUE = 1024
"""Characters in a value, at most."""


@attrs.frozen
class Category:
    """One key of custom metadata."""

    id: str
    name: str
    multiple: bool
    """Whether a form offers more than one of the values at a time."""
    custom: bool
    """Whether a form lets people write values of their own."""
    values: tuple[str, ...]
    """The values on offer, in the administrator's order."""


def add_category(
    conn: Connection,
    name: str,
    values: Sequence[str] = (),
    *,
    multiple: bool = False,
    custom: bool = False,
) -> str:
    """Make a category known.

    Returns:
        its ID.

    Raises:
        InvalidValueError: the name is none; a value is empty, has blank ends or is given twice.
        NameTakenError: another category is called so.
    """
    row = naming.claim(conn, CATEGORY, name)
    for value in values:
        naming.checked_text("category value", value, MAX_VALUE)
        if values.count(value) > 1:
            raise InvalidValueError(
                f"category value {value!r}: is given {values.count(value)} times"
            )
    conn.execute(insert(categories).values(**row, multiple=multiple, custom=custom))
    for position, value in enumerate(values):
        conn.execute(
            insert(category_values).values(category_id=row["id"], position=position, value=value)
        )
    return row["id"]


def list_categories(conn: Connection) -> tuple[Category, ...]:
    """Every category, by name."""
    offered: dict[str, list[str]] = {}
    for row in conn.execute(select(category_values).order_by(category_values.c.position)):
        offered.setdefault(row.category_id, []).append(row.value)
    return tuple(
        Category(row.id, row.name, row.multiple, row.custom, tuple(offered.get(row.id, ())))
        for row in conn.execute(select(categories).order_by(categories.c.folded))
    )


def remove_category(conn: Connection, category: str, *, force: bool = False) -> None:
    """Forget a category (its name or ID).

    Args:
        force: take it off every session and recording, too.

    Raises:
        CategoryNotFoundError: there is none.
        InUseError: a session or recording has a value of it, and ``force`` is not given.
    """
    row = naming.find(conn, CATEGORY, category)
    used = (
        _users_of(conn, session_categories, row.id),
        _users_of(conn, recording_categories, row.id),
    )
    if any(used) and not force:
        raise InUseError(
            f"category {row.name!r} is set on {used[0]} session(s) and {used[1]} recording(s); "
            "--force takes it off them too"
        )
    conn.execute(delete(categories).where(categories.c.id == row.id))


def _users_of(conn: Connection, table: Table, category_id: str) -> int:
    """How many sessions or recordings have a value of the category."""
    # The first column is the ID of the session or recording.
    count = select(func.count(next(iter(table.c)).distinct())).where(
        table.c.category_id == category_id
    )
    return conn.execute(count).scalar() or 0
