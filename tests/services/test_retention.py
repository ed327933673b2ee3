"""What goes by itself: the expired, and the oldest when room is short; and what never does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.logger import LogLevel, capturedLogs, formatEvent

from hmp_twisted.config import RecordingsSettings
from hmp_twisted.errors import EngineUnavailableError, InvalidValueError
from hmp_twisted.services import retention
from hmp_twisted.services.directory import retention as keeping
from hmp_twisted.services.retention import Retention
from hmp_twisted.services.storage import Space, present_bit_rate

from ..catalogue import CREATED, add_files, add_recording, add_stream
from .world import World

DAY = 86_400.0
DURATION_S = 12.5
GB = 10**9


@attrs.define
class Disk:
    """A disk on which each recording's folder takes a gigabyte."""

    recordings: Path
    capacity: int
    mbit_per_s: float = 0.0

    def free(self, folder: Path) -> int:
        """What is left of it."""
        return self.capacity - GB * sum(1 for path in self.recordings.glob("*") if path.is_dir())

    async def read_status(self) -> dict[str, Any]:
        """A media engine that records one source at this rate."""
        source = {"bits_per_second": self.mbit_per_s * 1e6, "recordings": 1}
        return {"recorder": {"sources": [source]}}


Kept = Callable[..., str]


@pytest.fixture
def disk(world: World, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk with no room at all."""
    made = Disk(world.recordings_dir, 0)
    monkeypatch.setattr(retention, "free_bytes", made.free)
    return made


@pytest.fixture
def recorded(world: World) -> Kept:
    """Makes a recording that ended so many days after ``CREATED``; gives its ID."""

    def make(day: float = 0.0, **more: Any) -> str:
        with world.store.begin() as conn:
            made = add_recording(conn, created=CREATED + day * DAY, **more)
        add_files(world.recordings_dir, made)
        world.change("recordings", made, ended=CREATED + day * DAY + DURATION_S)
        return made

    return make


def keeper(world: World, disk: Disk, **settings: Any) -> Retention:
    """What is tested."""
    wanted = RecordingsSettings(**{"min_free_bytes": GB, **settings})
    return Retention(world.store, disk, wanted, world.recordings_dir, world.clock)


def left(world: World) -> set[str]:
    """The IDs of the recordings that are there, which must be the same in files and catalogue."""
    folders = {path.name for path in world.recordings_dir.iterdir()}
    assert folders == {row["id"] for row in world.rows("recordings")}
    return folders


@pytest_twisted.ensureDeferred
async def test_nothing_expires_unless_it_is_asked_for(
    world: World, disk: Disk, recorded: Kept
) -> None:
    """The default is to keep everything, and to refuse at the floor."""
    ids = {recorded(), recorded(1)}
    world.clock.advance(CREATED + 1000 * DAY)
    await keeper(world, disk).enforce()
    assert left(world) == ids


@pytest_twisted.ensureDeferred
async def test_what_has_expired_goes(world: World, disk: Disk, recorded: Kept) -> None:
    """So many days after its end and not before; its own expiry comes before the default."""
    old, new = recorded(0), recorded(2)
    never, soon, late = recorded(0), recorded(2), recorded(0)
    with world.store.begin() as conn:
        keeping.set_expiry(conn, never, keeping.NEVER)
        keeping.set_expiry(conn, soon, 0.5)
        keeping.set_expiry(conn, late, 4)
    world.clock.advance(CREATED + 3 * DAY)
    keep = keeper(world, disk, expire_after_days=3)
    await keep.enforce()
    assert left(world) == {old, new, never, late}
    with capturedLogs() as logs:
        world.clock.advance(DURATION_S)
        await keep.enforce()
    assert left(world) == {new, never, late}
    (line,) = [formatEvent(event) for event in logs]
    assert line.startswith(f"recording {old} (First take, ")
    assert line.endswith("bytes) was removed: it expired 3 days after its end")


@pytest_twisted.ensureDeferred
async def test_an_expiry_of_its_own_needs_no_default(
    world: World, disk: Disk, recorded: Kept
) -> None:
    """Where nothing expires otherwise, too; and back to the default, it does not."""
    one, other = recorded(), recorded()
    with world.store.begin() as conn:
        keeping.set_expiry(conn, one, 1)
        keeping.set_expiry(conn, other, 1)
        keeping.set_expiry(conn, other, None)
    world.clock.advance(CREATED + 2 * DAY)
    await keeper(world, disk).enforce()
    assert left(world) == {other}


@pytest_twisted.ensureDeferred
async def test_the_end_of_an_earlier_recording_is_reckoned(
    world: World, disk: Disk, recorded: Kept
) -> None:
    """One that was imported, or that ended before ends were noted: from start and duration."""
    one = recorded()
    world.change("recordings", one, ended=None)
    world.clock.advance(CREATED + DAY + DURATION_S - 1)
    keep = keeper(world, disk, expire_after_days=1)
    await keep.enforce()
    assert left(world) == {one}
    world.clock.advance(1)
    await keep.enforce()
    assert left(world) == set()


@pytest.mark.parametrize("policy", ["refuse", "prune"])
@pytest_twisted.ensureDeferred
async def test_what_never_goes(world: World, disk: Disk, recorded: Kept, policy: str) -> None:
    """The protected, the active and what is played out, neither by age nor for room."""
    protected, playing = recorded(), recorded()
    active, paused = recorded(state="RECORDING"), recorded(state="PAUSED")
    with world.store.begin() as conn:
        keeping.set_protected(conn, protected, True)
        add_stream(conn, playing)
    world.clock.advance(CREATED + 1000 * DAY)
    await keeper(world, disk, expire_after_days=1, storage_policy=policy).enforce()
    assert left(world) == {protected, playing, active, paused}
    with world.store.begin() as conn:
        keeping.set_protected(conn, protected, False)
    await keeper(world, disk, expire_after_days=1).enforce()
    assert left(world) == {playing, active, paused}


@pytest_twisted.ensureDeferred
async def test_pruning_makes_room_from_the_oldest_on(
    world: World, disk: Disk, recorded: Kept
) -> None:
    """As many as it takes to be above the floor with two minutes of headroom, and no more."""
    ids = [recorded(day) for day in (3, 1, 2, 4)]
    disk.capacity = 5 * GB + GB // 2
    keep = keeper(world, disk, storage_policy="prune")
    await keep.enforce()
    assert left(world) == set(ids)
    disk.mbit_per_s = 100.0  # 1.5 GB in two minutes
    with capturedLogs() as logs:
        await keep.enforce()
    assert left(world) == {ids[0], ids[2], ids[3]}
    (line,) = [formatEvent(e) for e in logs if "was removed" in formatEvent(e)]
    assert f"recording {ids[1]}" in line
    assert f"only {disk.capacity - 4 * GB} bytes were free" in line


@pytest_twisted.ensureDeferred
async def test_the_bin_is_emptied_first(world: World, disk: Disk, recorded: Kept) -> None:
    """What somebody threw away goes before what somebody may still want."""
    old, binned = recorded(0), recorded(5)
    world.change("recordings", binned, deleted=CREATED + 6 * DAY)
    disk.capacity = 3 * GB + GB // 100
    await keeper(world, disk, storage_policy="prune").enforce()
    assert left(world) == {old}


@pytest_twisted.ensureDeferred
async def test_another_recording_with_the_id_for_its_title(
    world: World, disk: Disk, recorded: Kept
) -> None:
    """A title that is the ID of what expires does not take its place."""
    one = recorded()
    other = recorded(5, title=one)
    world.clock.advance(CREATED + 2 * DAY)
    await keeper(world, disk, expire_after_days=1).enforce()
    assert left(world) == {other}


@pytest_twisted.ensureDeferred
async def test_few_go_at_a_time(world: World, disk: Disk, recorded: Kept) -> None:
    """A clock that is wrong by years does not empty the library at once."""
    for _ in range(retention.MOST_AT_A_TIME + 5):
        recorded()
    world.clock.advance(CREATED + 9999 * DAY)
    await keeper(world, disk, expire_after_days=1).enforce()
    assert len(left(world)) == 5


@pytest_twisted.ensureDeferred
async def test_hours_left_are_told_once_for_each_threshold(world: World, disk: Disk) -> None:
    """Below 24, 4 and 1 hours; again only after there was more room."""
    world.recordings_dir.mkdir(exist_ok=True)
    keep = keeper(world, disk)
    disk.mbit_per_s = 8.0  # 3.6 GB an hour

    async def told(hours: float) -> list[str]:
        disk.capacity = round(GB + hours * 3.6 * GB)
        with capturedLogs() as logs:
            await keep.enforce()
        assert all(event["log_level"] is LogLevel.warn for event in logs)
        return [formatEvent(event).split(" room for ")[1][:9] for event in logs]

    assert await told(30) == []
    assert await told(23) == ["23.0 hour"]
    assert await told(20) == []
    assert await told(3) == ["3.0 hours"]
    assert await told(0.5) == ["0.5 hours"]
    assert await told(0.6) == []
    assert await told(30) == []
    assert await told(0.9) == ["0.9 hours"]


@pytest_twisted.ensureDeferred
async def test_without_an_engine_nothing_is_told(
    world: World, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rate, no hours."""

    async def gone(self: Disk) -> dict[str, Any]:
        raise EngineUnavailableError("gone")

    monkeypatch.setattr(Disk, "read_status", gone)
    with capturedLogs() as logs:
        await keeper(world, disk).enforce()
    assert not logs


@pytest.mark.parametrize("days", [-1.0, 40_000.0, float("nan"), float("inf")])
def test_an_expiry_out_of_range(world: World, recorded: Kept, days: float) -> None:
    """It is refused, and nothing is changed."""
    one = recorded()
    with pytest.raises(InvalidValueError, match="days: must be"), world.store.begin() as conn:
        keeping.set_expiry(conn, one, days)
    assert world.rows("recordings", id=one)[0]["expire_after_days"] is None


def test_hours_at_a_rate() -> None:
    """What is above the floor, at what is recorded, else at that of one encoder."""
    assert Space(GB + 3_600_000_000, GB, 8e6).hours == 1.0
    assert Space(GB + 3_600_000_000, GB, 0.0).hours == 1.0
    assert Space(GB, 2 * GB, 8e6).hours == 0.0


def test_the_present_rate_counts_each_recording_of_a_source() -> None:
    """A source that two recordings take is written twice."""
    sources = [{"bits_per_second": 2e6, "recordings": 2}, {"bits_per_second": 1e6, "recordings": 0}]
    assert present_bit_rate({"recorder": {"sources": sources}}) == 4e6
    assert present_bit_rate({}) == 0.0
