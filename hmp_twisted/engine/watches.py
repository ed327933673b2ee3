"""Sources that are watched: held for as long as somebody does, recorded or not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from ..logs import Logger
from .receiver import Receiver
from .source import Source
from .sources import SourceAddress
from .tap import Tap
from .writer import Writer

log = Logger()


class Watch:
    """One hold on a source, and the tap on it once it has begun."""

    def __init__(self, watches: Watches, source: Source) -> None:
        self._watches = watches
        self._source = source
        self._tap: Tap | None = None
        self._ended = False

    def begin(self, sock: socket.socket, on_lost: Callable[[], None]) -> None:
        """Send what arrives from now on into ``sock``, which is the watch's own.

        Args:
            sock: a connected stream socket.
            on_lost: called once if the other side does not keep up, or is gone.
        """
        if self._tap is not None or self._ended:
            sock.close()
            return

        def lost(why: str) -> None:
            log.debug("source {source}: no longer watched: {why}", source=self.name, why=why)
            self._watches.reactor.callFromThread(on_lost)

        self._tap = Tap(sock, lost)
        self._source.sinks.append(self._tap)
        log.debug("source {source}: watched", source=self.name)

    def end(self) -> None:
        """Watch no more; a second time it does nothing."""
        if self._ended:
            return
        self._ended = True
        if self._tap is not None:
            self._source.sinks.remove(self._tap)
            # Only the writer knows when nothing of it is left to be sent.
            self._watches.writer.when_written(self._tap.lane, self._tap.close)
        self._watches.forget(self, self._source)

    @property
    def name(self) -> str:
        """The source, for people to read."""
        return str(self._source.address)


class Watches:
    """Every source that is watched."""

    def __init__(self, reactor: Any, receiver: Receiver, writer: Writer) -> None:
        self.reactor = reactor
        self.writer = writer
        self._receiver = receiver
        self._watches: set[Watch] = set()

    def __len__(self) -> int:
        return len(self._watches)

    def open(self, url: str, interface: str) -> Watch:
        """Receive a source, to be watched.

        Raises:
            InvalidValueError: ``url`` names none.
            SourceUnusableError: it cannot be received; the message says why.
        """
        source = self._receiver.acquire(SourceAddress.parse(url, interface))
        watch = Watch(self, source)
        self._watches.add(watch)
        return watch

    def forget(self, watch: Watch, source: Source) -> None:
        """Let a source go that is watched no more."""
        self._watches.discard(watch)
        self._receiver.release(source)

    def close(self) -> None:
        """End every watch."""
        for watch in [*self._watches]:
            watch.end()
