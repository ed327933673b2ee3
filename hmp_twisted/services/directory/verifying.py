"""Reading a recording's files again: is every segment there, whole, and MPEG-TS throughout?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from ...engine import manifest
from ...engine.ts import PACKET, SYNC

CHUNK = PACKET * 5600
"""Bytes read at a time: about a megabyte of whole packets."""

_SYNC = bytes([SYNC])


@attrs.frozen
class SegmentReport:
    """What was found of one segment."""

    track: int
    segment: int
    path: Path
    packets: int
    """Whole packets read."""
    problem: str
    """What is wrong, in words; empty if it is sound."""


def verify(folder: Path, recording: manifest.Recording) -> tuple[SegmentReport, ...]:
    """Read every segment in ``folder`` and hold it against ``recording``.

    A segment that is being recorded may be longer than its record says, and end within a packet.
    """
    active = recording.state in manifest.ACTIVE
    reports = [
        _check(
            manifest.segment_path(folder, track.number, segment.number),
            track.number,
            segment,
            growing=active and not segment.closed,
        )
        for track in recording.tracks
        for segment in track.segments
    ]
    known = {report.path for report in reports}
    # The newest segment of an active recording may be younger than its record.
    strays = [] if active else [path for path in segment_files(folder) if path not in known]
    return (*reports, *(_stray(path) for path in strays))


def segment_files(folder: Path) -> Iterator[Path]:
    """The files in ``folder`` that are named like segments, by track and number."""
    found = [
        path
        for path in folder.glob("track-*/*.ts")
        if path.stem.isdigit() and path.parent.name[len("track-") :].isdigit()
    ]
    yield from sorted(found, key=lambda path: (track_number(path), int(path.stem)))


def track_number(path: Path) -> int:
    """The number of the track that a segment's file belongs to."""
    return int(path.parent.name[len("track-") :])


def _stray(path: Path) -> SegmentReport:
    problem = f"is not in {manifest.NAME}"
    return SegmentReport(track_number(path), int(path.stem), path, 0, problem)


def _check(path: Path, track: int, segment: manifest.Segment, *, growing: bool) -> SegmentReport:
    packets, problem = 0, ""
    try:
        size = path.stat().st_size
        packets, problem = _read(path)
        problem = _wrong_size(size, segment.bytes, growing) or problem
    except FileNotFoundError:
        # A segment is listed when it is opened, and its file made with the first datagram.
        problem = "is missing" if segment.bytes else ""
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    return SegmentReport(track, segment.number, path, packets, problem)


def _wrong_size(size: int, recorded: int, growing: bool) -> str:
    if size < recorded or (size > recorded and not growing):
        return f"has {size} bytes, {recorded} were recorded"
    if size % PACKET and not growing:
        return f"ends within a packet: {size} bytes are not a multiple of {PACKET}"
    return ""


def _read(path: Path) -> tuple[int, str]:
    """How many whole packets a file holds, and what is wrong with those that do not begin right."""
    packets = damaged = 0
    first = None
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            begins = chunk[: len(chunk) - len(chunk) % PACKET : PACKET]
            wrong = len(begins) - begins.count(_SYNC)
            if wrong and first is None:
                first = packets + len(begins) - len(begins.lstrip(_SYNC))
            damaged += wrong
            packets += len(begins)
    if first is None:
        return packets, ""
    more = f", nor do {damaged - 1} more" if damaged > 1 else ""
    return packets, f"packet {first} (at byte {first * PACKET}) does not begin with 0x47{more}"
