"""The rows of streams: what is checked and entered when one begins and ends.

Plain functions of a connection, each one transaction's work.
"""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, delete, insert, select, update

from .. import errors
from ..store import queries
from ..store.rows import StreamRow
from ..store.schema import IS_RUNNING, streams
from . import addresses, rights
from .rights import Actor, Kind


def end(conn: Connection, stream_id: str, now: float, reason: str) -> None:
    """Note that a stream has ended, unless that is noted."""
    conn.execute(
        update(streams)
        .where(streams.c.id == stream_id, IS_RUNNING)
        .values(ended=now, reason=reason)
    )


def begin(conn: Connection, actor: Actor, stream: StreamRow) -> None:
    """Enter a stream that is about to be started.

    Raises:
        RecordingNotFoundError, NotAuthorizedError, SeveralTracksError, AddressInUseError,
        AddressInUseBySourceError: in this order.
    """
    actions = rights.seen(conn, actor, Kind.RECORDING, stream.recording_id)
    rights.allow(actor, actions, rights.RESTREAM)
    recording = queries.find_recording(conn, stream.recording_id)
    if recording is None or recording.is_active:
        raise errors.RecordingNotFoundError(f"recording {stream.recording_id} has not ended")
    if recording.track_count != 1:
        raise errors.SeveralTracksError(
            f"recording {stream.recording_id} has {recording.track_count} tracks"
        )
    _check_free(conn, stream)
    conn.execute(insert(streams).values(**attrs.asdict(stream)))


def _check_free(conn: Connection, stream: StreamRow) -> None:
    place = f"{stream.address}:{stream.port}"
    sent = select(streams.c.id).where(
        IS_RUNNING, streams.c.port == stream.port, streams.c.address == stream.address
    )
    other = conn.execute(sent).scalar()
    if other is not None:
        raise errors.AddressInUseError(f"stream {other} is sent to {place}")
    source = addresses.source_at(queries.all_sources(conn), stream.address, stream.port)
    if source is not None:
        raise errors.AddressInUseBySourceError(f"source {source.id} is received at {place}")


def check_running(conn: Connection, actor: Actor, stream_id: str) -> None:
    """Return if the stream runs and the actor may do something to it.

    Raises:
        StreamNotFoundError, NotAuthorizedError
    """
    unseen = errors.StreamNotFoundError(f"no running stream {stream_id}")
    stream = queries.find_stream(conn, stream_id)
    if stream is None or stream.ended is not None:
        raise unseen
    actions = rights.actions_on(conn, actor, Kind.RECORDING, stream.recording_id)
    if not actions:
        raise unseen
    rights.allow(actor, actions, rights.RESTREAM)


def forget(conn: Connection, stream_id: str) -> None:
    """Take back a stream whose start failed."""
    conn.execute(delete(streams).where(streams.c.id == stream_id))
