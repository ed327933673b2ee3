"""``catalogue.json``: what people told about a recording, kept beside its media."""

from __future__ import annotations

import json

import pytest
import pytest_twisted
from twisted.logger import capturedLogs

from hmp_twisted.engine.manifest import ManifestError, folder_of
from hmp_twisted.services import catalogue_file
from hmp_twisted.services.catalogue_file import CatalogueFile
from hmp_twisted.services.directory.attached import CategoryValues
from hmp_twisted.services.directory.recordings import HotMark
from hmp_twisted.services.rights import Kind

from .world import DEVICE, World


def with_folder(world: World, **values: str) -> str:
    recording_id = world.recording("RECORDING", **values)
    folder_of(world.recordings_dir, recording_id).mkdir()
    return recording_id


def read(world: World, recording_id: str) -> CatalogueFile | None:
    return catalogue_file.read(folder_of(world.recordings_dir, recording_id))


@pytest_twisted.ensureDeferred
async def test_what_was_told_is_filed_and_read_back(world: World) -> None:
    """Title, description, creator, HotMarks, and categories with their names."""
    recording_id, category_id = with_folder(world), world.add("categories", name="Kind")
    for field in ("title", "description", "createdby"):
        await world.metadata.update(DEVICE, Kind.RECORDING, recording_id, field, f"{field} «é»")
    await world.metadata.set_category(DEVICE, Kind.RECORDING, recording_id, category_id, ["b", "a"])
    world.engine.clock = 3.5
    await world.metadata.add_hotmark(DEVICE, recording_id, "Goal")
    await world.catalogue.file_changes()
    filed = read(world, recording_id)
    assert filed == CatalogueFile(
        id=recording_id,
        session_id=world.row("recordings", recording_id)["session_id"],
        title="title «é»",
        description="description «é»",
        createdby="createdby «é»",
        created=1.0,
        hotmarks=(HotMark(3, "Goal"),),
        categories=(CategoryValues(category_id, "Kind", ("b", "a")),),
    )


@pytest_twisted.ensureDeferred
async def test_only_what_has_changed_is_written_again(world: World) -> None:
    """A change after the last filing is seen by the next."""
    first, second = with_folder(world), with_folder(world)
    await world.catalogue.file_changes()
    path = folder_of(world.recordings_dir, first) / catalogue_file.NAME
    path.unlink()
    await world.metadata.update(DEVICE, Kind.RECORDING, second, "title", "New")
    await world.catalogue.file_changes()
    assert not path.exists()
    filed = read(world, second)
    assert filed is not None
    assert filed.title == "New"
    assert all(row["revision"] == row["filed_revision"] for row in world.rows("recordings"))


@pytest_twisted.ensureDeferred
async def test_a_recording_without_its_folder_is_no_error(world: World) -> None:
    """Its files are gone; it is not asked for again. One that is starting has none yet."""
    gone, starting = world.recording("FINISHED"), world.recording("STARTING")
    await world.catalogue.file_changes()
    assert world.row("recordings", gone)["filed_revision"] == 1
    assert world.row("recordings", starting)["filed_revision"] == 0
    assert list(world.recordings_dir.iterdir()) == []


@pytest_twisted.ensureDeferred
async def test_a_file_that_cannot_be_written_is_tried_again(world: World) -> None:
    """The others are written meanwhile."""
    stuck, fine = with_folder(world), with_folder(world)
    obstacle = folder_of(world.recordings_dir, stuck) / f"{catalogue_file.NAME}.new"
    obstacle.mkdir()
    catalogue = world.catalogue
    for _ in range(2):
        await catalogue.file_changes()
    assert read(world, fine) is not None
    assert read(world, stuck) is None
    obstacle.rmdir()
    await catalogue.file_changes()
    assert read(world, stuck) is not None


@pytest_twisted.ensureDeferred
async def test_a_great_many_changes_are_filed_by_and_by(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread and a disk that others need are not held for long."""
    monkeypatch.setattr(catalogue_file, "BATCH", 2)
    recordings = [with_folder(world) for _ in range(5)]
    for expected in (2, 4, 5, 5):
        await world.catalogue.file_changes()
        assert sum(read(world, recording_id) is not None for recording_id in recordings) == expected


@pytest_twisted.ensureDeferred
async def test_those_that_always_fail_keep_no_other_from_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are; they are tried again in their turn, and told of once."""
    monkeypatch.setattr(catalogue_file, "BATCH", 2)
    by_id = sorted(with_folder(world) for _ in range(7))
    stuck, fine = by_id[:5], by_id[5:]
    obstacles = [folder_of(world.recordings_dir, one) / "catalogue.json.new" for one in stuck]
    for obstacle in obstacles:
        obstacle.mkdir()
    catalogue = world.catalogue
    with capturedLogs() as logged:
        for _ in range(8):
            await catalogue.file_changes()
    assert all(read(world, recording_id) is not None for recording_id in fine)
    assert len([event for event in logged if event.get("name") == catalogue_file.NAME]) == 5
    for obstacle in obstacles:
        obstacle.rmdir()
    for _ in range(3):
        await catalogue.file_changes()
    assert all(read(world, recording_id) is not None for recording_id in stuck)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not JSON", "is damaged"),
        ("[]", "is damaged"),
        (json.dumps({"format": 1}), "is damaged"),
        (json.dumps({"format": 2}), "format 2 is not known"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_damaged_file_is_told_with_its_path(world: World, content: str, words: str) -> None:
    """So that an import can say what it could not take over."""
    path = folder_of(world.recordings_dir, with_folder(world)) / catalogue_file.NAME
    path.write_text(content)
    with pytest.raises(ManifestError, match=words) as caught:
        catalogue_file.read(path.parent)
    assert str(path) in str(caught.value)
