"""Questions that several services ask; none scans a table that grows with use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select

from .rows import RecordingRow, SessionRow, SourceRow, StreamRow
from .schema import IS_ACTIVE, IS_RUNNING, recordings, session_sources, sessions, sources, streams


def _by_id(table: Table) -> Any:
    # Built once: building a query takes longer than running it.
    return select(table).where(table.c.id == bindparam("id"))


_SESSION, _RECORDING, _SOURCE, _STREAM = map(_by_id, (sessions, recordings, sources, streams))
_SOURCES_OF = (
    select(sources.c.id, sources.c.name, sources.c.url, sources.c.interface)
    .join(session_sources)
    .where(session_sources.c.session_id == bindparam("id"))
    .order_by(session_sources.c.position)
)
_ACTIVE_OF = (
    select(func.count())
    .select_from(recordings)
    .where(recordings.c.session_id == bindparam("id"), IS_ACTIVE)
)


def find_session(conn: Connection, session_id: str) -> SessionRow | None:
    """The session of this ID."""
    row = conn.execute(_SESSION, {"id": session_id}).first()
    return None if row is None else SessionRow(*row)


def find_recording(conn: Connection, recording_id: str) -> RecordingRow | None:
    """The recording of this ID."""
    row = conn.execute(_RECORDING, {"id": recording_id}).first()
    return None if row is None else RecordingRow(*row)


def find_source(conn: Connection, source_id: str) -> SourceRow | None:
    """The source of this ID."""
    row = conn.execute(_SOURCE, {"id": source_id}).first()
    return None if row is None else _source(row)


def find_stream(conn: Connection, stream_id: str) -> StreamRow | None:
    """The stream of this ID, running or not."""
    row = conn.execute(_STREAM, {"id": stream_id}).first()
    return None if row is None else StreamRow(*row)


def sources_of(conn: Connection, session_id: str) -> tuple[SourceRow, ...]:
    """The session's sources in the order in which they were added."""
    return tuple(SourceRow(*row) for row in conn.execute(_SOURCES_OF, {"id": session_id}))


def all_sources(conn: Connection) -> tuple[SourceRow, ...]:
    """Every source that is configured."""
    return tuple(_source(row) for row in conn.execute(select(sources)))


def is_recorded(conn: Connection, session_id: str) -> bool:
    """Whether a recording of the session is in progress; a paused one is."""
    return bool(conn.execute(_ACTIVE_OF, {"id": session_id}).scalar_one())


def active_recordings(conn: Connection) -> tuple[RecordingRow, ...]:
    """Every recording that is to be in progress, by ID."""
    query = select(recordings).where(IS_ACTIVE).order_by(recordings.c.id)
    return tuple(RecordingRow(*row) for row in conn.execute(query))


def running_streams(conn: Connection) -> tuple[StreamRow, ...]:
    """Every stream that has not ended, by ID."""
    query = select(streams).where(IS_RUNNING).order_by(streams.c.id)
    return tuple(StreamRow(*row) for row in conn.execute(query))


def _source(row: Any) -> SourceRow:
    return SourceRow(row.id, row.name, row.url, row.interface)
