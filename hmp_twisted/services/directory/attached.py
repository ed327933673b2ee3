"""What is attached to sessions and recordings alike: category values, and shares."""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, Table, select

from ...store import schema


@attrs.frozen
class CategoryValues:
    """The values of one category on an object, in the order given."""

    category_id: str
    category: str
    """The category's name."""
    values: tuple[str, ...]


@attrs.frozen
class Share:
    """What one user or one group was given on an object."""

    user: str | None
    group: str | None
    permission: str
    """A default permission's word, or a custom permission's ID."""


def categories_of(conn: Connection, table: Table, object_id: str) -> tuple[CategoryValues, ...]:
    """The category values of an object, by the category's name.

    Args:
        table: ``session_categories`` or ``recording_categories``.
    """
    owner = next(iter(table.c))
    query = (
        select(table.c.category_id, schema.categories.c.name, table.c.value)
        .join_from(table, schema.categories)
        .where(owner == object_id)
        .order_by(schema.categories.c.folded, table.c.position)
    )
    values: dict[tuple[str, str], list[str]] = {}
    for row in conn.execute(query):
        values.setdefault((row.category_id, row.name), []).append(row.value)
    return tuple(CategoryValues(*key, tuple(given)) for key, given in values.items())


def shares_of(conn: Connection, table: Table, owner: str, object_id: str) -> tuple[Share, ...]:
    """Who was given what on an object: users, then groups, by name.

    Args:
        table: ``session_shares`` or ``recording_shares``.
        owner: its column of the object's ID.
    """
    query = (
        select(table.c.permission, schema.users.c.name, schema.groups.c.name.label("group_name"))
        .join_from(table, schema.users, isouter=True)
        .outerjoin(schema.groups, schema.groups.c.id == table.c.group_id)
        .where(table.c[owner] == object_id)
    )
    shares = [Share(row.name, row.group_name, row.permission) for row in conn.execute(query)]
    return tuple(sorted(shares, key=_order))


def _order(share: Share) -> tuple[bool, str]:
    return share.user is None, (share.user or share.group or "").casefold()
