"""A recording removed with its files, and taken in again from them."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hmp_twisted.engine import manifest
from hmp_twisted.errors import (
    InUseError,
    InvalidValueError,
    NameTakenError,
    RecordingNotFoundError,
    WriteFailedError,
)
from hmp_twisted.services.directory import (
    importing,
    rebuilding,
    recordings,
    removing,
)
from hmp_twisted.store.pool import Store
from tests.catalogue import (
    CREATED,
    add_files,
    add_recording,
    add_stream,
    change_manifest,
    new_id,
    packets,
)

from .conftest import SOUND, ignore, problems

# -- remove ---------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A recordings directory."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


def _recorded(store: Store, directory: Path, state: manifest.State = "FINISHED") -> str:
    with store.begin() as conn:
        recording_id = add_recording(conn, state=state)
    add_files(directory, recording_id, [[SOUND]], state)
    return recording_id


def _known(store: Store) -> list[str]:
    with store.begin() as conn:
        return [recording.id for recording in recordings.list_recordings(conn)]


def test_a_recording_goes_with_its_files(store: Store, directory: Path) -> None:
    """Others stay; one that is gone is not found."""
    stays, goes = _recorded(store, directory), _recorded(store, directory)
    removing.remove(store.begin, directory, goes)
    assert _known(store) == [stays]
    assert [path.name for path in directory.iterdir()] == [stays]
    with pytest.raises(RecordingNotFoundError):
        removing.remove(store.begin, directory, goes)


def test_a_recording_without_files_goes_too(store: Store, directory: Path) -> None:
    """Otherwise nothing could ever take it out of the catalogue."""
    recording_id = _recorded(store, directory)
    shutil.rmtree(directory / recording_id)
    removing.remove(store.begin, directory, recording_id)
    assert _known(store) == []


@pytest.mark.parametrize("state", ["RECORDING", "PAUSED"])
def test_an_active_recording_stays(store: Store, directory: Path, state: manifest.State) -> None:
    """Files and all."""
    recording_id = _recorded(store, directory, state)
    with pytest.raises(InUseError, match=f"is {state.lower()}; stop it first"):
        removing.remove(store.begin, directory, recording_id)
    assert manifest.read(directory / recording_id).state == state


def test_a_recording_that_is_played_out_stays(store: Store, directory: Path) -> None:
    """Until its stream has ended."""
    recording_id = _recorded(store, directory)
    with store.begin() as conn:
        stream_id = add_stream(conn, recording_id)
        add_stream(conn, recording_id, ended=CREATED)
    with pytest.raises(InUseError, match=f"by stream {stream_id}; stop that first"):
        removing.remove(store.begin, directory, recording_id)
    assert (directory / recording_id).is_dir()


class _CrashError(Exception):
    """Stands for the end of the process."""


def test_a_removal_that_is_not_committed_puts_the_folder_back(
    store: Store, directory: Path
) -> None:
    """Row and files are there as before."""
    recording_id = _recorded(store, directory)

    @contextmanager
    def failing() -> Iterator[Connection]:
        with store.begin() as conn:
            yield conn
            raise _CrashError

    with pytest.raises(_CrashError):
        removing.remove(failing, directory, recording_id)
    assert _known(store) == [recording_id]
    assert problems(directory / recording_id) == [""]


def test_the_next_removal_mends_what_a_crash_left(store: Store, directory: Path) -> None:
    """A folder aside whose row is there goes back; one that nobody knows is deleted."""
    kept, goes = _recorded(store, directory), _recorded(store, directory)
    (directory / kept).rename(directory / f"{removing.ASIDE}{kept}")
    (directory / f"{removing.ASIDE}{new_id()}" / "track-1").mkdir(parents=True)
    removing.remove(store.begin, directory, goes)
    assert [path.name for path in directory.iterdir()] == [kept]


# -- import ---------------------------------------------------------------------------------


def _take(store: Store, folder: Path, directory: Path) -> tuple[str, tuple[str, ...]]:
    found = importing.read(folder, directory)
    with store.begin() as conn:
        importing.check_unknown(conn, found)
    importing.place(found, ignore)
    with store.begin() as conn:
        return found.recording.id, importing.take_in(conn, found)


def test_a_folder_in_the_recordings_directory_is_taken_as_it_is(
    store: Store, directory: Path
) -> None:
    """Nothing is copied; without catalogue.json its title tells when it was made."""
    recording_id = new_id()
    folder = add_files(directory, recording_id, [[SOUND], [SOUND]])
    inode = manifest.segment_path(folder, 1, 1).stat().st_ino
    assert _take(store, folder, directory) == (recording_id, ())
    assert manifest.segment_path(folder, 1, 1).stat().st_ino == inode
    with store.begin() as conn:
        found = recordings.find_recording(conn, recording_id)
    assert found.title == "Recording of 2026-01-31 12:00:00"
    assert (found.state, found.duration_s, found.track_count) == ("FINISHED", 12.5, 2)
    assert not found.is_active


def test_a_folder_elsewhere_is_copied(store: Store, directory: Path, tmp_path: Path) -> None:
    """It stays where it is, too."""
    recording_id = new_id()
    folder = add_files(tmp_path, recording_id, [[SOUND]]).rename(tmp_path / "from a stick")
    assert _take(store, folder, directory) == (recording_id, ())
    assert problems(directory / recording_id) == [""]
    assert problems(folder) == [""]
    assert [path.name for path in directory.iterdir()] == [recording_id]


def test_what_is_known_is_not_taken_again(store: Store, directory: Path, tmp_path: Path) -> None:
    """Neither a recording in the catalogue, nor over a folder that is there."""
    recording_id = _recorded(store, directory)
    with pytest.raises(NameTakenError, match="in the catalogue already"):
        _take(store, directory / recording_id, directory)
    other = new_id()
    add_files(directory, other, [[SOUND]])
    copy = add_files(tmp_path, other, [[SOUND]])
    with pytest.raises(NameTakenError, match=f"{other}: is there already"):
        _take(store, copy, directory)


def test_an_active_recording_is_not_taken(directory: Path) -> None:
    """It is its engine's; the refusal says what to do if there is none any more."""
    folder = add_files(directory, new_id(), [[SOUND]], "PAUSED")
    with pytest.raises(InUseError, match=r"is paused; stop it first.*recording\.json away"):
        importing.read(folder, directory)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_damaged_manifest_is_refused(directory: Path, content: str) -> None:
    """By one line that names the file."""
    folder = add_files(directory, new_id(), [[SOUND]])
    (folder / manifest.NAME).write_text(content)
    with pytest.raises(manifest.ManifestError, match=str(folder)):
        importing.read(folder, directory)


