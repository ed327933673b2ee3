"""Buffers are made before they are wanted, as many as arrive in a moment, and given back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmp_twisted.engine.buffers import RESERVE_S, Buffer, Pool

LIMIT = 100


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Buffer]:
    """Each buffer that is made."""
    found: list[Buffer] = []
    make = Buffer.__init__

    def note(self: Buffer, *args: object) -> None:
        make(self, *args)  # type: ignore[arg-type]
        found.append(self)

    monkeypatch.setattr(Buffer, "__init__", note)
    return found


def take(pool: Pool, count: int) -> None:
    """Take so many, each written before the next is taken, as usual."""
    for _ in range(count):
        assert pool.take() is not None


def stall(pool: Pool, count: int) -> list[Buffer]:
    """Take so many that are not written."""
    taken = []
    for _ in range(count):
        buffer = pool.take()
        assert buffer is not None
        buffer.queued += 1
        taken.append(buffer)
    return taken


def provide(pool: Pool, begin: float, times: int) -> None:
    """So many ticks, all of them within one period."""
    for tick in range(times):
        pool.provide(begin + tick * RESERVE_S / times / 2)


def test_what_arrives_in_a_moment_finds_buffers_made_ahead(made: list[Buffer]) -> None:
    """One more each tick, until there are as many as were taken in the period before."""
    pool = Pool(LIMIT)
    pool.provide(1.0)
    take(pool, 20)
    provide(pool, 1.0 + RESERVE_S, 30)
    known = len(made)
    assert known == 1 + 20  # the scratch buffer, and as many as were taken
    stall(pool, 20)
    assert len(made) == known
    stall(pool, 1)
    assert len(made) == known + 1


def test_little_that_arrives_needs_none(made: list[Buffer]) -> None:
    """One buffer is used again and again."""
    pool = Pool(LIMIT)
    for period in range(5):
        take(pool, 1)
        provide(pool, 1.0 + period * RESERVE_S, 10)
    assert len(made) == 2


def test_no_more_are_made_than_there_may_be(made: list[Buffer]) -> None:
    """Those that wait to be written are counted."""
    pool = Pool(10)
    pool.provide(1.0)
    take(pool, 30)
    stall(pool, 4)
    provide(pool, 1.0 + RESERVE_S, 30)
    assert len(made) == 1 + 10
    stall(pool, 6)
    assert pool.take() is None


def test_they_are_given_back_when_less_arrives(made: list[Buffer]) -> None:
    """By and by: a moment in which little came says little."""
    pool = Pool(LIMIT)
    pool.provide(1.0)
    take(pool, LIMIT)
    provide(pool, 1.0 + RESERVE_S, 2 * LIMIT)
    assert len(made) == 1 + LIMIT
    for buffer in stall(pool, LIMIT):
        buffer.written += 1
    provide(pool, 1.0 + 2 * RESERVE_S, 2)
    take(pool, 1)
    assert pool.kept == LIMIT
    for period in range(3, 20):
        provide(pool, 1.0 + period * RESERVE_S, 2)
        take(pool, 1)
    assert pool.kept < LIMIT


def test_a_buffer_is_not_copied_into_a_child() -> None:
    """After a fork the parent would pay for each page that it writes to."""
    buffer = Buffer(Pool(2)._overflow)
    buffer.memory[:4] = b"here"
    flags = _flags_of(buffer)
    assert "dc" in flags, "the memory is not left out of a fork"
    assert buffer.memory[:4] == b"here"


def _flags_of(buffer: Buffer) -> list[str]:
    """The kernel's flags of the buffer's memory."""
    address = buffer.packets.ctypes.data
    within = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split()[0]
        if "-" in head and not head.endswith(":"):
            begin, end = (int(part, 16) for part in head.split("-"))
            within = begin <= address < end
        elif within and head == "VmFlags:":
            return line.split()[1:]
    raise AssertionError("the buffer's memory is not mapped")
