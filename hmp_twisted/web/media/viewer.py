"""One browser that takes live bytes; one that does not take them is dropped, not buffered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from ...logs import Logger

log = Logger()

BOUND_BYTES = 4 << 20
"""What may wait for a browser: four seconds at 8 Mbit/s."""

MPEG_TS = b"video/mp2t"


@implementer(IPushProducer)
class Viewer:
    """Writes into a response without an end."""

    def __init__(self, request: Request, name: str, bound: int = BOUND_BYTES) -> None:
        """Args:
        request: whose response it is.
        name: what is watched, for the log.
        bound: how many bytes may wait.
        """
        self._request = request
        self.name = name
        self._bound = bound
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._paused = True
        self._on_gone: list[Callable[[], None]] = []
        self.is_gone = request.channel is None
        """Whether nothing more can be sent."""
        if not self.is_gone:  # of one that left before this, nothing would be told any more
            request.notifyFinish().addBoth(lambda _: self._leave())

    def when_gone(self, then: Callable[[], None]) -> None:
        """Call this, too, once nothing more can be sent, which may be now."""
        if self.is_gone:
            then()
        else:
            self._on_gone.append(then)

    def begin(self) -> None:
        """Answer: with what came meanwhile, and then with what comes."""
        if self.is_gone:
            return
        self._request.setHeader(b"Content-Type", MPEG_TS)
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def send(self, data: bytes) -> None:
        """Send on, or keep within the bound; beyond it the viewer is dropped."""
        if self.is_gone:
            return
        if not self._paused:
            self._request.write(data)
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > self._bound:
            log.info("{name}: a viewer that reads too slowly is dropped", name=self.name)
            self._abort()
            self._leave()

    def end(self) -> None:
        """Nothing more comes: end the response in order."""
        if not self.is_gone:
            self._leave()
            self._request.unregisterProducer()
            self._request.finish()

    def pauseProducing(self) -> None:
        """The browser's connection is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It has room again."""
        self._paused = False
        while self._waiting and not self._paused:
            data = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            self._request.write(data)

    def stopProducing(self) -> None:
        """The browser is gone."""
        self._leave()

    def _abort(self) -> None:
        """Cut the connection: closed in order it would stay until all that waits was taken."""
        channel: Any = self._request.channel
        channel.transport.abortConnection()

    def _leave(self) -> None:
        if not self.is_gone:
            self.is_gone = True
            self._waiting.clear()
            on_gone, self._on_gone = self._on_gone, []
            for then in on_gone:
                then()
