"""What a former life of the engine left: reading it, and closing its segments.

Nothing here receives or decides; :mod:`.recorder` does.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import attrs

from ..logs import Logger
from . import manifest, ts
from .active import ActiveFolder
from .segments import cut_to_whole_packets

_TRACK = re.compile(r"track-([1-9]\d*)")
_SEGMENT = re.compile(r"(\d{5,})\.ts")

log = Logger()


@attrs.frozen
class Former:
    """A recording that was in progress when the engine ended."""

    recording: manifest.Recording
    """As of its last sign of life."""
    age_s: float
    """How long ago that was."""
    damaged: bool
    """Whether nothing but its files could be read."""


def read(active: ActiveFolder, recording_id: str) -> Former:
    """What is known of a marked recording: its marker, else its manifest, else its files alone."""
    folder = manifest.folder_of(active.recordings, recording_id)
    marker = active.marker(recording_id)
    age_s = active.age_of(recording_id)
    recording = _newer(_try(folder / manifest.NAME), _try(marker))
    if recording is not None:
        return Former(recording, age_s, damaged=False)
    log.error(
        "recording {id}: neither {path} nor its marker can be read; it is finished with what "
        "files are found",
        id=recording_id,
        path=str(folder / manifest.NAME),
    )
    return Former(_from_files(folder, recording_id), age_s, damaged=True)


def repair(folder: Path, track: manifest.Track, below: int | None = None) -> manifest.Track:
    """Cut, measure and close what was not closed; files that the manifest lacks are taken up.

    Args:
        folder: the recording's.
        track: as of the last sign of life.
        below: leave segments of this number and above alone: they are being written.
    """
    known = {segment.number: segment for segment in track.segments}
    kept = []
    for number, path in sorted(files_of(folder, track.number).items()):
        if below is None or number < below:
            segment = _closed(path, known.get(number) or _found(path, number))
            kept += [segment] if segment is not None else []
    total = sum(segment.bytes for segment in kept)
    # While not a byte had been written, what had been counted was still on its way to the file.
    counted = track.datagrams if track.bytes else 0
    return attrs.evolve(
        track,
        segments=tuple(kept),
        bytes=total,
        datagrams=max(0, counted + _datagrams_in(total - track.bytes, track)),
    )


def files_of(folder: Path, track: int) -> dict[int, Path]:
    """A track's segment files by number."""
    place = manifest.segment_path(folder, track, 1).parent
    if not place.is_dir():
        return {}
    matches = ((_SEGMENT.fullmatch(path.name), path) for path in place.iterdir())
    return {int(match[1]): path for match, path in matches if match}


def next_number(folder: Path, track: manifest.Track) -> int:
    """The number of the track's next segment: no file and no entry has it."""
    used = [segment.number for segment in track.segments]
    return max([*used, *files_of(folder, track.number)], default=0) + 1


def _try(path: Path) -> manifest.Recording | None:
    try:
        return manifest.read_file(path)
    except manifest.ManifestError as error:
        log.warn("{why}", why=str(error))
        return None


def _newer(
    kept: manifest.Recording | None, marker: manifest.Recording | None
) -> manifest.Recording | None:
    """The marker knows the counters better, ``recording.json`` the state: it is durable there."""
    if kept is None or marker is None:
        return kept or marker
    if kept.state != marker.state or kept.duration_s > marker.duration_s:
        return kept
    return marker


def _from_files(folder: Path, recording_id: str) -> manifest.Recording:
    places = folder.iterdir() if folder.is_dir() else ()
    numbers = sorted(int(match[1]) for p in places if (match := _TRACK.fullmatch(p.name)))
    tracks = [manifest.Track(number=n, source_id="", source_name="", url="") for n in numbers]
    created = folder.stat().st_mtime if folder.is_dir() else time.time()
    repaired = tuple(repair(folder, track) for track in tracks)
    lengths = [sum(segment.duration_s for segment in track.segments) for track in repaired]
    return manifest.Recording(
        id=recording_id,
        state="FINISHED",
        created=created,
        duration_s=max(lengths, default=0.0),
        reason="recording.json was damaged; this was found in the files",
        tracks=repaired,
    )


def _found(path: Path, number: int) -> manifest.Segment:
    """A segment that no manifest tells of: opened in the last moment before a crash."""
    changed = path.stat().st_mtime
    return manifest.Segment(number=number, started=changed, offset_s=0.0)


def _closed(path: Path, segment: manifest.Segment) -> manifest.Segment | None:
    if segment.closed:
        return segment
    try:
        # The last write was the last datagram's, give or take a tick.
        duration_s = max(0.0, path.stat().st_mtime - segment.started)
        size = cut_to_whole_packets(path)
        if not size:
            path.unlink()
            return None
    except OSError as error:
        log.error("{path}: cannot be repaired: {why}", path=str(path), why=error.strerror)
        return segment
    return attrs.evolve(segment, bytes=size, duration_s=duration_s, closed=True)


def _datagrams_in(count: int, track: manifest.Track) -> int:
    """How many datagrams of the track's kind make up so many bytes."""
    size = track.bytes / track.datagrams if track.datagrams and track.bytes else ts.DATAGRAM
    return round(count / size)
