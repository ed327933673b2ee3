"""The sessions as an administrator sees them, all of them."""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import Connection, Row, Select, select

from ...store.schema import (
    recordings,
    session_categories,
    session_shares,
    session_sources,
    sessions,
)
from . import naming
from .attached import CategoryValues, Share, categories_of, shares_of
from .kinds import SESSION


@attrs.frozen
class Session:
    """One to four sources that are recorded together."""

    id: str
    title: str
    description: str
    createdby: str
    live: bool
    created: float
    """Unix seconds."""
    sources: tuple[str, ...]
    """IDs, in the order in which they were added."""
    recordings: tuple[str, ...]
    """IDs, oldest first."""


def list_sessions(conn: Connection) -> tuple[Session, ...]:
    """Every session, oldest first."""
    rows = conn.execute(select(sessions).order_by(sessions.c.created, sessions.c.id)).all()
    held = _grouped(conn, _sources_query())
    made = _grouped(conn, _recordings_query())
    return tuple(_session(row, held.get(row.id, []), made.get(row.id, [])) for row in rows)


def find_session(conn: Connection, session: str) -> Session:
    """The session of this ID, beginning of an ID, or title.

    Raises:
        SessionNotFoundError: there is none.
        AmbiguousNameError: several are called so.
    """
    row = naming.find(conn, SESSION, session)
    held = _grouped(conn, _sources_query().where(session_sources.c.session_id == row.id))
    made = _grouped(conn, _recordings_query().where(recordings.c.session_id == row.id))
    return _session(row, held.get(row.id, []), made.get(row.id, []))


def categories_of_session(conn: Connection, session_id: str) -> tuple[CategoryValues, ...]:
    """The category values of a session."""
    return categories_of(conn, session_categories, session_id)


def shares_of_session(conn: Connection, session_id: str) -> tuple[Share, ...]:
    """Who was given what on a session."""
    return shares_of(conn, session_shares, "session_id", session_id)


def _sources_query() -> Select[Any]:
    return select(session_sources.c.session_id, session_sources.c.source_id.label("id")).order_by(
        session_sources.c.position
    )


def _recordings_query() -> Select[Any]:
    return select(recordings.c.session_id, recordings.c.id).order_by(
        recordings.c.created, recordings.c.id
    )


def _grouped(conn: Connection, query: Select[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in conn.execute(query):
        found.setdefault(row.session_id, []).append(row.id)
    return found


def _session(row: Row[Any], held: list[str], made: list[str]) -> Session:
    return Session(
        id=row.id,
        title=row.title,
        description=row.description,
        createdby=row.createdby,
        live=row.live,
        created=row.created,
        sources=tuple(held),
        recordings=tuple(made),
    )
