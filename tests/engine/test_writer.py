"""The writer keeps the order of each lane; one that hangs holds up no other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hmp_twisted.engine.buffers import Buffer, Overflow
from hmp_twisted.engine.lane import Detour, Lane, Room, Step, Target
from hmp_twisted.engine.segments import SegmentFile
from hmp_twisted.engine.writer import HURRY_S, MOST_DETOURS, PATIENCE_S, Writer

from ..harness import wait_for

ROOM = 1000


class File:
    """Something that is written to, and hangs while its gate is shut."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.gate = threading.Event()
        self.gate.set()
        self.content = b""
        self.missed = 0
        self.skipped: list[tuple[int, int]] = []

    def write(self, data: Any) -> None:
        """Append, when the gate is open."""
        assert self.gate.wait(30), "the test never opened the gate"
        self.content += bytes(data)

    def miss(self, count: int) -> None:
        """Count what is lost."""
        self.missed += count

    def skip(self, count: int) -> None:
        """Note where that was."""
        self.skipped.append((len(self.content), count))


class Bench:
    """A writer with files, each in a lane of its own unless it is told otherwise."""

    def __init__(self) -> None:
        self.failed: list[tuple[Target, OSError]] = []
        self.writer = Writer(lambda *what: self.failed.append(what), ROOM)
        self.files: list[File] = []
        self.held_up: list[Target] = []
        self.caught_up: list[float] = []
        self.buffer = Buffer(Overflow())
        self.now = 100.0

    def file(self, lane: Lane | None = None) -> File:
        """One more file."""
        made = File(lane or Lane(self.held_up.append, self.caught_up.append))
        self.files.append(made)
        return made

    def put(self, *steps: Step) -> None:
        """Have it written, as what lies in the buffer."""
        self.writer.put(self.buffer, [*steps], 0)

    def pass_by(self, seconds: float) -> None:
        """So much time goes by while the writer is watched."""
        self.writer.watch(self.now)
        self.now += seconds
        self.writer.watch(self.now)

    def hang(self, file: File) -> None:
        """Have the writer hang in a file for so long that another thread goes on."""
        before = self.writer.detours
        file.gate.clear()
        self.put((file, b"h"))
        wait_for(lambda: self.writer._hand.holds, 20, "the writer to hang")
        self.pass_by(PATIENCE_S + 0.01)
        assert self.writer.detours == before + 1

    def let_go(self, file: File) -> None:
        """Let a file go on, until its lane is back among the others."""
        file.gate.set()
        wait_for(lambda: file.lane.detour is None, 20, "the end of the detour")
        self.writer.watch(self.now)

    def await_written(self, *lanes: Lane) -> None:
        """Until all that was put in these lanes is written."""
        for lane in lanes:
            done = threading.Event()
            self.writer.when_written(lane, done.set)
            assert done.wait(20)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """One whose files are all let go in the end."""
    made = Bench()
    yield made
    for file in made.files:
        file.gate.set()
    made.writer.stop()


def test_a_file_that_hangs_holds_up_no_other(bench: Bench) -> None:
    """Neither the rest of what was put with it, nor what comes later; it gets all in the end."""
    hung, well = bench.file(), bench.file()
    hung.gate.clear()
    bench.put((well, b"a"), (hung, b"1"), (well, b"b"), (hung, b"2"))
    bench.put((hung, b"3"), (well, b"c"))
    wait_for(lambda: bench.writer._hand.holds, 20, "the writer to hang")
    bench.pass_by(PATIENCE_S - 0.01)
    assert (well.content, bench.held_up) == (b"a", [])
    bench.pass_by(0.02)
    bench.await_written(well.lane)
    assert (well.content, hung.content) == (b"abc", b"")
    assert bench.held_up == [hung]
    assert not bench.buffer.idle, "what hangs is still read from"
    bench.let_go(hung)
    bench.put((hung, b"4"))
    bench.await_written(hung.lane)
    assert (hung.content, hung.missed, hung.skipped) == (b"1234", 0, [])
    assert bench.caught_up == [pytest.approx(PATIENCE_S, abs=0.02)]
    assert bench.buffer.idle
    assert bench.writer.detours == 0


def test_a_write_that_takes_long_but_ends_changes_nothing(bench: Bench) -> None:
    """Each write has the whole time; it is the same one that must take too long."""
    slow = bench.file()
    for number in range(5):
        slow.gate.clear()
        bench.put((slow, bytes([number])))
        wait_for(lambda: bench.writer._hand.holds, 20, "the writer to hang")
        bench.pass_by(PATIENCE_S * 0.9)
        slow.gate.set()
        bench.await_written(slow.lane)
    assert slow.content == bytes(range(5))
    assert bench.held_up == []


def test_a_late_end_of_one_detour_is_not_the_end_of_the_next() -> None:
    """A lane that hangs anew is not taken for one that has caught up."""
    lane, room = Lane(), Room(ROOM)
    first, second = Detour(lane, room, 0.0), Detour(lane, room, 1.0)
    lane.detour = first
    first.try_to_end()
    assert (lane.detour, first.ended) == (None, True)
    lane.detour = second
    first.try_to_end()
    assert (lane.detour, second.ended) == (second, False)


