"""HotMarks at any time of a recording, finished ones too: added, renamed, moved out."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from .. import errors
from ..store import queries
from ..store.pool import Store
from ..store.schema import hotmarks, recordings
from . import rights
from .rights import Actor, Kind
from .titles import check_length


class Hotmarks:
    """What can be done to a recording's HotMarks; each needs ``edit`` on the recording."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, actor: Actor, recording_id: str, time_s: int, title: str) -> None:
        """Mark a second of a recording that has ended.

        Raises:
            RecordingNotFoundError, NotAuthorizedError, TitleTooLongError, HotmarkExistsError
            RecordingInProgressError: its clock still runs; ``Metadata.add_hotmark`` marks now.
            InvalidValueError: the recording has no such second.
        """
        name = f"add HotMark at {time_s} s to recording {recording_id}"
        await self._store.transact(name, _add, actor, recording_id, time_s, title)

    async def rename(self, actor: Actor, recording_id: str, time_s: int, title: str) -> None:
        """Give the HotMark at this second another title; it may be empty.

        Raises:
            RecordingNotFoundError, NotAuthorizedError, TitleTooLongError, HotmarkNotFoundError
        """
        name = f"rename HotMark at {time_s} s of recording {recording_id}"
        await self._store.transact(name, _rename, actor, recording_id, time_s, title)

    async def remove(self, actor: Actor, recording_id: str, time_s: int) -> None:
        """Take the HotMark at this second away.

        Raises:
            RecordingNotFoundError, NotAuthorizedError, HotmarkNotFoundError
        """
        name = f"remove HotMark at {time_s} s of recording {recording_id}"
        await self._store.transact(name, _remove, actor, recording_id, time_s)


def _add(conn: Connection, actor: Actor, recording_id: str, time_s: int, title: str) -> None:
    _check_may_edit(conn, actor, recording_id)
    check_length(title)
    recording = queries.find_recording(conn, recording_id)
    if recording is None or recording.is_active:
        raise errors.RecordingInProgressError(f"recording {recording_id} has not ended")
    if not 0 <= time_s <= recording.duration_s:
        raise errors.InvalidValueError(
            f"time {time_s} s: the recording runs from 0 to {int(recording.duration_s)} s"
        )
    row = {"recording_id": recording_id, "time_s": time_s}
    if conn.execute(select(hotmarks.c.time_s).filter_by(**row)).first() is not None:
        raise errors.HotmarkExistsError(f"recording {recording_id} has a HotMark at {time_s} s")
    conn.execute(insert(hotmarks).values(**row, title=title))
    _touch(conn, recording_id)


def _rename(conn: Connection, actor: Actor, recording_id: str, time_s: int, title: str) -> None:
    _check_may_edit(conn, actor, recording_id)
    check_length(title)
    at = update(hotmarks).filter_by(recording_id=recording_id, time_s=time_s)
    _check_one(conn.execute(at.values(title=title)).rowcount, recording_id, time_s)
    _touch(conn, recording_id)


def _remove(conn: Connection, actor: Actor, recording_id: str, time_s: int) -> None:
    _check_may_edit(conn, actor, recording_id)
    at = delete(hotmarks).filter_by(recording_id=recording_id, time_s=time_s)
    _check_one(conn.execute(at).rowcount, recording_id, time_s)
    _touch(conn, recording_id)


def _check_may_edit(conn: Connection, actor: Actor, recording_id: str) -> None:
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.EDIT)


def _check_one(changed: int, recording_id: str, time_s: int) -> None:
    if changed == 0:
        raise errors.HotmarkNotFoundError(f"recording {recording_id} has no HotMark at {time_s} s")


def _touch(conn: Connection, recording_id: str) -> None:
    """Let the recording's ``catalogue.json`` be written again."""
    conn.execute(
        update(recordings)
        .where(recordings.c.id == recording_id)
        .values(revision=recordings.c.revision + 1)
    )
