"""The writer is let in while what was received is in the cache, unless others are busy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hmp_twisted.engine import writer as writer_module
from hmp_twisted.engine.writer import BUSY_S, LENT_S, MOST_YIELDS, Writer


class Processor:
    """One processor, and who has it while somebody yields: this program, or another."""

    def __init__(self) -> None:
        self.now = self.ours = 100.0
        self.taken_by_us = self.taken_by_others = 0.0
        self.yields = 0

    def monotonic(self) -> float:
        """As :func:`time.monotonic`."""
        return self.now

    def process_time(self) -> float:
        """As :func:`time.process_time`."""
        return self.ours

    def sched_yield(self) -> int:
        """Let others in."""
        self.yields += 1
        self.now += self.taken_by_us + self.taken_by_others
        self.ours += self.taken_by_us
        return 0


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    """What the writer sees of time."""
    made = Processor()
    monkeypatch.setattr(writer_module, "time", made)
    monkeypatch.setattr(writer_module, "_sched_yield", made.sched_yield)
    return made


@pytest.fixture
def writer(processor: Processor) -> Iterator[Writer]:
    """One with nothing to do."""
    made = Writer(lambda *_: None, 1000)
    yield made
    made.stop()


@pytest.mark.parametrize(("ours", "others", "yields"), [(20 * LENT_S, 0.0, 3), (0, 2 * LENT_S, 1)])
def test_only_another_program_keeps_the_writer_from_being_let_in(
    writer: Writer, processor: Processor, ours: float, others: float, yields: int
) -> None:
    """A slow write of our own is waited for each time; a processor that others want is theirs."""
    processor.taken_by_us, processor.taken_by_others = ours, others
    for _ in range(3):
        writer.get_ahead()
    assert processor.yields == yields
    processor.now += BUSY_S
    writer.get_ahead()
    assert processor.yields == yields + 1, "it is tried again after about a tick"


@pytest.mark.parametrize(("taken_by_others", "yields"), [(0.0, MOST_YIELDS), (2 * LENT_S, 1)])
def test_it_is_tried_again_while_the_writer_was_not_picked(
    writer: Writer,
    processor: Processor,
    monkeypatch: pytest.MonkeyPatch,
    taken_by_others: float,
    yields: int,
) -> None:
    """The system may give the processor back at once; not for ever, nor once others have it."""
    processor.taken_by_us, processor.taken_by_others = 2 * LENT_S, taken_by_others
    queue = writer._jobs

    class Waiting:
        """A queue that nobody empties."""

        def empty(self) -> bool:
            return False

        def get(self) -> object:
            """What the thread waits for."""
            return queue.get()

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_jobs", Waiting())
        writer.get_ahead()
    assert processor.yields == yields
