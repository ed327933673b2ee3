"""Trimming: who may, what the new recording takes over, and that a failure leaves nothing."""

from __future__ import annotations

import errno

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.engine import manifest
from hmp_twisted.services import cutting
from hmp_twisted.services.long_work import LongWork
from hmp_twisted.services.rights import Actor, Kind
from hmp_twisted.services.trimming import Trimming
from tests.catalogue import add_files, packets

from .world import DEVICE, NOBODY, World

SEGMENT = packets(600)


def ignore(done: float) -> None:
    """Nobody watches."""


def trimming_of(world: World) -> Trimming:
    """Trimming in this world."""
    return Trimming(world.store, LongWork(world.store), world.recordings_dir, 0)


def recording(world: World, **values: object) -> str:
    """A recording of twelve seconds, with its files."""
    made = world.recording(duration_s=12.0, title="Lecture", **values)
    add_files(world.recordings_dir, made, [(SEGMENT, SEGMENT)])
    return made


async def trim(world: World, recording_id: str, actor: Actor = DEVICE, title: str = "") -> str:
    """Cut seconds 3 to 9 out of it."""
    return await trimming_of(world).trim(actor, recording_id, 3.0, 9.0, title, ignore)


def only(world: World, *recordings: str) -> None:
    """Hold that nothing but these is in the catalogue and on disk."""
    assert {row["id"] for row in world.rows("recordings")} == {*recordings}
    assert {path.name for path in world.recordings_dir.iterdir()} == {*recordings}


@pytest_twisted.ensureDeferred
async def test_the_part_takes_over_what_belongs_to_it(world: World) -> None:
    """Description, categories, and the HotMarks of its stretch, by its own clock."""
    whole = recording(world, description="about it", createdby="Ada")
    for time_s in (1, 3, 8, 11):
        world.add("hotmarks", recording_id=whole, time_s=time_s, title=f"at {time_s}")
    values = {"category_id": world.add("categories"), "value": "x", "position": 0}
    world.add("recording_categories", recording_id=whole, **values)
    part = await trim(world, whole)
    row = world.row("recordings", part)
    assert (row["title"], row["description"], row["createdby"]) == (
        "Lecture (part)",
        "about it",
        "Ada",
    )
    assert (row["state"], row["duration_s"]) == ("FINISHED", pytest.approx(6.0))
    marks = {m["time_s"]: m["title"] for m in world.rows("hotmarks", recording_id=part)}
    assert marks == {0: "at 3", 5: "at 8"}
    (kept,) = world.rows("recording_categories", recording_id=part)
    assert kept["value"] == "x"
    told = manifest.read(world.recordings_dir / part)
    assert [segment.duration_s for segment in told.tracks[0].segments] == [3.0, 3.0]
    only(world, whole, part)


@pytest_twisted.ensureDeferred
async def test_who_trims_owns_the_part(world: World) -> None:
    """``trim`` on the whole is enough; a device needs no share."""
    whole, ann = recording(world), world.user("ann")
    world.share(Kind.RECORDING, whole, world.permission("trim"), ann)
    part = await trim(world, whole, ann, "Mine")
    (share,) = world.rows("recording_shares", recording_id=part)
    assert (share["user_id"], share["permission"]) == (ann.user_id, "OWN")
    assert world.row("recordings", part)["title"] == "Mine"
    assert world.rows("recording_shares", recording_id=await trim(world, whole)) == []


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("permission", "error"),
    [
        ("", errors.RecordingNotFoundError),
        ("WATCH", errors.NotAuthorizedError),
        ("EDIT", errors.NotAuthorizedError),
    ],
)
async def test_who_may_not_trim_cannot(
    world: World, permission: str, error: type[Exception]
) -> None:
    """What is not seen is not there; nothing is made, and asking first says the same."""
    whole, ann = recording(world), world.user("ann")
    if permission:
        world.share(Kind.RECORDING, whole, permission, ann)
    with pytest.raises(error):
        await trimming_of(world).check(ann, whole, 3.0, 9.0, "")
    with pytest.raises(error):
        await trim(world, whole, ann)
    only(world, whole)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("begin", "end", "title", "error"),
    [
        (9.0, 3.0, "", errors.InvalidValueError),
        (3.0, 3.0, "", errors.InvalidValueError),
        (-1.0, 3.0, "", errors.InvalidValueError),
        (40.0, 50.0, "", errors.InvalidValueError),
        (3.0, 9.0, "x" * 1025, errors.TitleTooLongError),
    ],
)
async def test_what_is_no_stretch_is_refused(
    world: World, begin: float, end: float, title: str, error: type[Exception]
) -> None:
    """Backwards, empty, or beyond the end."""
    whole = recording(world)
    with pytest.raises(error):
        await trimming_of(world).trim(DEVICE, whole, begin, end, title, ignore)
    only(world, whole)


