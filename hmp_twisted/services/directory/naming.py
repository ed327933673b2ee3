"""Names and IDs: what may be one, and finding the one object that is meant.

A name is unique among the objects of its kind by Unicode case folding. An object is meant by its
name, its ID, or the beginning of its ID when only one begins so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any
from uuid import UUID, uuid4

import attrs
from sqlalchemy import Connection, Row, Table, select

from ...errors import (
    AmbiguousNameError,
    InvalidValueError,
    NameTakenError,
    NotFoundError,
)

MAX_NAME = 255
"""Characters in a name, at most."""

MIN_PREFIX = 4
"""Characters of an ID that may stand for it, at least."""


@attrs.frozen
class Kind:
    """A kind of object that is found by name or ID."""

    noun: str
    table: Table
    not_found: type[NotFoundError]
    label: str = "name"
    """The column that people call the object by; ``title`` need not be unique."""
    plural: str = attrs.field(default=attrs.Factory(lambda kind: f"{kind.noun}s", takes_self=True))


def new_id() -> str:
    """A random ID for a new object."""
    return str(uuid4())


def fold(name: str) -> str:
    """What a name is compared by: Unicode case folding, nothing else."""
    return name.casefold()


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an ID, in either case."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def checked_text(what: str, text: str, limit: int = MAX_NAME) -> str:
    """``text``, if it is one printable line of 1 to ``limit`` characters without blank ends.

    Raises:
        InvalidValueError: it is not; the message begins with ``what`` it was to be.
    """
    if not text.strip():
        raise InvalidValueError(f"{what}: must have at least 1 character that is not a space")
    if text != text.strip():
        raise InvalidValueError(f"{what} {text!r}: must not begin or end with a space")
    if len(text) > limit:
        raise InvalidValueError(f"{what}: has {len(text)} characters, at most {limit} are allowed")
    # Cs: a lone surrogate comes from an argument that is not UTF-8, and no database takes it.
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text):
        raise InvalidValueError(f"{what} {text!r}: must not hold control characters")
    return text


def checked_name(kind: Kind, name: str) -> str:
    """``name``, if an object of this kind may bear it.

    Raises:
        InvalidValueError: the message says what would be allowed. A name in the form of an ID is
            refused, so that a name and an ID are never taken for each other.
    """
    checked_text(f"{kind.noun} name", name)
    if is_id(name):
        raise InvalidValueError(
            f"{kind.noun} name {name!r}: has the form of an ID; choose a name for people"
        )
    return name


def claim(conn: Connection, kind: Kind, name: str) -> dict[str, str]:
    """The columns ``id``, ``name`` and ``folded`` of a new object.

    Raises:
        InvalidValueError: the name may not be one.
        NameTakenError: another object of this kind bears it.
    """
    checked_name(kind, name)
    table = kind.table
    taken = conn.execute(select(table.c.name).where(table.c.folded == fold(name))).scalar()
    if taken is not None:
        raise NameTakenError(f"there is a {kind.noun} {taken!r} already; choose another name")
    return {"id": new_id(), "name": name, "folded": fold(name)}


def find(conn: Connection, kind: Kind, text: str) -> Row[Any]:
    """The row of the object that ``text`` means: its name, its ID, or the ID's beginning.

    Raises:
        NotFoundError: the kind's own subclass; the message names what is spelt alike.
        AmbiguousNameError: several are meant; the message lists their IDs.
    """
    # A title may have the form of another object's ID: a whole ID means that object alone.
    first, second = (_with_id, _named) if is_id(text) else (_named, _with_id)
    rows = first(conn, kind, text) or second(conn, kind, text)
    if not rows:
        raise kind.not_found(_nothing_found(conn, kind, text))
    if len(rows) > 1:
        label = kind.table.c[kind.label].name
        listed = ", ".join(f"{row.id} ({getattr(row, label)})" for row in rows[:5])
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        raise AmbiguousNameError(
            f"{text!r} means {len(rows)} {kind.plural}: {listed}{more}; give the whole ID"
        )
    return rows[0]


def _named(conn: Connection, kind: Kind, text: str) -> Sequence[Row[Any]]:
    table = kind.table
    if "folded" in table.c:
        return conn.execute(select(table).where(table.c.folded == fold(text))).all()
    return conn.execute(select(table).where(table.c[kind.label] == text)).all()


def _with_id(conn: Connection, kind: Kind, text: str) -> Sequence[Row[Any]]:
    wanted = text.lower()
    if len(wanted) < MIN_PREFIX or not set(wanted) <= set("0123456789abcdef-"):
        return []
    table = kind.table
    # A range, not LIKE: it uses the primary key on every database. "g" follows every hex digit.
    matches = select(table).where(table.c.id >= wanted, table.c.id < wanted + "g")
    rows = conn.execute(matches.order_by(table.c.id).limit(100)).all()
    return [row for row in rows if row.id.startswith(wanted)]


def _nothing_found(conn: Connection, kind: Kind, text: str) -> str:
    if is_id(text):
        return f"no {kind.noun} has the ID {text}"
    label = kind.table.c[kind.label]
    known = conn.execute(select(label).order_by(label).limit(1000)).scalars().all()
    return f"no {kind.noun} {text!r}{did_you_mean(text, known)}"


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: what it may have been meant to be, or nothing."""
    by_fold = {fold(name): name for name in known}
    close = get_close_matches(fold(text), by_fold, n=3, cutoff=0.6)
    if not close:
        return ""
    return f"; did you mean {' or '.join(repr(by_fold[name]) for name in close)}?"


def listed(names: Sequence[str], limit: int = 3) -> str:
    """Some names in words: the first ``limit`` of them, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
