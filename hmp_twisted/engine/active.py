"""The folder ``.active`` beside the recordings: which are in progress, and by which engine.

One marker a recording in progress, so that a start need not look into a hundred thousand folders.
A marker's content is what ``recording.json`` would say, rewritten each second without waiting for
the disk (a crash of the process loses nothing of it, a power cut at most falls back to
``recording.json``); its time of change is the recording's last sign of life. The file ``life``
is the engine's own, ``lock`` is held by the one engine that may write here, and ``reserve`` is room
that is given up when the disk is so full that not even ``recording.json`` could be replaced.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ..clocks import LifeSign
from ..errors import DomainError
from ..logs import Logger
from . import manifest
from .segments import is_disk_full

NAME = ".active"
_LOCK = "lock"
_RESERVE = "reserve"
_LIFE = "life"
_RESERVE_BYTES = 256 << 10

log = Logger()


class EngineRunningError(DomainError):
    """Another media engine writes to these recordings; the message names it."""


class ActiveFolder:
    """The markers of recordings in progress. All of it may wait for the disk."""

    def __init__(self, recordings: Path) -> None:
        self.recordings = recordings
        self.folder = recordings / NAME
        self._life = LifeSign(self.folder / _LIFE)
        self._lock = -1

    def make(self) -> None:
        """Have the folder.

        Raises:
            OSError: it cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)

    def try_lock(self) -> bool:
        """Whether this process now is the one engine that writes here.

        Raises:
            OSError: the lock's file cannot be opened.
        """
        if self._lock < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock = os.open(self.folder / _LOCK, flags, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        return True

    def lock_holder(self) -> str:
        """The process ID of the engine that holds the lock, as it wrote it."""
        return os.pread(self._lock, 32, 0).decode(errors="replace").strip() or "unknown"

    def unlock(self) -> None:
        """Let another engine write here."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def marked(self) -> list[str]:
        """The IDs of the recordings that have a marker."""
        own = {_LOCK, _RESERVE, _LIFE}
        return sorted(path.name for path in self.folder.iterdir() if path.name not in own)

    def marker(self, recording_id: str) -> Path:
        """The path of a recording's marker."""
        return self.folder / recording_id

    def age_of(self, recording_id: str) -> float:
        """How many seconds ago a recording gave its last sign of life.

        Raises:
            OSError: it has no marker.
        """
        return self._life.age_of(self.marker(recording_id))

    def mark(self, recording: manifest.Recording) -> None:
        """Make a recording's marker, durably.

        Raises:
            OSError: it cannot be written.
        """
        self.marker(recording.id).write_bytes(manifest.encode(recording))
        manifest.sync_folder(self.folder)

    def unmark(self, recording_id: str) -> None:
        """Remove a recording's marker, durably.

        Raises:
            OSError: it cannot be removed.
        """
        self.marker(recording_id).unlink(missing_ok=True)
        manifest.sync_folder(self.folder)

    def beat(self, recordings: list[manifest.Recording]) -> None:
        """Give each recording's sign of life; what cannot be written is logged.

        A marker that is gone stays gone: the recording ended while this was under way.
        """
        with suppress(OSError):  # the markers say it, too, and are missed if they cannot
            self._life.give()
        for recording in recordings:
            try:
                self._beat(recording)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warn(
                    "recording {id}: its sign of life {path} cannot be written: {why}",
                    id=recording.id,
                    path=str(self.marker(recording.id)),
                    why=error.strerror,
                )

    def save(self, recording: manifest.Recording) -> None:
        """Replace a recording's ``recording.json``, from the reserve if the disk is full.

        Raises:
            OSError: it cannot be written.
        """
        folder = manifest.folder_of(self.recordings, recording.id)
        try:
            manifest.write(folder, recording)
        except OSError as error:
            if not is_disk_full(error):
                raise
            (self.folder / _RESERVE).unlink(missing_ok=True)
            manifest.write(folder, recording)

    def keep_reserve(self) -> None:
        """Set room aside for the day when the disk is full; without it only that day is worse."""
        try:
            with (self.folder / _RESERVE).open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, _RESERVE_BYTES)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                log.warn("no room can be set aside in {path}", path=str(self.folder))

    def _beat(self, recording: manifest.Recording) -> None:
        content = manifest.encode(recording)
        descriptor = os.open(self.marker(recording.id), os.O_WRONLY | os.O_CLOEXEC)
        try:
            # One write over the old content: a crash of this process leaves the old or the new.
            # Blanks make up for a content that has become shorter.
            size = os.fstat(descriptor).st_size
            os.pwrite(descriptor, content.ljust(size), 0)
        finally:
            os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """What may still be written where ``folder`` is.

    Raises:
        OSError: the system does not tell.
    """
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
