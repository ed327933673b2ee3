"""The writer goes first, unless a socket is about to run over or much waits to be written."""

from __future__ import annotations

import attrs
import pytest

from hmp_twisted.engine.balance import BEHIND, CLAIMED, NEAR, Balance
from hmp_twisted.engine.buffers import Buffer, Pool
from hmp_twisted.engine.handover import Handover

BUFFERS = 40
CAPACITY = 1000
TOO_MANY = int(CAPACITY * BEHIND) + 1


@attrs.define
class Told(Handover):
    """What the balance asked for, in order."""

    asked: list[str] = attrs.field(factory=list)

    def refill(self, tick_s: float) -> None:
        self.asked.append(f"refill {tick_s}")

    def lend(self, buffer: Buffer) -> None:
        self.asked.append("lend")

    def claim(self) -> None:
        self.asked.append("claim")

    def release(self) -> None:
        self.asked.append("release")


@pytest.fixture
def pool() -> Pool:
    """With room for a few buffers."""
    return Pool(BUFFERS)


@pytest.fixture
def told() -> Told:
    """Nothing asked yet."""
    return Told()


@pytest.fixture
def balance(pool: Pool, told: Told) -> Balance:
    """Between the two."""
    return Balance(pool, told)


def settle(balance: Balance, pool: Pool, count: int) -> None:
    """So many buffers are taken and given to a writer that writes none."""
    for _ in range(count):
        buffer = pool.take()
        assert buffer is not None
        buffer.queued += 1
        balance.settled(buffer)


def test_the_writer_goes_first(balance: Balance, pool: Pool, told: Told) -> None:
    """As long as little waits and sockets are far from full."""
    balance.tick(0.05)
    balance.took(TOO_MANY - 1, CAPACITY)
    settle(balance, pool, NEAR)
    balance.drained(emptied=True)
    assert told.asked == ["refill 0.05", *["lend"] * NEAR, "release"]


def test_a_socket_that_fills_goes_before(balance: Balance, pool: Pool, told: Told) -> None:
    """From the first buffer on, until all are empty."""
    balance.took(TOO_MANY, CAPACITY)
    balance.took(1, CAPACITY)  # of another source
    settle(balance, pool, 1)
    balance.drained(emptied=False)
    settle(balance, pool, 1)
    balance.drained(emptied=True)
    settle(balance, pool, 1)
    assert told.asked == ["claim", "release", "claim", "release", "lend"]


def test_a_backlog_is_written_between_the_drains(balance: Balance, pool: Pool, told: Told) -> None:
    """What came before the drain waits already; what the drain takes need not wait for that."""
    settle(balance, pool, NEAR + 2)
    balance.drained(emptied=True)
    assert told.asked == [*["lend"] * NEAR, "claim", "claim", "release"]


def test_nearly_full_the_pool_is_shared_by_both(balance: Balance, pool: Pool, told: Told) -> None:
    """Else it would run over while the writer stood back."""
    balance.took(TOO_MANY, CAPACITY)
    settle(balance, pool, BUFFERS)
    full = int(BUFFERS * CLAIMED)
    assert told.asked == ["claim"] * (full - 1) + ["release"] * (BUFFERS - full + 1)
