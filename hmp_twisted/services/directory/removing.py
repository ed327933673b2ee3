"""Removing a recording, files and all, so that no crash leaves half of one.

Its folder is renamed aside, then its row goes, then the files. A crash between the first two leaves
a row whose folder is aside: the next removal puts it back. One after that leaves a folder aside
that nobody knows: the next removal deletes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection

from ...engine import manifest
from ...errors import WriteFailedError
from .recordings import (
    Recording,
    check_removable,
    find_recording,
    get_recording,
    has_recording,
    remove_entry,
)

Transaction = Callable[[], AbstractContextManager[Connection]]

ASIDE = ".removed-"
"""Begins the name of a folder that is to be deleted; the recording's ID follows."""


def remove(transaction: Transaction, recordings_dir: Path, recording: str) -> None:
    """Remove a recording (its ID, the beginning of it, or its title) and all of its files.

    Args:
        transaction: begins a transaction that is committed at the end of its block.

    Raises:
        RecordingNotFoundError, AmbiguousNameError: which one is meant is not clear.
        InUseError: it is active, or played out.
        WriteFailedError: its folder cannot be renamed, and nothing is changed; or not all of its
            files could be deleted, and the next removal tries again.
    """
    _remove(transaction, recordings_dir, lambda conn: find_recording(conn, recording))


def remove_exactly(transaction: Transaction, recordings_dir: Path, recording_id: str) -> None:
    """The same for the one recording of this whole ID, even if another has the ID for its title.

    Raises:
        RecordingNotFoundError, InUseError, WriteFailedError
    """
    _remove(transaction, recordings_dir, lambda conn: get_recording(conn, recording_id))


def _remove(
    transaction: Transaction, recordings_dir: Path, find: Callable[[Connection], Recording]
) -> None:
    aside = None
    try:
        with transaction() as conn:
            left = _settle(conn, recordings_dir)
            found = find(conn)
            check_removable(conn, found)
            aside = _set_aside(recordings_dir, found.id)
            remove_entry(conn, found.id)
    except BaseException:
        _put_back(recordings_dir, aside)
        raise
    for folder in (*left, *filter(None, [aside])):
        _delete(folder)


def _put_back(recordings_dir: Path, aside: Path | None) -> None:
    if aside is not None and aside.exists():
        aside.rename(manifest.folder_of(recordings_dir, aside.name[len(ASIDE) :]))


def _delete(aside: Path) -> None:
    try:
        shutil.rmtree(aside)
    except OSError as error:
        raise WriteFailedError(
            f"{error.filename}: cannot be deleted: {error.strerror}; the recording is out of the "
            f"catalogue, what is left of its files is in {aside}"
        ) from error


def _settle(conn: Connection, recordings_dir: Path) -> tuple[Path, ...]:
    """Put back, or give back to be deleted, what a removal that was cut short had set aside."""
    left = []
    for aside in recordings_dir.glob(f"{ASIDE}*"):
        if has_recording(conn, aside.name[len(ASIDE) :]):
            _put_back(recordings_dir, aside)
        else:
            left.append(aside)
    return tuple(left)


def _set_aside(recordings_dir: Path, recording_id: str) -> Path | None:
    folder = manifest.folder_of(recordings_dir, recording_id)
    aside = recordings_dir / f"{ASIDE}{recording_id}"
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteFailedError(
            f"{folder}: cannot be renamed, so the recording was not removed: {error.strerror}"
        ) from error
    manifest.sync_folder(recordings_dir)
    return aside
