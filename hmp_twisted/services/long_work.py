"""Work on whole recordings' files: beside all other, and given up when the server stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred

from ..errors import NotReadyError
from ..store.pool import Store

T = TypeVar("T")
N = TypeVar("N", int, float)


class LongWork:
    """Runs what takes minutes; two at a time, others wait for their turn."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._closing = False

    def close(self) -> None:
        """Give up what runs, at its next word of progress: the server is not to wait for it."""
        self._closing = True

    def run(
        self, work: Callable[[Callable[[N], None]], T], progress: Callable[[N], None]
    ) -> Deferred[T]:
        """Call ``work`` on a thread, with a ``progress`` that ends it when the server stops.

        Args:
            work: tells what it is given how it goes on, often; lets pass what that raises.
            progress: told the same, on that thread.

        Fails with:
            NotReadyError: the server stops.
        """

        def go_on(told: N) -> None:
            self._check()
            progress(told)

        def begin() -> T:
            self._check()  # it may have waited for its turn
            return work(go_on)

        return self._store.in_long_thread(begin)

    def _check(self) -> None:
        if self._closing:
            raise NotReadyError("the server is stopping")
