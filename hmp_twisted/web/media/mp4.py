"""A track as MP4: remuxed by ffmpeg into a cache, never coded anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ...config import Settings
from ...engine import manifest
from ...engine.ffmpeg import find_ffmpeg
from ...errors import StreamFailedError, WriteFailedError
from ...services.serial import Serial
from ...store.pool import Store
from ...store.schema import recordings
from . import ffmpeg
from .cache import Cache
from .jobs import Job

_ID_LENGTH = 36
MOST_BYTES = 50_000_000_000
"""What the files made for download may take together."""


class Mp4Files:
    """Makes them, and knows where they are."""

    def __init__(self, reactor: Any, store: Store, settings: Settings) -> None:
        self._reactor = reactor
        self._store = store
        self._settings = settings
        self._serial = Serial()
        folder = settings.data_dir / "cache" / "mp4"
        self._cache = Cache(folder, MOST_BYTES, settings.recordings.min_free_bytes)

    def find(self, recording_id: str, track: int) -> Path | None:
        """The file, if it was made and is still kept."""
        return self._cache.find(_name(recording_id, track))

    async def make(self, job: Job, track: manifest.Track) -> None:
        """Make the file of a track, unless it is there. Several who want the same wait for one.

        Raises:
            DiskFullError: there is no room.
            StreamFailedError: ffmpeg could not, with its words; or the recording went meanwhile.
            WriteFailedError: the disk could not.
        """
        name = _name(job.recording_id, track.number)
        async with self._serial.acting_on(name):
            if self._cache.find(name) is not None:
                return
            try:
                await self._make(job, track, self._cache.path_of(name))
            except OSError as error:
                why = error.strerror or error
                raise WriteFailedError(f"the MP4 file could not be made: {why}") from error

    async def _make(self, job: Job, track: manifest.Track, target: Path) -> None:
        aside, listing = target.with_suffix(".part"), target.with_suffix(".txt")
        await self._store.in_thread(self._cache.make_room, track.bytes)
        folder = manifest.folder_of(self._settings.recordings_dir, job.recording_id)
        paths = [manifest.segment_path(folder, track.number, s.number) for s in track.segments]
        try:
            listing.write_text(ffmpeg.listing_of(paths))
            await self._remux(job, track.bytes, listing, aside)
            await self._store.in_thread(_check_still_there, paths)
            aside.rename(target)
        finally:
            aside.unlink(missing_ok=True)
            listing.unlink(missing_ok=True)

    async def tidy(self) -> None:
        """Delete what nobody asked for of late, and what is of recordings that are gone."""
        names = await self._store.in_thread(self._cache.names)
        recordings = {name: name[:_ID_LENGTH] for name in names}
        known = await self._store.read("look for recordings", _known, {*recordings.values()})
        gone = [name for name, recording_id in recordings.items() if recording_id not in known]
        await self._store.in_thread(self._cache.tidy, gone)

    async def _remux(self, job: Job, total: int, listing: Path, aside: Path) -> None:
        def look() -> None:
            if aside.exists():
                job.advance(aside.stat().st_size / max(1, total))

        executable = find_ffmpeg(self._settings.restream)
        arguments = ffmpeg.mp4_arguments(executable, listing, aside)
        done = await ffmpeg.run(self._reactor, job.name, arguments, look)
        if not done.is_clean:
            raise StreamFailedError(f"the MP4 file could not be made: ffmpeg {done.describe()}")


def _check_still_there(segments: Sequence[Path]) -> None:
    # ffmpeg ends in order, with what it has, when the next file of its list is gone.
    for path in segments:
        if not path.exists():
            raise StreamFailedError("the recording was removed while its MP4 file was made")


def _known(conn: Connection, recording_ids: Collection[str]) -> frozenset[str]:
    found = select(recordings.c.id).where(recordings.c.id.in_(recording_ids))
    return frozenset(conn.execute(found).scalars())


def _name(recording_id: str, track: int) -> str:
    return f"{recording_id}-{track}.mp4"
