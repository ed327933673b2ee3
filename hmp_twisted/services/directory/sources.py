"""The sources: MPEG-TS streams that sessions can hold and recordings are made of."""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import Connection, Row, delete, insert, select

from ...engine.sources import SourceAddress
from ...errors import InUseError
from ...store.schema import session_sources, sessions, sources
from . import naming
from .kinds import SOURCE


@attrs.frozen
class Source:
    """One stream that can be received."""

    id: str
    name: str
    url: str
    interface: str
    """The local address at which a multicast group is joined; empty for the system's choice."""


def add_source(conn: Connection, name: str, url: str, interface: str = "") -> str:
    """Make a stream known.

    Returns:
        its ID.

    Raises:
        InvalidValueError: the name, the URL or the interface is none; the message says what is.
        NameTakenError: another source is called so.
    """
    row = naming.claim(conn, SOURCE, name)
    SourceAddress.parse(url, interface)
    conn.execute(insert(sources).values(**row, url=url, interface=interface))
    return row["id"]


def list_sources(conn: Connection) -> tuple[Source, ...]:
    """Every source, by name."""
    return tuple(_source(row) for row in conn.execute(select(sources).order_by(sources.c.folded)))


def find_source(conn: Connection, source: str) -> Source:
    """The source of this name or ID.

    Raises:
        SourceNotFoundError: there is none.
        AmbiguousNameError: the beginning of an ID that several have.
    """
    return _source(naming.find(conn, SOURCE, source))


def sessions_with(conn: Connection, source_id: str) -> tuple[tuple[str, str], ...]:
    """ID and title of each session that holds the source, oldest first."""
    query = (
        select(sessions.c.id, sessions.c.title)
        .join(session_sources, session_sources.c.session_id == sessions.c.id)
        .where(session_sources.c.source_id == source_id)
        .order_by(sessions.c.created, sessions.c.id)
    )
    return tuple((row.id, row.title) for row in conn.execute(query))


def remove_source(conn: Connection, source: str) -> None:
    """Forget a source (its name or ID). What was recorded of it stays.

    Raises:
        SourceNotFoundError: there is none.
        InUseError: a session holds it; so no recording in progress can lose its source.
    """
    found = find_source(conn, source)
    holding = [title for _, title in sessions_with(conn, found.id)]
    if holding:
        raise InUseError(
            f"source {found.name!r} is in {len(holding)} session(s): {naming.listed(holding)}; "
            "remove it from there first (removeSourceFromSession)"
        )
    conn.execute(delete(sources).where(sources.c.id == found.id))


def _source(row: Row[Any]) -> Source:
    return Source(row.id, row.name, row.url, row.interface)
