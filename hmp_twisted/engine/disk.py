"""Threads for what waits for the disk: syncing, closing, replacing files. The reactor may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred

from ..threads import thread_pool

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4
"""So that one recording's slow close does not keep the others from being synced."""


class DiskThreads:
    """Runs plain functions on a few threads of the media engine's own."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = thread_pool(0, _THREADS, "engine-disk")

    def start(self) -> None:
        """Take jobs from now on."""
        self._pool.start()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Call the function on a thread; fires with what it returns, fails with what it raises."""
        answer: Deferred[T] = Deferred()

        def deliver(success: bool, result: Any) -> None:
            done = answer.callback if success else answer.errback
            self._reactor.callFromThread(done, result)

        self._pool.callInThreadWithCallback(deliver, function, *args, **kwargs)
        return answer

    def stop(self) -> None:
        """Wait for what runs, and take no more."""
        self._pool.stop()
