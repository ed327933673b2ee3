"""The streams as an administrator sees them: recordings that are, or were, played out."""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import Connection, Row, select

from ...store.schema import recordings, streams
from . import naming
from .kinds import STREAM


@attrs.frozen
class Stream:
    """One playing out of one recording."""

    id: str
    recording_id: str
    title: str
    """The recording's; empty if the recording is gone."""
    address: str
    port: int
    started: float
    """Unix seconds."""
    ended: float | None
    """Unix seconds; None while it runs."""
    reason: str
    """Why it ended, if it neither played to its end nor was stopped."""

    @property
    def state(self) -> str:
        """``RUNNING``, ``ENDED`` or ``FAILED``."""
        if self.ended is None:
            return "RUNNING"
        return "FAILED" if self.reason else "ENDED"


def list_streams(conn: Connection, *, ended: bool = False) -> tuple[Stream, ...]:
    """The running streams, and those that have ``ended`` if asked for; oldest first."""
    query = _query().order_by(streams.c.started, streams.c.id)
    if not ended:
        query = query.where(streams.c.ended.is_(None))
    return tuple(_stream(row) for row in conn.execute(query))


def find_stream(conn: Connection, stream: str) -> Stream:
    """The stream of this ID or beginning of an ID, or to this address, running or ended.

    Raises:
        StreamNotFoundError: there is none.
        AmbiguousNameError: several begin so.
    """
    row = naming.find(conn, STREAM, stream)
    return _stream(conn.execute(_query().where(streams.c.id == row.id)).one())


def _query() -> Any:
    return select(streams, recordings.c.title).outerjoin(
        recordings, recordings.c.id == streams.c.recording_id
    )


def _stream(row: Row[Any]) -> Stream:
    return Stream(
        id=row.id,
        recording_id=row.recording_id,
        title=row.title or "",
        address=row.address,
        port=row.port,
        started=row.started,
        ended=row.ended,
        reason=row.reason,
    )
