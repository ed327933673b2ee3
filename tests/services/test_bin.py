"""The bin: deleted, found by nobody, had back, purged in the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.engine import manifest
from hmp_twisted.services.bin import KEEP_S, Bin
from hmp_twisted.services.rights import Kind
from hmp_twisted.services.sharing import Subject

from .world import DEVICE, NOBODY, World

Act = Callable[[World, str], Awaitable[object]]


def bin_of(world: World) -> Bin:
    """The bin of this world."""
    return Bin(world.store, world.clock, world.recordings_dir)


ACTS: dict[str, Act] = {
    "status": lambda w, r: w.new_recordings().status(DEVICE, r),
    "clock": lambda w, r: w.new_recordings().clock_s(DEVICE, r),
    "pause": lambda w, r: w.new_recordings().pause(DEVICE, r),
    "stop": lambda w, r: w.new_recordings().stop(DEVICE, r),
    "stream": lambda w, r: w.new_streams().start(DEVICE, r, "127.0.0.1", 5004),
    "update": lambda w, r: w.metadata.update(DEVICE, Kind.RECORDING, r, "title", "x"),
    "hotmark": lambda w, r: w.metadata.add_hotmark(DEVICE, r, "x"),
    "category": lambda w, r: w.metadata.set_category(
        DEVICE, Kind.RECORDING, r, w.add("categories"), ["x"]
    ),
    "share": lambda w, r: w.sharing.share(
        DEVICE, Kind.RECORDING, r, Subject.USER, w.user("ann", "watch").name, "WATCH"
    ),
    "delete": lambda w, r: bin_of(w).put(DEVICE, r),
}


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_what_is_in_the_bin_is_found_by_no_command(world: World, act: Act) -> None:
    """Each says that there is none, also to who may do everything."""
    recording = world.recording()
    await bin_of(world).put(DEVICE, recording)
    with pytest.raises(errors.NotFoundError):
        await act(world, recording)
    await bin_of(world).restore(DEVICE, recording)
    assert await world.new_recordings().status(DEVICE, recording) == "FINISHED"


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("state", ["STARTING", "RECORDING", "PAUSED"])
async def test_a_recording_in_progress_is_not_deleted(world: World, state: str) -> None:
    """It is stopped first."""
    with pytest.raises(errors.InUseError):
        await bin_of(world).put(DEVICE, world.recording(state))


@pytest_twisted.ensureDeferred
async def test_a_recording_that_is_played_out_is_not_deleted(world: World) -> None:
    """Its stream is stopped first."""
    recording = world.recording()
    world.add("streams", recording_id=recording, address="127.0.0.1", port=1, started=1.0)
    with pytest.raises(errors.InUseError, match="played out"):
        await bin_of(world).put(DEVICE, recording)


@pytest_twisted.ensureDeferred
async def test_deleting_and_restoring_need_the_right(world: World) -> None:
    """Who sees it without the right is refused; who does not see it finds nothing."""
    recording, things = world.recording(), bin_of(world)
    ann, bob, carl = world.user("ann"), world.user("bob", "delete"), world.user("carl")
    world.share(Kind.RECORDING, recording, "EDIT", ann)
    for act in (things.put, things.restore):
        refused = errors.NotAuthorizedError
        with pytest.raises(refused):
            await act(ann, recording)
        with pytest.raises(errors.RecordingNotFoundError):
            await act(carl, recording)
        await act(bob, recording)
    for nothing in (recording, NOBODY):
        with pytest.raises(errors.RecordingNotFoundError):
            await things.restore(DEVICE, nothing)


@pytest_twisted.ensureDeferred
async def test_what_was_deleted_long_ago_is_removed_with_its_files(world: World) -> None:
    """Not before; what is not in the bin, or was restored, stays."""
    old, kept, restored = (world.recording() for _ in range(3))
    for recording in (old, kept, restored):
        Path(manifest.folder_of(world.recordings_dir, recording)).mkdir()
    things = bin_of(world)
    for recording in (old, restored):
        await things.put(DEVICE, recording)
    await things.restore(DEVICE, restored)
    world.clock.advance(KEEP_S - 1)
    await things.purge()
    assert len(world.rows("recordings")) == 3
    world.clock.advance(2)
    await things.purge()
    assert {row["id"] for row in world.rows("recordings")} == {kept, restored}
    assert {path.name for path in world.recordings_dir.iterdir()} == {kept, restored}


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_purged_holds_nothing_else_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and tried again."""
    stuck, other = world.recording(deleted=0.0), world.recording(deleted=0.0)
    world.clock.advance(KEEP_S + 1)
    things = bin_of(world)
    remove = things._remove

    def refuse(recording_id: str) -> None:
        if recording_id == stuck:
            raise errors.WriteFailedError("the test's own")
        remove(recording_id)

    monkeypatch.setattr(things, "_remove", refuse)
    await things.purge()
    assert [row["id"] for row in world.rows("recordings")] == [stuck]
    monkeypatch.undo()
    await things.purge()
    assert world.rows("recordings") == []
    assert other != stuck
