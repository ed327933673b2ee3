"""One page of a library: what fits a search, in one of the orders, after where the last page ended.

Pages are found by the last row's key, never by counting rows, so the thousandth comes as fast as
the first; each order has an index.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from ...errors import InvalidValueError
from ...store.schema import recordings as recordings_table
from ...store.schema import session_sources
from ..rights import Actor, Kind
from . import sight

PAGE = 48
"""Rows on a page."""

MOST_WORDS = 8
"""Words of a search that count."""

T = TypeVar("T")


@attrs.frozen
class Order:
    """How a library may be sorted."""

    label: str
    column: str
    descending: bool

    def key(self, kind: Kind) -> ColumnElement[Any]:
        """What is compared; the ID decides between equals."""
        column: ColumnElement[Any] = kind.table.c[self.column]
        return func.lower(column) if self.column == "title" else column


ORDERS: Mapping[str, Order] = {
    "newest": Order("Newest first", "created", True),
    "oldest": Order("Oldest first", "created", False),
    "title": Order("By title", "title", False),
    "longest": Order("Longest first", "duration_s", True),
}
"""By their word in a URL. Sessions have no ``longest``."""


@attrs.frozen
class Search:
    """What is looked for."""

    text: str = ""
    """Words that title or description hold, all of them, in any case."""
    category_id: str = ""
    value: str = ""
    """Of that category; empty for any."""
    order: str = "newest"
    after: str = ""
    """:attr:`Page.next` of the page before."""
    session_id: str = ""
    """Recordings of this session only."""


@attrs.frozen
class Found:
    """A session or recording on a page."""

    id: str
    title: str
    created: float
    state: str = ""
    """A recording's."""
    duration_s: float = 0.0
    track_count: int = 0
    live: bool = False
    source_count: int = 0
    is_recorded: bool = False
    """Whether a session is being recorded."""
    deleted: float | None = None


@attrs.frozen
class Page(Generic[T]):
    """Some of what was found, in order."""

    items: tuple[T, ...]
    next: str
    """Where the next page begins; empty if there is none."""


def find(conn: Connection, actor: Actor, kind: Kind, search: Search) -> Page[Found]:
    """What the actor sees of what fits.

    Raises:
        InvalidValueError: no such order, or a page that no search of ours gave.
    """
    order = _order(kind, search.order)
    query = _columns(kind).where(*_conditions(conn, actor, kind, search))
    if search.after:
        query = query.where(_after(kind, order, search.after))
    return _page(conn, kind, order, query)


def find_deleted(conn: Connection, actor: Actor, after: str = "") -> Page[Found]:
    """What the actor sees of what is in the bin, newest recordings first."""
    order, table = ORDERS["newest"], recordings_table
    query = _columns(Kind.RECORDING).where(table.c.deleted.is_not(None))
    if not sight.sees_all(conn, actor):
        query = query.where(sight.shared_with(Kind.RECORDING, actor).each)
    if after:
        query = query.where(_after(Kind.RECORDING, order, after))
    return _page(conn, Kind.RECORDING, order, query)


def _order(kind: Kind, word: str) -> Order:
    order = ORDERS.get(word)
    if order is None or order.column not in kind.table.c:
        raise InvalidValueError(f"order {word!r}: must be one of {', '.join(ORDERS)}")
    return order


def _page(conn: Connection, kind: Kind, order: Order, query: Select[Any]) -> Page[Found]:
    key, row_id = order.key(kind), kind.table.c.id
    sort = (key.desc(), row_id.desc()) if order.descending else (key, row_id)
    rows = conn.execute(query.add_columns(key.label("key")).order_by(*sort).limit(PAGE + 1)).all()
    more = len(rows) > PAGE
    shown = rows[:PAGE]
    return Page(tuple(map(_found, shown)), _cursor(shown[-1]) if more else "")


def _conditions(
    conn: Connection, actor: Actor, kind: Kind, search: Search
) -> list[ColumnElement[bool]]:
    table = kind.table
    found = [_holds(kind, word) for word in search.text.split()[:MOST_WORDS]]
    if kind is Kind.RECORDING:
        found.append(table.c.deleted.is_(None))
    if search.session_id:
        found.append(table.c.session_id == search.session_id)
    if search.category_id:
        picked = sight.with_category(kind, search.category_id, search.value)
        found.append(picked.condition(conn))
    if not sight.sees_all(conn, actor):
        found.append(sight.shared_with(kind, actor).condition(conn))
    return found


def _holds(kind: Kind, word: str) -> ColumnElement[bool]:
    # SQLite knows the cases of ASCII alone, so other letters are looked for in each case.
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    columns = (kind.table.c.title, kind.table.c.description)
    return or_(*(c.icontains(s, autoescape=True) for c in columns for s in sorted(spellings)))


def _after(kind: Kind, order: Order, cursor: str) -> ColumnElement[bool]:
    value, last_id = _read_cursor(cursor, str if order.column == "title" else float)
    key, row_id = order.key(kind), kind.table.c.id
    if order.descending:
        return and_(key <= value, or_(key < value, row_id < last_id))
    return and_(key >= value, or_(key > value, row_id > last_id))


def _cursor(row: Row[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.key, row.id]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, kind: type) -> tuple[Any, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, last_id = json.loads(text)
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidValueError("after: is no page of this library") from error
    if not isinstance(last_id, str) or not isinstance(value, kind):
        raise InvalidValueError("after: is no page of this library")
    return value, last_id


def _columns(kind: Kind) -> Select[Any]:
    c = kind.table.c
    if kind is Kind.RECORDING:
        return select(c.id, c.title, c.created, c.state, c.duration_s, c.track_count, c.deleted)
    held = session_sources.c
    return select(
        c.id,
        c.title,
        c.created,
        c.live,
        _count(held.session_id == c.id).label("source_count"),
        _recorded(c.id).label("is_recorded"),
    )


def _count(of: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(session_sources).where(of).scalar_subquery()


def _recorded(session_id: ColumnElement[str]) -> Any:
    r = recordings_table.c
    active = select(r.id).where(r.session_id == session_id, r.wanted != "STOPPED")
    return active.exists()


def _found(row: Row[Any]) -> Found:
    values: dict[str, Any] = dict(row._mapping)
    del values["key"]
    return Found(**values)
