"""One track of a recording as one file: its segments in order, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...engine import manifest
from ...errors import InUseError, InvalidValueError, WriteFailedError

CHUNK = 1 << 20
"""Bytes copied at a time."""

Progress = Callable[[int], None]
"""Told of each number of bytes that was copied."""


def pick_track(recording: manifest.Recording, number: int | None) -> manifest.Track:
    """The track of this number; without one, the only track there is.

    Raises:
        InvalidValueError: there is none such, or several to choose from.
    """
    tracks = recording.tracks
    known = ", ".join(f"{track.number} ({track.source_name})" for track in tracks) or "none"
    if number is None and len(tracks) > 1:
        raise InvalidValueError(
            f"recording {recording.id} has tracks {known}: say which, by --track"
        )
    for track in tracks:
        if number in (None, track.number):
            return track
    raise InvalidValueError(f"recording {recording.id} has no track {number or ''}; it has {known}")


def export(
    folder: Path, track: manifest.Track, target: Path, *, force: bool, progress: Progress
) -> int:
    """Write a track's segments, in order, into ``target``: aside first, then renamed.

    Args:
        folder: the recording's.
        force: replace ``target`` if it is there.

    Returns:
        how many bytes it has.

    Raises:
        InUseError: ``target`` is there, and ``force`` is not given; or it is a folder.
        WriteFailedError: a segment is missing or cannot be read, or ``target`` cannot be written.
    """
    segments = [manifest.segment_path(folder, track.number, s.number) for s in track.segments]
    missing = [str(path) for path in segments if not path.is_file()]
    if missing:
        raise WriteFailedError(f"{', '.join(missing)}: is missing, so the track cannot be exported")
    if target.is_dir():
        raise InUseError(f"{target}: is a folder; name a file")
    if target.exists() and not force:
        raise InUseError(f"{target}: is there already; --force replaces it")
    with _replacing(target) as file:
        return sum(_append(path, file, progress) for path in segments)


def _append(path: Path, file: BinaryIO, progress: Progress) -> int:
    copied = 0
    with path.open("rb") as segment:
        while chunk := segment.read(CHUNK):
            file.write(chunk)
            copied += len(chunk)
            progress(len(chunk))
    return copied


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``target`` when all of it is on disk, or leaves no trace."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        manifest.sync_folder(target.absolute().parent)
    except OSError as error:
        where = error.filename if error.filename not in (None, str(aside)) else target
        raise WriteFailedError(f"{where}: the export failed: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)