def test_the_end_of_a_detour_is_never_taken_for_a_file_that_hangs(bench: Bench) -> None:
    """It can take long only while the whole process stands still."""
    gate = threading.Event()
    bench.writer.when_written(bench.writer._free, lambda: gate.wait(30) and None)
    wait_for(lambda: bench.writer._hand.holds, 20, "the writer to hang")
    bench.pass_by(2 * PATIENCE_S)
    assert bench.writer.detours == 0
    gate.set()
    well = bench.file()
    bench.put((well, b"w"))
    bench.await_written(well.lane)
    assert well.content == b"w"


def test_what_belongs_together_goes_the_same_way(bench: Bench) -> None:
    """Files of one lane keep their order among each other, and what follows a write follows it."""
    hung = bench.file()
    other = bench.file(hung.lane)
    done: list[str] = []
    bench.hang(hung)
    bench.put((other, b"o"))
    bench.writer.when_written(hung.lane, lambda: done.append(str(other.content)))
    well = bench.file()
    bench.put((well, b"w"))
    bench.await_written(well.lane)
    assert (other.content, done) == (b"", [])
    bench.let_go(hung)
    assert done == ["b'o'"]


def test_what_waits_for_a_file_that_hangs_is_bounded(bench: Bench) -> None:
    """What does not fit is counted at once, its place is kept, and later bytes come after it."""
    hung, well = bench.file(), bench.file()
    bench.hang(hung)
    for number in range(5):
        bench.put((hung, bytes([number]) * (ROOM // 4)))
    bench.put((well, bytes(10 * ROOM)))
    bench.put((hung, b"x" * (ROOM // 4)))
    bench.await_written(well.lane)
    assert hung.missed == ROOM // 4 * 2
    assert len(well.content) == 10 * ROOM
    bench.let_go(hung)
    bench.put((hung, b"after"))
    bench.await_written(hung.lane)
    kept = b"h" + b"".join(bytes([n]) * (ROOM // 4) for n in range(4))
    assert hung.content == kept + b"after"
    assert hung.skipped == [(len(kept), ROOM // 2)]


def test_many_hang_at_a_time(bench: Bench) -> None:
    """The second is not waited for as long; beyond the most there may be, all wait."""
    hung = [bench.file() for _ in range(MOST_DETOURS + 1)]
    bench.hang(hung[0])
    for file in hung[1:]:
        file.gate.clear()
        bench.put((file, b"1"))
        wait_for(lambda file=file: [*bench.writer._hand.holds] == [(file, b"1")], 20, "another")
        bench.pass_by(HURRY_S + 0.01)
    assert bench.held_up == hung[:MOST_DETOURS]
    well = bench.file()
    bench.put((well, b"w"))
    hung[-1].gate.set()
    bench.await_written(well.lane)
    for file in hung:
        bench.let_go(file)
    assert len(bench.caught_up) == MOST_DETOURS
    assert bench.buffer.idle


def test_a_write_that_fails_after_it_hung(bench: Bench) -> None:
    """It is told of like any other, and the lane goes on."""

    class Failing(File):
        def write(self, data: Any) -> None:
            super().write(data)
            raise OSError(5, "Input/output error")

    failing = Failing(bench.file().lane)
    bench.files.append(failing)
    bench.hang(failing)
    bench.let_go(failing)
    assert [(target, error.errno) for target, error in bench.failed] == [(failing, 5)]


@pytest.mark.parametrize("seed", range(10))
def test_whatever_hangs_each_file_gets_all_in_order(bench: Bench, seed: int) -> None:
    """Files hang and come back at random while a real clock runs and much is put."""
    rng = random.Random(seed)
    writer = bench.writer
    writer._room.limit = 1 << 20
    files = [bench.file() for _ in range(5)]
    wanted = [b""] * len(files)
    for number in range(600):
        some = rng.sample(range(len(files)), 3)
        steps: list[Step] = []
        for which in some:
            piece = b"%d-%d;" % (which, number)
            wanted[which] += piece
            steps.append((files[which], memoryview(piece)))
        bench.put(*steps)
        if rng.random() < 0.1:
            files[rng.randrange(5)].gate.clear()
        if rng.random() < 0.2:
            files[rng.randrange(5)].gate.set()
        if rng.random() < 0.1:
            wait_for(lambda: writer._hand.holds or writer._jobs.empty(), 20, "the writer's work")
        bench.now += rng.random()
        writer.watch(bench.now)
    for file in files:
        file.gate.set()
    bench.await_written(*[file.lane for file in files])
    assert [file.content for file in files] == wanted
    assert bench.held_up, "nothing ever hung"
    _watch_until(bench, lambda: writer.detours == 0)
    assert len(bench.held_up) == len(bench.caught_up)
    wait_for(lambda: bench.buffer.idle, 20, "an idle buffer")


def _watch_until(bench: Bench, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        bench.writer.watch(bench.now)


def test_index_records_lie_where_their_packets_are(tmp_path: Path) -> None:
    """Before, within and behind what was missed; worked out by hand."""
    import numpy as np

    from hmp_twisted.engine.index_file import RECORD

    segment = SegmentFile(tmp_path / "00001.ts", 1, 0.0, 0.0, 0.0, Lane())
    segment.write(b"x" * 100)
    segment.skip(50)
    segment.write(b"y" * 30)
    segment.skip(20)
    segment.write(b"z" * 10)
    records = np.zeros(9, RECORD)
    records["offset"] = [0, 99, 100, 149, 150, 179, 180, 199, 200]
    assert segment.placed(records)["offset"].tolist() == [0, 99, 100, 129, 130]
    segment.close()
