"""The receiver waits for the writer where the two share a processor, and not for long in vain."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from hmp_twisted.engine import handover as handover_module
from hmp_twisted.engine.buffers import Buffer, Overflow
from hmp_twisted.engine.handover import PART, Handover

from ..harness import wait_for


class Writing:
    """A thread that writes buffers when the test lets it, and keeps its processor busy for it."""

    def __init__(self, handover: Handover) -> None:
        self.go = threading.Event()
        self.busy_s = 0.0
        self._handover = handover
        self._jobs: SimpleQueue[Buffer | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        wait_for(self._jobs.empty, 5, "writer")

    def put(self, buffer: Buffer) -> None:
        """Have a buffer written."""
        buffer.queued += 1
        self._jobs.put(buffer)

    def stop(self) -> None:
        """End the thread."""
        self.go.set()
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        self._handover.begin()
        self._handover.take_on()
        while (buffer := self._jobs.get()) is not None:
            self.go.wait(20)
            end = time.thread_time() + self.busy_s
            while time.thread_time() < end:
                hashlib.sha256(bytes(1 << 20))  # without the interpreter's lock
            buffer.written += 1
            self._handover.done()


@pytest.fixture
def processors(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """The processor of each thread that is not on the first."""
    found: dict[int, int] = {}
    monkeypatch.setattr(handover_module, "_processor", lambda: found.get(threading.get_ident(), 0))
    return found


@pytest.fixture
def handover(processors: dict[int, int]) -> Handover:
    """With a tick of a tenth of a second before it."""
    made = Handover()
    made.refill(0.1)
    return made


@pytest.fixture
def writing(handover: Handover) -> Iterator[Writing]:
    """The thread, which is ended."""
    made = Writing(handover)
    yield made
    made.stop()


@pytest.fixture
def buffer() -> Buffer:
    """An empty one."""
    return Buffer(Overflow())


def test_a_writer_on_the_same_processor_is_waited_for(
    handover: Handover, writing: Writing, buffer: Buffer
) -> None:
    """Until the buffer is written, however long the writer itself works on it."""
    handover.refill(0.6)
    writing.go.set()
    writing.busy_s = 0.4  # more than may be waited in vain
    writing.put(buffer)
    handover.lend(buffer)
    assert buffer.idle


def test_a_writer_on_another_processor_is_not(
    handover: Handover, writing: Writing, buffer: Buffer, processors: dict[int, int]
) -> None:
    """It runs meanwhile."""
    processors[threading.get_ident()] = 1
    writing.put(buffer)
    begun = time.monotonic()
    handover.lend(buffer)
    assert not buffer.idle
    assert time.monotonic() - begun < 0.1 * PART


def test_a_writer_that_waits_itself_costs_a_part_of_the_tick(
    handover: Handover, writing: Writing, buffer: Buffer
) -> None:
    """On a disk that stands still, or behind another program; then no more until the next tick."""
    writing.put(buffer)
    times = [time.monotonic()]
    for _ in range(3):
        handover.lend(buffer)
        times.append(time.monotonic())
    assert times[1] - times[0] >= 0.1 * PART
    assert times[3] - times[1] < 0.1 * PART
    writing.go.set()
    handover.refill(10.0)
    handover.lend(buffer)
    assert buffer.idle


def test_nothing_to_write_is_not_waited_for(handover: Handover, buffer: Buffer) -> None:
    """A source that nobody records: there may never have been a writer."""
    handover.lend(buffer)
    assert buffer.idle


def test_what_was_told_before_does_not_end_a_wait(
    handover: Handover, writing: Writing, buffer: Buffer
) -> None:
    """A buffer is written when it is, not when another was."""
    first = Buffer(Overflow())
    writing.put(first)
    writing.put(buffer)
    handover.lend(first)  # in vain; told of later
    writing.go.set()
    wait_for(lambda: buffer.idle, 5, "written buffer")
    writing.go.clear()
    writing.put(buffer)
    threading.Timer(0.02, writing.go.set).start()
    handover.refill(10.0)
    handover.lend(buffer)
    assert buffer.idle
