"""The receiver's timer: even, whatever the wall clock does, and not to be stopped by an error."""

from __future__ import annotations

import time

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from hmp_twisted.engine.ticker import Ticker

from .bench_of_recording import until


@pytest_twisted.ensureDeferred
async def test_it_calls_again_and_again_until_it_is_stopped() -> None:
    """It can be stopped from within, and started again."""
    calls: list[float] = []

    def tick() -> None:
        calls.append(time.monotonic())
        if len(calls) == 3:
            ticker.stop()

    ticker = Ticker(reactor, tick)
    ticker.start(0.01)
    await until(lambda: not ticker.running, "third call")
    await deferLater(reactor, 0.03)
    assert len(calls) == 3
    ticker.start(0.005)
    await until(lambda: len(calls) >= 5, "calls after the second start")
    ticker.close()
    assert not ticker.running


@pytest_twisted.ensureDeferred
async def test_a_wall_clock_set_back_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reactor's own calls would wait for an hour; the ticks come as before."""
    calls: list[int] = []
    ticker = Ticker(reactor, lambda: calls.append(1))
    ticker.start(0.01)
    now = time.time
    waiting = until(lambda: len(calls) >= 3, "ticks")
    monkeypatch.setattr(reactor, "seconds", lambda: now() - 3600)
    deadline = time.monotonic() + 5
    while len(calls) < 3 and time.monotonic() < deadline:
        reactor.doPoll(0.05)
    monkeypatch.undo()
    await waiting
    ticker.close()
    assert len(calls) >= 3


@pytest_twisted.ensureDeferred
async def test_an_error_does_not_stop_it() -> None:
    """What the function raises is logged, and the next tick comes."""
    calls: list[int] = []

    def tick() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")

    ticker = Ticker(reactor, tick)
    ticker.start(0.005)
    await until(lambda: len(calls) >= 3, "calls after the error")
    ticker.close()
    assert len(calls) >= 3