def test_an_id_that_is_none_is_damage(directory: Path) -> None:
    """A path in its place above all."""
    folder = add_files(directory, new_id(), [[SOUND]])
    change_manifest(folder, id="../../etc")
    with pytest.raises(manifest.ManifestError, match="no recording's ID"):
        importing.read(folder, directory)


def test_a_folder_of_the_wrong_name_is_refused(directory: Path) -> None:
    """The server would not find its files."""
    folder = add_files(directory, recording_id := new_id(), [[SOUND]])
    renamed = folder.rename(directory / "mine")
    with pytest.raises(InvalidValueError, match=f"must be named {recording_id}"):
        importing.read(renamed, directory)


@pytest.mark.parametrize("kind", ["nothing", "file", "empty"])
def test_what_holds_no_recording_is_refused(directory: Path, tmp_path: Path, kind: str) -> None:
    """Each by a line that says so."""
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("")
    if kind == "empty":
        place.mkdir()
    with pytest.raises(InvalidValueError, match=r"is not a folder|holds neither"):
        importing.read(place, directory)


def test_a_copy_that_fails_leaves_nothing(store: Store, directory: Path, tmp_path: Path) -> None:
    """Neither a half folder nor an entry."""
    folder = add_files(tmp_path, new_id(), [[SOUND, SOUND]])
    found = importing.read(folder, directory)

    def full(done: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(WriteFailedError, match="the import failed: No space left on device"):
        importing.place(found, full)
    assert list(directory.iterdir()) == []


def test_files_alone_make_a_recording(store: Store, directory: Path, tmp_path: Path) -> None:
    """Tracks, sizes and durations come from the files; a torn end is cut off, in the copy only."""
    folder = add_files(tmp_path, new_id(), [[packets(1001), SOUND], [packets(2001)]])
    (folder / manifest.NAME).unlink()
    torn = manifest.segment_path(folder, 1, 2)
    torn.write_bytes(SOUND + b"\x47torn")
    for path in folder.rglob("*.ts"):
        os.utime(path, (CREATED, CREATED))
    recording_id, _ = _take(store, folder, directory)
    made = manifest.read(directory / recording_id)
    first, second = made.tracks
    assert [(s.number, s.bytes) for s in first.segments] == [(1, 1001 * 188), (2, len(SOUND))]
    assert first.segments[0].duration_s == pytest.approx(1.0)
    assert first.segments[1].offset_s == pytest.approx(1.0)
    assert second.segments[0].started == pytest.approx(CREATED - 2.0)
    assert (made.state, made.created) == ("FINISHED", pytest.approx(CREATED - 2.0))
    assert made.duration_s == pytest.approx(2.0)
    assert problems(directory / recording_id) == ["", "", ""]
    assert torn.stat().st_size == len(SOUND) + 5


def test_files_alone_keep_the_id_of_their_folder(directory: Path) -> None:
    """So that others who know the recording by it still do."""
    folder = add_files(directory, recording_id := new_id(), [[SOUND]])
    (folder / manifest.NAME).unlink()
    assert importing.read(folder, directory).recording.id == recording_id


def test_files_that_are_no_transport_stream_are_refused(directory: Path) -> None:
    """Whatever they are called."""
    folder = add_files(directory, new_id(), [[b"RIFF" * 100]])
    (folder / manifest.NAME).unlink()
    with pytest.raises(InvalidValueError, match=r"00001\.ts: is no MPEG-TS"):
        importing.read(folder, directory)


def test_a_duration_leaves_out_jumps_of_the_clock(tmp_path: Path) -> None:
    """A new time base counts for nothing, a wrap of the clock for what it is."""
    path = tmp_path / "a.ts"
    path.write_bytes(packets(1001) + packets(1001))
    assert rebuilding.duration_of(path) == pytest.approx(2.0)
    path.write_bytes(b"")
    assert rebuilding.duration_of(path) == 0.0
