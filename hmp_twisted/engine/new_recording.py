"""The files that a recording needs before it can begin."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..errors import DiskFullError, DomainError, WriteFailedError
from . import manifest
from .active import ActiveFolder, free_bytes
from .segments import is_disk_full


def make(active: ActiveFolder, recording: manifest.Recording, min_free_bytes: int) -> None:
    """Make a recording's folder, its ``recording.json`` and its marker, durably; or nothing.

    Raises:
        DiskFullError: less than ``min_free_bytes`` is free, or there is no room at all.
        WriteFailedError: they cannot be made, or the folder exists.
    """
    check_free_space(active.recordings, min_free_bytes)
    folder = manifest.folder_of(active.recordings, recording.id)
    try:
        folder.mkdir()
    except OSError as error:
        raise _translated(folder, error) from error
    try:
        for track in recording.tracks:
            manifest.segment_path(folder, track.number, 1).parent.mkdir()
        manifest.write(folder, recording)
        manifest.sync_folder(active.recordings)
        active.mark(recording)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _translated(folder, error) from error


def check_free_space(recordings: Path, min_free_bytes: int) -> None:
    """See that there is room to record.

    Raises:
        DiskFullError: less than ``min_free_bytes`` is free.
        WriteFailedError: the system does not tell, because the folder is gone.
    """
    try:
        free = free_bytes(recordings)
    except OSError as error:
        raise _translated(recordings, error) from error
    if free < min_free_bytes:
        raise DiskFullError(
            f"only {free} bytes are free in {recordings}; "
            f"recordings.min_free_bytes is {min_free_bytes}"
        )


def _translated(folder: Path, error: OSError) -> DomainError:
    kind = DiskFullError if is_disk_full(error) else WriteFailedError
    return kind(f"{folder} cannot be written: {os.strerror(error.errno or 0)}")
