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
from hmp_twisted.engine.handover import MOST_S, PART, Handover

from ..harness import wait_for


class Writing:
    """A thread that writes buffers when the test lets it, and keeps its processor busy for it."""

    def __init__(self, handover: Handover) -> None:
        self.go = threading.Event()
        self._ready = threading.Event()
        self.busy_s = 0.0
        self._handover = handover
        self._jobs: SimpleQueue[Buffer | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(20), "the writer did not begin"

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
        self._ready.set()
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
    handover: Handover, writing: Writing, buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the buffer is written, however long the writer itself works on it."""
    monkeypatch.setattr(handover, "_idle_s", lambda: 0.0)
    writing.go.set()
    writing.busy_s = 3 * MOST_S
    writing.put(buffer)
    handover.lend(buffer)
    assert buffer.idle


def test_only_what_the_writer_does_not_work_is_waited_in_vain(
    handover: Handover, writing: Writing, buffer: Buffer
) -> None:
    """As its own clock shows."""
    begun, idle = time.monotonic(), handover._idle_s()
    writing.busy_s = 0.2
    writing.put(buffer)
    writing.go.set()
    wait_for(lambda: buffer.idle, 20, "written buffer")
    assert handover._idle_s() - idle <= time.monotonic() - begun - 0.2


def test_a_writer_on_another_processor_is_not(
    handover: Handover, writing: Writing, buffer: Buffer, processors: dict[int, int]
) -> None:
    """It runs meanwhile."""
    processors[threading.get_ident()] = 1
    writing.put(buffer)
    handover.lend(buffer)
    assert not buffer.idle
    assert handover._left_s == 0.1 * PART


def test_a_writer_that_waits_itself_costs_a_part_of_the_tick(
    handover: Handover, writing: Writing, buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that stands still, or behind another program; then no more until the next tick."""
    writing.put(buffer)
    begun = time.monotonic()
    handover.lend(buffer)
    assert time.monotonic() - begun >= 0.1 * PART
    assert handover._left_s <= 0
    handover.lend(buffer)  # returns, although nothing has changed
    assert not buffer.idle
    monkeypatch.setattr(handover_module, "MOST_S", 20.0)
    handover.refill(100.0)
    writing.go.set()
    handover.lend(buffer)
    assert buffer.idle


def test_nothing_to_write_is_not_waited_for(handover: Handover, buffer: Buffer) -> None:
    """A source that nobody records: there may never have been a writer."""
    handover.lend(buffer)
    assert buffer.idle


def test_another_buffer_that_is_written_does_not_end_a_wait(
    handover: Handover, writing: Writing, buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies before it in the queue is told of, too."""
    monkeypatch.setattr(handover_module, "MOST_S", 20.0)
    handover.refill(100.0)
    writing.busy_s = 0.05
    writing.put(Buffer(Overflow()))
    writing.put(buffer)
    writing.go.set()
    handover.lend(buffer)
    assert buffer.idle
