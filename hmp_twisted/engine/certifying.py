"""The process that hashes: ``python -m hmp_twisted.engine.certifying FOLDER`` makes a certificate.

It reads what the receiver wrote, so it runs beside it, at the lowest priority, and ends with it.
Sums that are there already are kept: a recording that was paused is hashed piece by piece.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import sys
from pathlib import Path

import attrs

from . import certificate, index_build, manifest
from .certificate import Certificate, SegmentCertificate

CHUNK = 1 << 20
_PR_SET_PDEATHSIG = 1
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_IDLE = 3 << 13


def certify(folder: Path) -> Certificate:
    """Bring the certificate of the recording in a folder up to date: every closed segment's sum.

    A segment that cannot be read, or is not as long as it was recorded, stays pending.

    Raises:
        ManifestError: ``recording.json`` cannot be read.
        OSError: the certificate cannot be written.
    """
    recording = manifest.read(folder)
    former = _former(folder)
    drawn = certificate.draft(folder, recording, former)
    certificate.write(folder, drawn)
    tracks = tuple(
        attrs.evolve(
            drawn_track,
            segments=tuple(
                _summed(folder, drawn_segment, segment)
                for drawn_segment, segment in zip(drawn_track.segments, track.segments, strict=True)
            ),
        )
        for drawn_track, track in zip(drawn.tracks, recording.tracks, strict=True)
    )
    # Once more: the recording may have ended meanwhile.
    whole = certificate.draft(folder, manifest.read(folder), attrs.evolve(drawn, tracks=tracks))
    certificate.write(folder, whole)
    _ensure_indexes(folder, recording)
    return whole


def sum_of(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file in hexadecimal digits, and how many bytes it has.

    Raises:
        OSError: it cannot be read.
    """
    digest, size, buffer = hashlib.sha256(), 0, bytearray(CHUNK)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])
            size += count
    return digest.hexdigest(), size


def _former(folder: Path) -> Certificate | None:
    try:
        return certificate.read(folder)
    except manifest.ManifestError as error:
        print(f"{error}; it is made again", file=sys.stderr)
        return None


def _summed(
    folder: Path, drawn: SegmentCertificate, segment: manifest.Segment
) -> SegmentCertificate:
    if drawn.sha256 or not segment.closed:
        return drawn
    try:
        digest, size = sum_of(folder / drawn.path)
    except OSError as error:
        print(f"{folder / drawn.path}: cannot be read: {error.strerror}", file=sys.stderr)
        return drawn
    if size != drawn.bytes:
        what = f"has {size} bytes, {drawn.bytes} were recorded; it is not certified"
        print(f"{folder / drawn.path}: {what}", file=sys.stderr)
        return drawn
    return attrs.evolve(drawn, sha256=digest)


def _ensure_indexes(folder: Path, recording: manifest.Recording) -> None:
    for track in recording.tracks:
        for segment in track.segments:
            if segment.closed and segment.bytes:
                try:
                    index_build.ensure(folder, track.number, segment)
                except OSError as error:
                    print(f"{error.filename}: {error.strerror}", file=sys.stderr)


def _step_back() -> None:
    """Take only what nobody else wants of processor and disk, and end with the engine."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    os.nice(19)
    number = _IOPRIO_SET.get(os.uname().machine)
    if number is not None:
        libc.syscall(number, 1, 0, _IDLE)


def main(folders: list[str]) -> int:
    """Certify the recordings in these folders; 1 if one of them is worth another try later."""
    _step_back()
    again = 0
    for folder in map(Path, folders):
        if not folder.exists():
            continue  # removed before its turn came
        try:
            certify(folder)
        except manifest.ManifestError as error:
            print(f"it cannot be certified: {error}", file=sys.stderr)
        except OSError as error:
            print(f"it cannot be certified now: {error}", file=sys.stderr)
            again = 1
    return again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
