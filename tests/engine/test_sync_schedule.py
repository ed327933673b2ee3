"""When which file is synced: by a clock that the test moves, on a disk as slow as it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.logger import capturedLogs, formatEvent

from hmp_twisted.engine.lane import Lane
from hmp_twisted.engine.segments import FIRST_SYNC_S, SegmentFile
from hmp_twisted.engine.sync_schedule import PAUSE, TOGETHER, Arrears, SyncSchedule

INTERVAL_S = 1.0
BOOTED_S = 100_000.0
"""What the clock shows when a test begins: it has run since the machine was started."""


def _file(number: int, now: float = 0.0) -> SegmentFile:
    return SegmentFile(Path(f"{number}.ts"), number, 0.0, 0.0, BOOTED_S + now, Lane())


class Disk:
    """Syncs what the schedule says is due, and takes its time for it."""

    def __init__(self, took_s: float) -> None:
        self.took_s = took_s
        self.ages: list[float] = []
        """How old the oldest byte was that became durable, at each sync of a file."""
        self.batches: list[int] = []
        self._under_way: dict[SegmentFile, float] = {}

    def run(self, files: list[SegmentFile], tick_s: float, seconds: float) -> None:
        """Let so much time pass, tick by tick."""
        schedule = SyncSchedule(INTERVAL_S)
        for tick in range(1, round(seconds / tick_s) + 1):
            now = BOOTED_S + tick * tick_s
            self._end(now, tick_s)
            idle = [one for one in files if one not in self._under_way and one.first_at <= now]
            due = schedule.due(idle, now, tick_s)
            self.batches += [len(due)] if due else []
            for one in due:
                one.sync_begun_at = now
                self._under_way[one] = now + self.took_s

    def _end(self, now: float, tick_s: float) -> None:
        for one in [one for one, end in self._under_way.items() if end <= now]:
            end = self._under_way.pop(one)
            # What came right after the sync before began, and a tick before that was looked at.
            self.ages.append(end - one.durable_at + tick_s)
            one.durable_at, one.sync_took_s = one.sync_begun_at, self.took_s


@pytest.mark.parametrize("count", [1, 4, TOGETHER, TOGETHER + 1, 500])
@pytest.mark.parametrize(("tick_s", "took_s"), [(0.05, 0.01), (0.1, 0.2), (0.15, 0.05)])
def test_nothing_is_older_than_the_interval_when_it_is_durable(
    count: int, tick_s: float, took_s: float
) -> None:
    """However many files there are, long ticks are made, or the disk takes."""
    disk = Disk(took_s)
    files = [_file(number) for number in range(count)]
    disk.run(files, tick_s, 20.0)
    longer_s = max(0.0, took_s - FIRST_SYNC_S)  # how long it takes is not known at first
    assert max(disk.ages[:count]) <= INTERVAL_S + longer_s
    assert max(disk.ages[count:]) <= INTERVAL_S
    assert len(disk.ages) <= 20.0 / (INTERVAL_S - 3 * tick_s - took_s) * count, "too often"


def test_files_that_begin_one_by_one_come_in_time_too() -> None:
    """One that is new waits for its turn, and keeps no other from having its."""
    disk = Disk(0.02)
    files = [_file(number, now=number * 0.013) for number in range(300)]
    disk.run(files, 0.1, 20.0)
    assert max(disk.ages) <= INTERVAL_S
    assert min(one.sync_begun_at for one in files) > BOOTED_S + 18.5


def test_few_are_synced_together_and_many_in_turns() -> None:
    """Together, for the file system's log; in turns, lest the disk be busy for long."""
    few, many = Disk(0.01), Disk(0.01)
    few.run([_file(number, now=number * 0.05) for number in range(10)], 0.05, 10.0)
    assert set(few.batches[1:]) == {10}
    many.run([_file(number) for number in range(500)], 0.1, 10.0)
    assert min(many.batches) >= TOGETHER
    assert max(many.batches[20:]) < 250


def test_a_disk_that_takes_longer_than_the_interval_is_given_time() -> None:
    """The promise cannot be kept then; syncing without a pause would make it worse."""
    disk = Disk(3.0)
    disk.run([_file(1)], 0.05, 30.0)
    assert len(disk.ages) == 9
    # It was left alone meanwhile: what became durable came in two syncs and a pause.
    assert min(disk.ages[1:]) >= 2 * disk.took_s + PAUSE * INTERVAL_S


def test_the_first_choice_does_not_depend_on_how_long_the_machine_runs() -> None:
    """Nor does a long interval make it look as if a turn had been missed."""
    assert SyncSchedule(60.0).due([_file(1)], BOOTED_S + 0.05, 0.05) == []


def test_a_disk_that_does_not_keep_up_is_told_of_once() -> None:
    """How much a power cut would cost, and when that is over."""
    behind, idle = _file(1), _file(2)
    behind.written = 188
    arrears = Arrears(INTERVAL_S)
    with capturedLogs() as logged:
        arrears.look_at([behind, idle], BOOTED_S + 1.4)
        assert not logged
        arrears.look_at([behind, idle], BOOTED_S + 1.7)
        arrears.look_at([behind, idle], BOOTED_S + 2.7)
        behind.durable_at = BOOTED_S + 2.6
        arrears.look_at([behind, idle], BOOTED_S + 2.8)
        arrears.look_at([behind, idle], BOOTED_S + 2.9)
        arrears.look_at([behind], BOOTED_S + 9.0)
        arrears.look_at([], BOOTED_S + 9.0)  # its recording has ended
    late, over, late_again = map(formatEvent, logged)
    assert "up to 1.7 s of 1 of the tracks" in late
    assert "in time again" in over
    assert "up to 6.4 s" in late_again
