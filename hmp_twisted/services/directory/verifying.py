"""Reading a recording's files again: is every segment what was recorded, to the byte?

Held against ``recording.json`` (sizes), its certificate (SHA-256), and MPEG-TS itself (sync bytes).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import attrs

from ...engine import certificate, manifest
from ...engine.certificate import SegmentCertificate
from ...engine.ts import PACKET, SYNC

CHUNK = PACKET * 5600
"""Bytes read at a time: about a megabyte of whole packets."""

_SYNC = bytes([SYNC])

Verdict = Literal["sound", "pending", "changed", "missing", "extra"]
Progress = Callable[[int], None]
"""Told how many bytes more were read."""


@attrs.frozen
class SegmentReport:
    """What was found of one segment."""

    track: int
    segment: int
    path: Path
    packets: int
    """Whole packets read."""
    verdict: Verdict
    """``pending`` is whole, but there is no checksum yet that it could be held against."""
    problem: str
    """What is wrong, in words; empty if nothing is."""


def verify(
    folder: Path, recording: manifest.Recording, progress: Progress = lambda more: None
) -> tuple[SegmentReport, ...]:
    """Read every segment in ``folder`` and hold it against ``recording`` and its certificate.

    A segment that is being recorded may be longer than its record says, and end within a packet.

    Raises:
        ManifestError: the certificate is there, but cannot be read.
    """
    active = recording.state in manifest.ACTIVE
    sums = certificate.sums(certificate.read(folder))
    reports = [
        _Check(
            manifest.segment_path(folder, track.number, segment.number),
            track.number,
            segment,
            sums.pop((track.number, segment.number), None),
            growing=active and not segment.closed,
        ).report(progress)
        for track in recording.tracks
        for segment in track.segments
    ]
    reports += [_forgotten(folder, track, one) for (track, _), one in sums.items()]
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
    return SegmentReport(track_number(path), int(path.stem), path, 0, "extra", problem)


def _forgotten(folder: Path, track: int, one: SegmentCertificate) -> SegmentReport:
    path = folder / one.path
    problem = f"is in {certificate.NAME}, but not in {manifest.NAME}"
    verdict: Verdict = "extra" if path.exists() else "missing"
    return SegmentReport(track, one.number, path, 0, verdict, problem)


@attrs.frozen
class _Check:
    """One segment, and what it should be."""

    path: Path
    track: int
    segment: manifest.Segment
    certified: SegmentCertificate | None
    growing: bool = attrs.field(kw_only=True)

    def report(self, progress: Progress) -> SegmentReport:
        """Read it through."""
        packets, problem, verdict = 0, "", self._sound()
        try:
            size = self.path.stat().st_size
            packets, damage, digest = _read(self.path, progress)
            problem = self._wrong_size(size) or self._wrong_sum(digest) or damage
            verdict = "changed" if problem else verdict
        except FileNotFoundError:
            # A segment is listed when it is opened, and its file made with the first datagram.
            if self.segment.bytes:
                problem, verdict = "is missing", "missing"
        except OSError as error:
            problem, verdict = f"cannot be read: {error.strerror}", "missing"
        return SegmentReport(self.track, self.segment.number, self.path, packets, verdict, problem)

    def _sound(self) -> Verdict:
        return "sound" if self.certified is not None or not self.segment.bytes else "pending"

    def _wrong_size(self, size: int) -> str:
        recorded = self.segment.bytes
        if self.certified is not None and self.certified.bytes != recorded:
            recorded = self.certified.bytes
        if size < recorded or (size > recorded and not self.growing):
            return f"has {size} bytes, {recorded} were recorded"
        if size % PACKET and not self.growing:
            return f"ends within a packet: {size} bytes are not a multiple of {PACKET}"
        return ""

    def _wrong_sum(self, digest: str) -> str:
        if self.certified is None or digest == self.certified.sha256:
            return ""
        return f"has SHA-256 {digest}, recorded was {self.certified.sha256}"


def _read(path: Path, progress: Progress) -> tuple[int, str, str]:
    """A file's whole packets, what is wrong with those that do not begin right, and its SHA-256."""
    packets = damaged = 0
    first = None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            progress(len(chunk))
            begins = chunk[: len(chunk) - len(chunk) % PACKET : PACKET]
            wrong = len(begins) - begins.count(_SYNC)
            if wrong and first is None:
                first = packets + len(begins) - len(begins.lstrip(_SYNC))
            damaged += wrong
            packets += len(begins)
    return packets, _damage(first, damaged), digest.hexdigest()


def _damage(first: int | None, damaged: int) -> str:
    if first is None:
        return ""
    more = f", nor do {damaged - 1} more" if damaged > 1 else ""
    return f"packet {first} (at byte {first * PACKET}) does not begin with 0x47{more}"
