"""Pushes a ring's new items to a browser as server-sent events (``text/event-stream``).

A browser that reads slowly is not buffered for: it gets what is still in the ring when it reads
again, and how many it missed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

from ...ring import Ring

TOGETHER_S = 0.1
"""What comes within so long is sent together."""
MOST_TOGETHER = 200
BEAT_S = 15.0
"""A sign of life, by which both ends see that the other is gone; rights are looked at again."""


class Pushing(Resource):
    """One browser's stream of a ring's items."""

    isLeaf = True

    def __init__(
        self,
        reactor: IReactorTime,
        ring: Ring[Any],
        after: int,
        show: Callable[[int, Any], Any],
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> None:
        """Args:
        after: the number of the last item that the browser has.
        show: makes an attrs value of plain fields of an item.
        may_go_on: whether the viewer still has the right to it.
        """
        super().__init__()
        self._make = lambda request: _Stream(reactor, ring, after, show, may_go_on, request)

    def render(self, request: Request) -> int:
        """Begin; it ends with the connection."""
        request.setHeader("Content-Type", "text/event-stream; charset=utf-8")
        request.setHeader("X-Accel-Buffering", "no")
        self._make(request).begin()
        return NOT_DONE_YET


@implementer(IPushProducer)
class _Stream:
    """The transport's producer: paused while the browser does not read."""

    def __init__(
        self,
        reactor: IReactorTime,
        ring: Ring[Any],
        after: int,
        show: Callable[[int, Any], Any],
        may_go_on: Callable[[], Awaitable[bool]],
        request: Request,
    ) -> None:
        self._reactor = reactor
        self._ring = ring
        self._after = after
        self._show = show
        self._may_go_on = may_go_on
        self._request = request
        self._paused = self._over = False
        self._soon: IDelayedCall | None = None
        self._beat: IDelayedCall | None = None
        self._unwatch: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Send what there is, then what comes."""
        self._request.notifyFinish().addBoth(self._ended)
        self._request.write(b"retry: 2000\n\n")
        self._request.registerProducer(self, True)
        self._unwatch = self._ring.watch(self._told)
        self._schedule_beat()
        self._told()

    def pauseProducing(self) -> None:
        """The browser does not read."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It reads again."""
        self._paused = False
        self._told()

    def stopProducing(self) -> None:
        """It is gone, which ``notifyFinish`` tells, too."""

    def _told(self) -> None:
        if self._soon is None and not self._over:
            self._soon = self._reactor.callLater(TOGETHER_S, self._send)

    def _send(self) -> None:
        self._soon = None
        if self._paused or self._over:
            return
        items = self._ring.after(self._after)[-MOST_TOGETHER:]
        if not items:
            return
        missed = items[0][0] - self._after - 1
        lines = [f"event: missed\ndata: {missed}\n\n"] if missed and self._after else []
        for number, item in items:
            data = json.dumps(attrs.asdict(self._show(number, item)))
            lines.append(f"id: {number}\ndata: {data}\n\n")
        self._after = items[-1][0]
        self._request.write("".join(lines).encode())

    def _schedule_beat(self) -> None:
        self._beat = self._reactor.callLater(BEAT_S, self._look)

    def _look(self) -> None:
        self._beat = None
        Deferred.fromCoroutine(self._check()).addErrback(lambda _: self._finish())

    async def _check(self) -> None:
        allowed = await self._may_go_on()
        if self._over:
            return
        if not allowed:
            self._finish()
            return
        self._request.write(b": here\n\n")
        self._schedule_beat()

    def _finish(self) -> None:
        if not self._over:
            self._request.unregisterProducer()
            self._request.finish()

    def _ended(self, _: object) -> None:
        self._over = True
        self._unwatch()
        for call in (self._soon, self._beat):
            if call is not None and call.active():
                call.cancel()
