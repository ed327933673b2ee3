"""The bin: recordings that were deleted, and may be had back for a while.

A recording in the bin is found by nobody: every command says that there is none. Its files stay
until it is purged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, select, update

from .. import errors
from ..clocks import Clock
from ..logs import Logger
from ..store import queries
from ..store.pool import Store
from ..store.schema import IS_IN_BIN, recordings
from . import rights
from .directory import removing
from .directory.recordings import check_removable, find_recording
from .rights import Actor, Kind

log = Logger()

KEEP_S = 30 * 86400.0
"""What was deleted is kept for so long, in seconds."""

PURGED_AT_ONCE = 20
"""Recordings removed in one go, at most: the rest waits for the next."""


class Bin:
    """What can be done about deleting; each needs ``delete`` on the recording."""

    def __init__(self, store: Store, clock: Clock, recordings_dir: Path) -> None:
        self._store = store
        self._clock = clock
        self._folder = recordings_dir

    async def put(self, actor: Actor, recording_id: str) -> None:
        """Delete a recording that has ended, in such a way that it can be had back.

        Raises:
            RecordingNotFoundError, NotAuthorizedError
            InUseError: it is being recorded, or played out.
        """
        now = self._clock.seconds()
        await self._store.transact(
            f"put recording {recording_id} into the bin", _put, actor, recording_id, now
        )
        log.info(
            "recording {recording} deleted by {actor}", recording=recording_id, actor=actor.name
        )

    async def restore(self, actor: Actor, recording_id: str) -> None:
        """Have a recording back.

        Raises:
            RecordingNotFoundError: none of this ID that the actor would see is in the bin.
            NotAuthorizedError
        """
        name = f"take recording {recording_id} out of the bin"
        await self._store.transact(name, _restore, actor, recording_id)
        log.info(
            "recording {recording} restored by {actor}", recording=recording_id, actor=actor.name
        )

    async def purge(self) -> None:
        """Remove for good, files and all, what has been in the bin for :data:`KEEP_S`.

        What cannot be removed is logged and tried again next time.

        Raises:
            StoreError
        """
        before = self._clock.seconds() - KEEP_S
        for recording_id in await self._store.read("look for what to purge", _due, before):
            try:
                await self._store.in_thread(self._remove, recording_id)
            except errors.DomainError as error:
                log.error(
                    "recording {recording}: cannot be purged: {error}",
                    recording=recording_id,
                    error=error,
                )
            else:
                log.info("recording {recording} purged from the bin", recording=recording_id)

    def _remove(self, recording_id: str) -> None:
        removing.remove_exactly(self._store.begin, self._folder, recording_id)


def _put(conn: Connection, actor: Actor, recording_id: str, now: float) -> None:
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.DELETE)
    check_removable(conn, find_recording(conn, recording_id))
    conn.execute(update(recordings).where(recordings.c.id == recording_id).values(deleted=now))


def _restore(conn: Connection, actor: Actor, recording_id: str) -> None:
    found = queries.find_recording(conn, recording_id)
    actions = rights.actions_on(conn, actor, Kind.RECORDING, recording_id)
    if found is None or found.deleted is None or not actions:
        raise errors.RecordingNotFoundError(f"no recording {recording_id} is in the bin")
    rights.allow(actor, actions, rights.DELETE)
    conn.execute(update(recordings).where(recordings.c.id == recording_id).values(deleted=None))


def _due(conn: Connection, before: float) -> Sequence[str]:
    query = select(recordings.c.id).where(IS_IN_BIN, recordings.c.deleted < before)
    return tuple(conn.execute(query.limit(PURGED_AT_ONCE)).scalars())
