"""The answer to who may not connect: one line, then the end; nothing sent is interpreted."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ..commands.answers import NOT_AUTHORIZED
from .farewell import Farewell
from .grammar import answer


@implementer(IHalfCloseableProtocol)
class Refusal(Protocol):
    """Says ``Not Authorized`` and closes. ``over`` is called when the connection is gone.

    Without ``linger`` it does not wait for the peer, who then may not get the line if it has sent
    something itself: for when too many wait already.
    """

    def __init__(self, clock: IReactorTime, over: Callable[[], None], *, linger: bool) -> None:
        self._clock = clock
        self._over = over
        self._linger = linger

    def connectionMade(self) -> None:
        """Answer at once."""
        assert self.transport is not None
        self._farewell = Farewell(self.transport, self._clock)
        self.transport.write(answer(NOT_AUTHORIZED.line()))
        self._farewell.begin(input_over=not self._linger)

    def dataReceived(self, data: bytes) -> None:
        """Drop it."""
        self._farewell.received(data)

    def readConnectionLost(self) -> None:
        """The peer has taken the answer, or does not want it."""
        self._farewell.input_ended()

    def writeConnectionLost(self) -> None:
        """The answer is on its way."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Gone."""
        self._farewell.over()
        self._over()
