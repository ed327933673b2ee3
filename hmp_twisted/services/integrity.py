"""What a recording's files tell of how well it was received, and whether they are as they were."""

from __future__ import annotations

from pathlib import Path

import attrs
from sqlalchemy import Connection

from ..engine import certificate, manifest
from ..engine.certificate import Certificate
from ..errors import InvalidValueError
from ..store.pool import Store
from . import rights
from .directory import verifying
from .directory.verifying import SegmentReport
from .long_work import LongWork
from .now import read_now
from .rights import Actor, Kind


@attrs.frozen
class Told:
    """What the files of a recording tell."""

    recording: manifest.Recording
    certificate: Certificate
    """As far as it is known: what is still to be hashed has no sum."""


class Integrity:
    """Reads the files; for whoever may see the recording."""

    def __init__(self, store: Store, long_work: LongWork, recordings_dir: Path) -> None:
        self._store = store
        self._long_work = long_work
        self._folder = recordings_dir

    async def read(self, actor: Actor, recording_id: str) -> Told:
        """What they tell now; of a recording that runs, as the engine wrote it within this second.

        Raises:
            RecordingNotFoundError: none that the actor may see.
            ManifestError: they do not tell.
        """
        await self._store.read(f"see recording {recording_id}", _check_seen, actor, recording_id)
        folder = manifest.folder_of(self._folder, recording_id)
        return await self._store.in_thread(_read, folder)

    async def check_may_verify(self, actor: Actor, recording_id: str) -> None:
        """Whether :meth:`verify` may be asked for this: it reads all that may be watched.

        Raises:
            RecordingNotFoundError, NotAuthorizedError
        """
        what = f"check the right to verify recording {recording_id}"
        await self._store.read(what, _check_may_watch, actor, recording_id)

    async def verify(
        self, actor: Actor, recording_id: str, progress: verifying.Progress
    ) -> tuple[SegmentReport, ...]:
        """Hold every byte of the recording against its certificate.

        Args:
            actor: who asks.
            recording_id: which.
            progress: told, on another thread, how many bytes more were read.

        Raises:
            RecordingNotFoundError, NotAuthorizedError
            InvalidValueError: there is nothing that the files could be held against.
            NotReadyError: the server stops.
        """
        await self.check_may_verify(actor, recording_id)
        folder = manifest.folder_of(self._folder, recording_id)
        return await self._long_work.run(lambda told: _verify(folder, told), progress)


def _check_seen(conn: Connection, actor: Actor, recording_id: str) -> None:
    rights.seen(conn, actor, Kind.RECORDING, recording_id)


def _check_may_watch(conn: Connection, actor: Actor, recording_id: str) -> None:
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.WATCH)


def _read(folder: Path) -> Told:
    recording = read_now(folder)
    try:
        former = certificate.read(folder)
    except manifest.ManifestError:
        former = None  # the engine makes it anew; until then no segment has a sum
    try:
        return Told(recording, certificate.draft(folder, recording, former))
    except OSError as error:
        raise manifest.ManifestError(f"{folder}: cannot be read: {error.strerror}") from error


def _verify(folder: Path, progress: verifying.Progress) -> tuple[SegmentReport, ...]:
    try:
        return verifying.verify(folder, manifest.read(folder), progress)
    except manifest.ManifestError as error:
        raise InvalidValueError(f"the files cannot be checked: {error}") from error
