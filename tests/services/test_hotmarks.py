"""HotMarks at any second of a recording, and shares taken back."""

from __future__ import annotations

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.services.hotmarks import Hotmarks
from hmp_twisted.services.rights import Kind
from hmp_twisted.services.sharing import Subject

from .world import DEVICE, NOBODY, World


@pytest_twisted.ensureDeferred
async def test_a_finished_recording_is_marked_renamed_and_unmarked(world: World) -> None:
    """Each change is told to the file beside the media."""
    recording, marks = world.recording(duration_s=60.9), Hotmarks(world.store)
    await marks.add(DEVICE, recording, 60, "End")
    await marks.add(DEVICE, recording, 0, "")
    await marks.rename(DEVICE, recording, 0, "Start")
    found = {(row["time_s"], row["title"]) for row in world.rows("hotmarks")}
    assert found == {(0, "Start"), (60, "End")}
    await marks.remove(DEVICE, recording, 60)
    assert len(world.rows("hotmarks")) == 1
    assert world.row("recordings", recording)["revision"] == 5


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_marked(world: World) -> None:
    """Nothing outside of the recording, nothing twice, nothing while it runs."""
    recording, marks = world.recording(duration_s=60.9), Hotmarks(world.store)
    await marks.add(DEVICE, recording, 5, "x")
    for time_s, error in ((61, "InvalidValue"), (-1, "InvalidValue"), (5, "HotmarkExists")):
        with pytest.raises(getattr(errors, f"{error}Error")):
            await marks.add(DEVICE, recording, time_s, "x")
    with pytest.raises(errors.RecordingInProgressError):
        await marks.add(DEVICE, world.recording("RECORDING"), 0, "x")
    for act in (marks.add, marks.rename):
        with pytest.raises(errors.TitleTooLongError):
            await act(DEVICE, recording, 5, "x" * 1025)
    with pytest.raises(errors.HotmarkNotFoundError):
        await marks.rename(DEVICE, recording, 6, "x")
    with pytest.raises(errors.HotmarkNotFoundError):
        await marks.remove(DEVICE, recording, 6)


@pytest_twisted.ensureDeferred
async def test_marking_needs_the_right(world: World) -> None:
    """As ``addHotmark`` does."""
    recording, marks = world.recording(duration_s=60.0), Hotmarks(world.store)
    ann = world.user("ann")
    world.share(Kind.RECORDING, recording, "WATCH", ann)
    for target, error in (
        (recording, errors.NotAuthorizedError),
        (world.recording(), errors.RecordingNotFoundError),
        (NOBODY, errors.RecordingNotFoundError),
    ):
        for act in (marks.add, marks.rename):
            with pytest.raises(error):
                await act(ann, target, 5, "x")
        with pytest.raises(error):
            await marks.remove(ann, target, 5)
    assert world.rows("hotmarks") == []


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("kind", list(Kind))
async def test_a_share_is_taken_back(world: World, kind: Kind) -> None:
    """Of that user alone, in any case of the name; once more is no error."""
    thing = world.one_of(kind)
    ann, bob = world.user("Ann", "create-sessions"), world.user("bob")
    world.share(kind, thing, "OWN", ann)
    world.share(kind, thing, "WATCH", bob)
    for _ in range(2):
        await world.sharing.unshare(DEVICE, kind, thing, Subject.USER, "aNN")
    assert [row["user_id"] for row in world.rows(kind.shares.name)] == [bob.user_id]
    with pytest.raises(errors.UserNotFoundError):
        await world.sharing.unshare(DEVICE, kind, thing, Subject.USER, "nobody")
    with pytest.raises(errors.GroupNotFoundError):
        await world.sharing.unshare(DEVICE, kind, thing, Subject.GROUP, "Ann")
    with pytest.raises(errors.CannotShareError):
        await world.sharing.unshare(bob, kind, thing, Subject.USER, "bob")
    with pytest.raises(kind.not_found):
        await world.sharing.unshare(ann, kind, thing, Subject.USER, "bob")
