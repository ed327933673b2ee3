"""Ending a connection so that the last line written reaches the peer.

A TCP socket that is closed with bytes unread sends RST, and the peer's kernel then throws away what
had been sent to it. So the sending side is closed first, and what still comes in is read and
dropped until the peer closes too: for a short time and up to a bound, both so that a peer that
will not go cannot stay.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ISSLTransport

LINGER_S = 2.0
MAX_DISCARDED_BYTES = 1 << 20


class Farewell:
    """The end of one connection; its protocol passes on what happens from now on."""

    def __init__(self, transport: Any, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._discarded = 0
        self._timer: IDelayedCall | None = None

    def begin(self, *, input_over: bool = False) -> None:
        """Close the sending side once all is sent; ``input_over``: nothing more will come in."""
        self._timer = self._clock.callLater(LINGER_S, self._give_up)
        # TLS has no half-close: its own end message takes the place of it.
        if input_over or ISSLTransport.providedBy(self._transport):
            self._transport.loseConnection()
        else:
            self._transport.loseWriteConnection()
            self._transport.resumeProducing()

    def received(self, data: bytes) -> None:
        """More came in, and is dropped."""
        self._discarded += len(data)
        if self._discarded > MAX_DISCARDED_BYTES:
            self._transport.abortConnection()

    def input_ended(self) -> None:
        """The peer has closed its sending side: nothing is unread any more."""
        self._transport.loseConnection()

    def over(self) -> None:
        """The connection is gone."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _give_up(self) -> None:
        self._transport.abortConnection()
