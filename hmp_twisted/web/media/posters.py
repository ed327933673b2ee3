"""Poster frames: a picture of each recording, made when it is first wanted, one at a time.

It lies in the recording's folder, so that it goes where that goes: into another catalogue, or away.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from twisted.internet.defer import Deferred

from ...engine import manifest
from ...errors import DomainError
from ...logs import Logger
from ...store.pool import Store
from .stills import Stills

log = Logger()

NAME = "poster.jpg"
INTO = 0.1
"""The picture is from so far into the first segment: a beginning is often black."""
MOST_WAITING = 200
"""A library's pages may ask for more than can be made; the last asked for come first."""


class Posters:
    """Makes posters, and knows where they are."""

    def __init__(self, store: Store, recordings: Path, stills: Stills) -> None:
        self._stills = stills
        self._store = store
        self._recordings = recordings
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._failed: OrderedDict[str, None] = OrderedDict()
        self._busy = False

    def find(self, recording_id: str) -> Path | None:
        """The poster, if there is one."""
        path = self._path(recording_id)
        return path if path.is_file() else None

    def want(self, recording_id: str) -> None:
        """Make one by and by; it is no use asking again for one that cannot be made."""
        if recording_id in self._failed:
            return
        self._waiting[recording_id] = None
        self._waiting.move_to_end(recording_id)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        if not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._make_all())

    async def _make_all(self) -> None:
        try:
            while self._waiting:
                recording_id, _ = self._waiting.popitem()
                await self._try(recording_id)
        finally:
            self._busy = False

    async def _try(self, recording_id: str) -> None:
        try:
            await self._make(recording_id)
        except (DomainError, OSError) as error:
            log.info("recording {id} gets no poster: {error}", id=recording_id, error=error)
            self._failed[recording_id] = None
            if len(self._failed) > 10 * MOST_WAITING:
                self._failed.popitem(last=False)

    async def _make(self, recording_id: str) -> None:
        folder = manifest.folder_of(self._recordings, recording_id)
        told = await self._store.in_thread(manifest.read, folder)
        track = next((track for track in told.tracks if track.segments), None)
        if track is None:
            raise OSError("it holds no media")
        segment = track.segments[0]
        source = manifest.segment_path(folder, track.number, segment.number)
        target, places_s = self._path(recording_id), (INTO * segment.duration_s, 0.0)
        await self._stills.make(f"poster of {recording_id}", source, target, *places_s)

    def _path(self, recording_id: str) -> Path:
        return manifest.folder_of(self._recordings, recording_id) / NAME
