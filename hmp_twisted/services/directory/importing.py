"""Taking a recording's folder into the catalogue (again).

A folder in the recordings directory is taken as it is. Another is copied there first, aside, and
then renamed, so that a copy that is cut short is never taken for a recording.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
from sqlalchemy import Connection

from ...engine import manifest
from ...errors import InUseError, InvalidValueError, NameTakenError, WriteFailedError
from .. import catalogue_file
from . import rebuilding, recordings
from .naming import is_id, new_id
from .ownership import hand_over

ASIDE = ".import-"
"""Begins the name of a folder that is being copied; the recording's ID follows."""

Progress = Callable[[int], None]
"""Told of each number of bytes that was copied."""


@attrs.frozen
class Found:
    """A recording in a folder, looked at and not yet taken in."""

    recording: manifest.Recording
    source: Path
    """The folder it was found in."""
    folder: Path
    """Where it belongs: in the recordings directory, by its ID."""
    rebuilt: bool
    """Whether its ``recording.json`` was missing and has to be written."""

    @property
    def is_placed(self) -> bool:
        """Whether it is where it belongs."""
        return self.source == self.folder

    @property
    def copy_bytes(self) -> int:
        """How much is to be copied."""
        return 0 if self.is_placed else _size_of(self.source)


def check_ended(recording: manifest.Recording) -> None:
    """Refuse a recording that is, by its files, in progress.

    Raises:
        InUseError: it is.
    """
    if recording.state in manifest.ACTIVE:
        raise InUseError(
            f"recording {recording.id} is {recording.state.lower()}; stop it first (stopRecording)"
        )


def read(source: Path, recordings_dir: Path) -> Found:
    """Look at the recording in ``source``; nothing is changed.

    Raises:
        InvalidValueError: it is no folder, or holds no recording.
        InUseError: the recording is active by its ``recording.json``.
        ManifestError: its ``recording.json`` is damaged.
    """
    source = source.resolve()
    if not source.is_dir():
        raise InvalidValueError(f"{source}: is not a folder; name the folder of a recording")
    rebuilt = not (source / manifest.NAME).exists()
    try:
        recording = _rebuilt(source) if rebuilt else manifest.read(source)
    except OSError as error:
        raise InvalidValueError(f"{error.filename}: cannot be read: {error.strerror}") from error
    _check(recording, source)
    home = recordings_dir.resolve()
    folder = manifest.folder_of(home, recording.id)
    if source.parent == home and source != folder:
        raise InvalidValueError(
            f"{source}: holds recording {recording.id}, so it must be named {recording.id}"
        )
    return Found(recording, source, folder, rebuilt)


def _rebuilt(source: Path) -> manifest.Recording:
    own = source.name.lower()
    return rebuilding.rebuild(source, own if is_id(own) else new_id())


def _check(recording: manifest.Recording, source: Path) -> None:
    if not is_id(recording.id) or recording.id != recording.id.lower():
        raise manifest.ManifestError(
            f"{source / manifest.NAME}: is damaged: {recording.id!r} is no recording's ID"
        )
    if recording.state in manifest.ACTIVE:
        raise InUseError(
            f"{source}: the recording is {recording.state.lower()}; stop it first. If no engine "
            f"holds it any more, move its {manifest.NAME} away: it is made again from the files"
        )


def check_unknown(conn: Connection, found: Found) -> None:
    """Refuse what is there already, before anything is copied.

    Raises:
        NameTakenError: the catalogue has this recording, or its place is taken by another folder.
    """
    if recordings.has_recording(conn, found.recording.id):
        raise NameTakenError(f"recording {found.recording.id} is in the catalogue already")
    if not found.is_placed and found.folder.exists():
        raise NameTakenError(
            f"{found.folder}: is there already, though not in the catalogue; import that folder, "
            "or move it away"
        )


def place(found: Found, progress: Progress) -> None:
    """Bring the files to where they belong, with a ``recording.json`` if there was none.

    Raises:
        WriteFailedError: they cannot be; nothing is left behind.
    """
    aside = found.folder.with_name(f"{ASIDE}{found.recording.id}")
    try:
        if found.is_placed:
            _complete(found, found.folder)
            return
        _copy(found, aside, progress)
        _complete(found, aside)
        hand_over(aside, found.folder.parent)
        aside.rename(found.folder)
        manifest.sync_folder(found.folder.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise WriteFailedError(f"{found.folder}: the import failed: {error.strerror}") from error


def _complete(found: Found, folder: Path) -> None:
    if found.rebuilt:
        rebuilding.cut_to_packets(folder)
        manifest.write(folder, found.recording)


def _copy(found: Found, aside: Path, progress: Progress) -> None:
    found.folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)  # of an import that was cut short
    needed, free = found.copy_bytes, shutil.disk_usage(found.folder.parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed} bytes are needed, {free} are free")

    for path in _files_in(found.source):
        target = aside / path.relative_to(found.source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
        _make_durable(target)
        progress(target.stat().st_size)


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files_in(folder))


def take_in(conn: Connection, found: Found) -> tuple[str, ...]:
    """Enter the recording into the catalogue.

    Returns:
        what is odd about it, in words.

    Raises:
        NameTakenError: the catalogue has it already.
    """
    told, notes = _told(found.folder)
    entry = _entry(found.recording, told)
    unknown = recordings.add_entry(conn, entry)
    if unknown:
        notes.append(f"no category here is called {', '.join(unknown)}: its values are left out")
    return tuple(notes)


def _told(folder: Path) -> tuple[catalogue_file.CatalogueFile | None, list[str]]:
    """What people told about the recording; without it, the media alone is worth taking in."""
    try:
        return catalogue_file.read(folder), []
    except manifest.ManifestError as error:
        return None, [f"{error}; title, HotMarks and categories are lost"]


def _entry(
    on_disk: manifest.Recording, told: catalogue_file.CatalogueFile | None
) -> recordings.Entry:
    entry = recordings.Entry(
        id=on_disk.id,
        session_id="",
        title=f"Recording of {datetime.fromtimestamp(int(on_disk.created), UTC):%Y-%m-%d %H:%M:%S}",
        created=on_disk.created,
        state=on_disk.state,
        duration_s=on_disk.duration_s,
        track_count=len(on_disk.tracks),
        reason=on_disk.reason,
    )
    if told is None:
        return entry
    return attrs.evolve(
        entry,
        session_id=told.session_id,
        title=told.title or entry.title,
        created=told.created,
        description=told.description,
        createdby=told.createdby,
        hotmarks=told.hotmarks,
        categories=told.categories,
    )