@pytest_twisted.ensureDeferred
async def test_a_recording_in_progress_is_not_trimmed(world: World) -> None:
    """Nor one that there is not."""
    with pytest.raises(errors.RecordingInProgressError):
        await trim(world, world.recording("RECORDING"))
    with pytest.raises(errors.RecordingNotFoundError):
        await trim(world, NOBODY)


@pytest_twisted.ensureDeferred
async def test_a_full_disk_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said that it is that."""
    whole = recording(world)

    def sync(descriptor: int) -> None:
        """It does not fit."""
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cutting.os, "fsync", sync)
    with pytest.raises(errors.WriteFailedError, match="No space left on device"):
        await trim(world, whole)
    only(world, whole)


@pytest_twisted.ensureDeferred
async def test_a_database_that_fails_leaves_nothing(world: World) -> None:
    """No files without an entry."""
    whole = recording(world)
    world.fail_writes("recordings", on="INSERT")
    with pytest.raises(errors.StoreError):
        await trim(world, whole)
    world.mend()
    only(world, whole)


@pytest_twisted.ensureDeferred
async def test_a_recording_whose_files_went_meanwhile_is_said_so(world: World) -> None:
    """All of them, or one."""
    whole = recording(world)
    (world.recordings_dir / whole / "track-1" / "00002.ts").unlink()
    with pytest.raises(errors.WriteFailedError, match="No such file"):
        await trim(world, whole)
    (world.recordings_dir / whole / "recording.json").unlink()
    with pytest.raises(manifest.ManifestError):
        await trim(world, whole)
    only(world, whole)


@pytest_twisted.ensureDeferred
async def test_a_server_that_stops_does_not_wait_for_it(world: World) -> None:
    """Nothing is left of what it gave up half way; what is asked for then is not begun."""
    whole, long_work = recording(world), LongWork(world.store)
    trimming = Trimming(world.store, long_work, world.recordings_dir, 0)
    seen: list[float] = []

    def stop(done: float) -> None:
        """The server stops as the first piece is copied."""
        seen.append(done)
        long_work.close()

    for _ in range(2):
        with pytest.raises(errors.NotReadyError):
            await trimming.trim(DEVICE, whole, 3.0, 9.0, "", stop)
        only(world, whole)
    assert seen == [0.5]


@pytest_twisted.ensureDeferred
async def test_what_a_dead_server_left_is_tidied_away(world: World) -> None:
    """What is being made just then stays."""
    whole, trimming = recording(world), trimming_of(world)
    (world.recordings_dir / f"{cutting.ASIDE}{NOBODY}" / "track-1").mkdir(parents=True)
    seen: list[set[str]] = []

    def look(done: float) -> None:
        """Tidy while it is made."""
        trimming._tidy(frozenset(trimming._making))
        seen.append({path.name[:6] for path in world.recordings_dir.iterdir()})

    part = await trimming.trim(DEVICE, whole, 3.0, 9.0, "", look)
    assert seen
    assert all(cutting.ASIDE in names for names in seen)
    await trimming.tidy()
    only(world, whole, part)
