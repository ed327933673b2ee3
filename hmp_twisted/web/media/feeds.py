"""Live sources for browsers: each is fetched from the media engine once, for all viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IStreamClientEndpoint

from ...bus.live import LiveBytes, watch
from ...engine.inspection.psi import Programme
from ...logs import Logger
from ...store.rows import SourceRow
from .hearing import Hearing

log = Logger()

Key = tuple[str, str]
"""A source's URL and interface."""


class Taker(Protocol):
    """Who takes a source's bytes."""

    def send(self, data: bytes) -> None:
        """Take what came."""

    def end(self) -> None:
        """Nothing more comes."""


class Feed:
    """One source, while somebody takes it."""

    def __init__(self, name: str, on_idle: Callable[[], None]) -> None:
        self._on_idle = on_idle
        self.live = LiveBytes(self._take, self._end)
        self.takers: set[Taker] = set()
        self.name = name
        self._hearing = Hearing()
        self._known: tuple[Programme, ...] = ()

    def hear(self) -> tuple[Programme, ...]:
        """The programmes that it holds; none while they are not known."""
        if self._hearing.is_over:
            # Heard anew until it is asked again: an encoder may be set to something else.
            self._known, self._hearing = self._hearing.programmes, Hearing()
        return self._known or self._hearing.programmes

    def leave(self, taker: Taker) -> None:
        """Give this one nothing more; a second time it does nothing."""
        self.takers.discard(taker)
        if not self.takers:
            self._on_idle()
            self.live.stop()

    def _take(self, data: bytes) -> None:
        self._hearing.take(data)
        for taker in [*self.takers]:
            taker.send(data)

    def _end(self) -> None:
        self._on_idle()
        takers, self.takers = self.takers, set()
        for taker in takers:
            taker.end()


class Feeds:
    """Every source that browsers look at."""

    def __init__(self, reactor: Any, endpoint: IStreamClientEndpoint) -> None:
        """``endpoint`` leads to the media engine."""
        self._reactor = reactor
        self._endpoint = endpoint
        self._feeds: dict[Key, Feed] = {}
        self._opening = DeferredLock()

    def __len__(self) -> int:
        return len(self._feeds)

    async def join(self, source: SourceRow, taker: Taker) -> Feed:
        """Give ``taker`` what the source sends from now on, until it leaves the feed.

        Raises:
            SourceUnusableError, EngineUnavailableError, EngineFaultError: it cannot be had.
        """
        await self._opening.acquire()
        try:
            key = (source.url, source.interface)
            feed = self._feeds.get(key) or await self._open(key, source.name)
            feed.takers.add(taker)
            return feed
        finally:
            self._opening.release()

    def hear(self, source: SourceRow) -> tuple[Programme, ...]:
        """The programmes of a source that is looked at; none while they are not known."""
        feed = self._feeds.get((source.url, source.interface))
        return feed.hear() if feed is not None else ()

    async def _open(self, key: Key, name: str) -> Feed:
        feed = Feed(name, lambda: self._forget(key, feed))
        await watch(self._reactor, self._endpoint, *key, feed.live)
        self._feeds[key] = feed
        log.debug("source {name} is shown in browsers", name=name)
        return feed

    def _forget(self, key: Key, feed: Feed) -> None:
        if self._feeds.get(key) is feed:
            del self._feeds[key]
