"""A recording's ``recording.json`` made again from its files alone."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

import numpy as np

from ...engine import manifest, pcr, ts
from ...errors import InvalidValueError
from .verifying import CHUNK, segment_files, track_number

LONGEST_STEP = 10 * pcr.HZ
"""Between two PCRs: anything longer, or backwards, is a new time base and counts for nothing."""


def rebuild(folder: Path, recording_id: str) -> manifest.Recording:
    """The recording that the files ``track-<n>/<nnnnn>.ts`` in ``folder`` are.

    Times come from the files' own: a segment ended when its file was last written. Durations come
    from the PCRs in them. Who sent them, and what was lost, is not known any more.

    Raises:
        InvalidValueError: there is no such file, or one that holds no MPEG-TS.
        OSError: one cannot be read.
    """
    paths = list(segment_files(folder))
    if not paths:
        raise InvalidValueError(
            f"{folder}: holds neither {manifest.NAME} nor segments (track-1/00001.ts)"
        )
    tracks = tuple(_track(number, list(files)) for number, files in groupby(paths, track_number))
    return manifest.Recording(
        id=recording_id,
        state="FINISHED",
        created=min(track.segments[0].started for track in tracks),
        duration_s=max(sum(s.duration_s for s in track.segments) for track in tracks),
        tracks=tracks,
    )


def _track(number: int, paths: list[Path]) -> manifest.Track:
    segments: list[manifest.Segment] = []
    for path in paths:
        begins = segments[-1].offset_s + segments[-1].duration_s if segments else 0.0
        segments.append(_segment(path, begins))
    return manifest.Track(
        number=number,
        source_id="",
        source_name=f"track {number}",
        url="",
        bytes=sum(segment.bytes for segment in segments),
        segments=tuple(segments),
    )


def _segment(path: Path, offset_s: float) -> manifest.Segment:
    duration_s = duration_of(path)
    stat = path.stat()
    return manifest.Segment(
        number=int(path.stem),
        started=stat.st_mtime - duration_s,
        offset_s=offset_s,
        bytes=stat.st_size - stat.st_size % ts.PACKET,
        duration_s=duration_s,
        closed=True,
    )


def duration_of(path: Path) -> float:
    """How long a segment plays, in seconds, by the PCRs of the PID that has most of them.

    Raises:
        InvalidValueError: the file does not begin with MPEG-TS packets.
        OSError: it cannot be read.
    """
    ticks: dict[int, list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]] = {}
    with path.open("rb") as file:
        for number, chunk in enumerate(iter(lambda: file.read(CHUNK), b"")):
            words = ts.words_of(chunk)
            if number == 0 and len(words) and not ts.synchronised(words[:1]):
                raise InvalidValueError(f"{path}: is no MPEG-TS: it does not begin with 0x47")
            found = pcr.find(words)
            for pid in np.unique(found.pids):
                ticks.setdefault(int(pid), []).append(found.ticks[found.pids == pid])
    clocks = [np.concatenate(parts) for parts in ticks.values()]
    return _span(max(clocks, key=len)) if clocks else 0.0


def _span(ticks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    steps = np.diff(pcr.unwrapped(ticks))
    return float(steps[(steps > 0) & (steps <= LONGEST_STEP)].sum()) / pcr.HZ


def cut_to_packets(folder: Path) -> tuple[Path, ...]:
    """Cut what follows the last whole packet off each segment, as a crash leaves it.

    Returns:
        the files that were cut.

    Raises:
        OSError: one cannot be written.
    """
    cut = []
    for path in segment_files(folder):
        size = path.stat().st_size
        if size % ts.PACKET:
            os.truncate(path, size - size % ts.PACKET)
            cut.append(path)
    return tuple(cut)
