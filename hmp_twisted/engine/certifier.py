"""Has recordings certified, one at a time, by a process of its own that :mod:`.certifying` is.

Which are still to be done is remembered in the folder ``.uncertified`` beside the recordings, so
that a crash forgets none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred, succeed

from ..logs import Logger
from . import manifest
from .process import Child, EngineReactor, Exit, module_command, spawn_python

NAME = ".uncertified"

log = Logger()


class Certifier:
    """A queue of recordings to certify."""

    def __init__(self, reactor: EngineReactor, recordings: Path) -> None:
        """``recordings`` is the folder that holds a folder for each recording."""
        self._reactor = reactor
        self._recordings = recordings
        self._folder = recordings / NAME
        self._queue: list[str] = []
        self._child: Child | None = None
        self._closing = False

    def remembered(self) -> list[str]:
        """The IDs of recordings that a former life left to do. May wait for the disk."""
        try:
            return sorted(path.name for path in self._folder.iterdir())
        except FileNotFoundError:
            return []

    def remember(self, recording_id: str) -> None:
        """Note that a recording is to be certified, durably. May wait for the disk."""
        try:
            self._folder.mkdir(exist_ok=True)
            (self._folder / recording_id).touch()
            manifest.sync_folder(self._folder)
        except OSError as error:
            log.warn(
                "recording {id}: {folder} cannot be written: {why}; after a crash it would not be "
                "certified",
                id=recording_id,
                folder=str(self._folder),
                why=error.strerror,
            )

    def want(self, recording_id: str) -> None:
        """Certify a recording when its turn comes."""
        if recording_id not in self._queue:
            self._queue.append(recording_id)
        self._next()

    def close(self) -> Deferred[None]:
        """Start no more; fires when what ran is gone. What is left is done in the next life."""
        self._closing = True
        return self._child.stop() if self._child is not None else succeed(None)

    def _next(self) -> None:
        if self._closing or self._child is not None or not self._queue:
            return
        recording_id = self._queue.pop(0)
        folder = manifest.folder_of(self._recordings, recording_id)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            arguments, environment = module_command("hmp_twisted.engine.certifying")
            self._child = spawn_python(
                self._reactor,
                f"certifier of recording {recording_id}",
                [*arguments, str(folder)],
                self._when_done(recording_id),
                stdin=nothing,
                environment=environment,
            )
        except OSError as error:
            log.error(
                "recording {id}: cannot be certified now: {why}; it is at the engine's next start",
                id=recording_id,
                why=error.strerror,
            )
        finally:
            os.close(nothing)

    def _when_done(self, recording_id: str) -> Callable[[Exit], None]:
        def done(outcome: Exit) -> None:
            self._child = None
            if self._closing:
                return
            for line in outcome.lines:
                log.warn("recording {id}: {line}", id=recording_id, line=line)
            if outcome.is_clean and recording_id not in self._queue:
                (self._folder / recording_id).unlink(missing_ok=True)
            self._next()

        return done
