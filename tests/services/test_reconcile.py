"""What a start that was cut short left: media is kept and known, all else goes."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
import pytest_twisted

from hmp_twisted.engine import manifest
from hmp_twisted.services.reconcile import Reconciler

from .world import World


def reconciler(world: World) -> Reconciler:
    """One that has not compared anything yet."""
    return Reconciler(
        world.store,
        world.engine,
        world.new_recordings(),
        world.new_streams(),
        world.clock,
        recordings_dir=world.recordings_dir,
        resume_within_s=300.0,
        away_s=None,
    )


def on_disk(world: World, recording_id: str, state: manifest.State, media: bytes) -> Path:
    """The folder of a recording that the engine began, in this state."""
    folder = manifest.folder_of(world.recordings_dir, recording_id)
    (folder / "track-1").mkdir(parents=True)
    (folder / "track-1" / "00001.ts").write_bytes(media)
    manifest.write(folder, manifest.Recording(recording_id, state, 1.0, 2.5))
    return folder


@pytest.mark.parametrize("media", [b"", bytes(188)])
@pytest_twisted.ensureDeferred
async def test_a_start_that_the_server_did_not_live_to_answer(world: World, media: bytes) -> None:
    """The engine has lost it since: what it had is in the catalogue, or nothing is anywhere."""
    recording_id = world.recording("STARTING")
    folder = on_disk(world, recording_id, "RECORDING", media)
    await reconciler(world).compare()
    if media:
        row = world.row("recordings", recording_id)
        assert (row["state"], row["duration_s"]) == ("ERROR", 2.5)
        assert row["reason"] == "the media engine lost it"
    else:
        assert world.rows("recordings") == []
    assert folder.exists() == bool(media)


@pytest.mark.parametrize("media", [b"", bytes(188)])
@pytest_twisted.ensureDeferred
async def test_a_recording_that_no_catalogue_knows(world: World, media: bytes) -> None:
    """It is stopped; its folder is kept for an import if it holds media."""
    recording_id = str(uuid4())
    world.engine.recordings[recording_id] = "RECORDING"
    folder = on_disk(world, recording_id, "FINISHED", media)
    await reconciler(world).compare()
    assert world.engine.recordings == {}
    assert world.rows("recordings") == []
    assert folder.exists() == bool(media)


@pytest_twisted.ensureDeferred
async def test_the_folder_of_a_known_recording_is_never_removed(world: World) -> None:
    """The catalogue had it as ended, though the engine went on: without media, too."""
    recording_id = world.recording("FINISHED")
    world.engine.recordings[recording_id] = "RECORDING"
    folder = on_disk(world, recording_id, "FINISHED", b"")
    await reconciler(world).compare()
    assert world.engine.recordings == {}
    assert folder.exists()
