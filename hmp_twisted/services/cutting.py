"""Cutting a stretch out of a recording's files: packets are copied, never changed.

The stretch begins at the last place, at or before the moment asked for, where decoding can begin.
Its recording is made aside and then renamed, so one that is cut short is never taken for whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from ..engine import index_file, manifest
from ..engine.index import Place, SegmentIndex, TrackIndex
from ..errors import DiskFullError, InvalidValueError

ASIDE = ".trim-"
"""Begins the name of a folder that is being filled; the recording's ID follows."""

_CHUNK = 1 << 20

Progress = Callable[[float], None]
"""Told how much is done, from 0 to 1."""


@attrs.frozen
class Cut:
    """What is taken of one segment."""

    index: SegmentIndex
    start: int
    end: int
    """Offsets in bytes; the end is not included."""

    @property
    def begins_s(self) -> float:
        """The recording's clock at its first packet."""
        return self.index.time_at("clock_us", self.start) / 1e6

    @property
    def ends_s(self) -> float:
        """The recording's clock at its end."""
        return self.index.time_at("clock_us", self.end) / 1e6


def cuts_of(folder: Path, track: manifest.Track, from_s: float, to_s: float) -> tuple[Cut, ...]:
    """What a track has between two moments of the recording's clock, in its segments' order."""
    if not track.segments:
        return ()
    index = TrackIndex.open(folder, track)
    wanted = index.at_clock(from_s)
    first = index.random_access_before(wanted)
    if first is None or first.segment != wanted.segment:
        first = wanted  # a pause is no part of what was asked for
    last = index.at_clock(to_s)
    return tuple(cut for one in index.segments if (cut := _cut(one, first, last)) is not None)


def _cut(one: SegmentIndex, first: Place, last: Place) -> Cut | None:
    number = one.segment.number
    if not first.segment <= number <= last.segment:
        return None
    start = first.offset if number == first.segment else 0
    end = last.offset if number == last.segment else one.segment.bytes
    return Cut(one, start, end) if start < end else None


def cut(
    recordings: Path,
    source: manifest.Recording,
    new_id: str,
    from_s: float,
    to_s: float,
    *,
    min_free_bytes: int,
    progress: Progress,
) -> tuple[manifest.Recording, float]:
    """Make a recording of a stretch of another; gives it, and at what clock of that it begins.

    Args:
        recordings: where recordings' folders are.
        source: the other; it has ended.
        new_id: the new one's ID.
        from_s: where to begin, in seconds of the other's clock.
        to_s: where to end.
        min_free_bytes: what must stay free on the disk.
        progress: told how it goes on.

    Raises:
        InvalidValueError: there is no media between the two.
        DiskFullError: there is no room.
        OSError: it cannot be read or written; nothing is left behind.
    """
    folder = manifest.folder_of(recordings, source.id)
    cuts = {track.number: cuts_of(folder, track, from_s, to_s) for track in source.tracks}
    every = [one for found in cuts.values() for one in found]
    if not every:
        raise InvalidValueError(f"recording {source.id} holds nothing from {from_s} to {to_s} s")
    total = sum(one.end - one.start for one in every)
    if shutil.disk_usage(recordings).free - total < min_free_bytes:
        raise DiskFullError(f"{recordings}: no room for {total} bytes")
    origin_s = min(one.begins_s for one in every)
    aside = recordings / f"{ASIDE}{new_id}"
    try:
        copy = _Copy(folder, aside, origin_s, total, progress)
        tracks = tuple(copy.track(track, cuts[track.number]) for track in source.tracks)
        made = manifest.Recording(
            id=new_id,
            state="FINISHED",
            created=source.created + origin_s,
            duration_s=max(one.ends_s for one in every) - origin_s,
            tracks=tracks,
        )
        manifest.write(aside, made)
        aside.rename(manifest.folder_of(recordings, new_id))
        manifest.sync_folder(recordings)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return made, origin_s


@attrs.define
class _Copy:
    """Copies cuts into a new folder."""

    _folder: Path
    _aside: Path
    _origin_s: float
    _total: int
    _progress: Progress
    _done: int = 0

    def track(self, track: manifest.Track, cuts: tuple[Cut, ...]) -> manifest.Track:
        """The track as the new recording has it, its files written."""
        (self._aside / f"track-{track.number}").mkdir(parents=True)
        segments = tuple(
            self._segment(track.number, number, one) for number, one in enumerate(cuts, 1)
        )
        # What was counted, was counted of the whole.
        return manifest.Track(
            number=track.number,
            source_id=track.source_id,
            source_name=track.source_name,
            url=track.url,
            interface=track.interface,
            bytes=sum(segment.bytes for segment in segments),
            segments=segments,
        )

    def _segment(self, track: int, number: int, one: Cut) -> manifest.Segment:
        path = manifest.segment_path(self._aside, track, number)
        origin = manifest.segment_path(self._folder, track, one.index.segment.number)
        with path.open("xb") as file:
            for data in _read(origin, one.start, one.end):
                file.write(data)
                self._done += len(data)
                self._progress(self._done / self._total)
            file.flush()
            os.fsync(file.fileno())
        self._write_index(path, one)
        return manifest.Segment(
            number=number,
            started=one.index.time_at("wall_us", one.start) / 1e6,
            offset_s=one.begins_s - self._origin_s,
            bytes=one.end - one.start,
            duration_s=one.ends_s - one.begins_s,
            closed=True,
        )

    def _write_index(self, path: Path, one: Cut) -> None:
        offsets = one.index.records["offset"]
        records = one.index.records[(offsets >= one.start) & (offsets < one.end)].copy()
        records["offset"] -= one.start
        records["clock_us"] -= round(self._origin_s * 1e6)
        index_file.append(index_file.path_of(path), records)


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        while left:
            data = file.read(min(_CHUNK, left))
            if not data:
                raise OSError(f"{path} ends {left} bytes early")
            left -= len(data)
            yield data
