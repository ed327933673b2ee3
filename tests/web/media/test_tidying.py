"""Tidying goes on whatever happens, and ends in order."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from hmp_twisted.errors import StoreError
from hmp_twisted.web.media.tidying import EVERY_S, Tidying


@pytest.mark.parametrize("error", [StoreError("busy"), OSError("no disk"), ValueError("a fault")])
def test_a_failure_is_tried_again(error: Exception) -> None:
    """Ten minutes later, and ten minutes after that."""
    clock, done = Clock(), []

    async def work() -> None:
        """Fail the first time."""
        done.append(clock.seconds())
        if len(done) == 1:
            raise error

    tidying = Tidying(clock, work)
    tidying.start()
    clock.advance(EVERY_S)
    clock.advance(EVERY_S)
    assert done == [0.0, EVERY_S, 2 * EVERY_S]
    assert Deferred.fromCoroutine(tidying.stop()).called
    assert not clock.getDelayedCalls()


def test_what_is_being_done_is_waited_for() -> None:
    """The database is closed after that."""
    going_on: Deferred[None] = Deferred()

    async def work() -> None:
        """Take long."""
        await going_on

    tidying = Tidying(Clock(), work)
    tidying.start()
    stopped = Deferred.fromCoroutine(tidying.stop())
    assert not stopped.called
    going_on.callback(None)
    assert stopped.called
