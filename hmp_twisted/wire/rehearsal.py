"""Lines that an administrator types in the web interface, executed as if a device had sent them.

They go through a real connection whose transport is in memory: what the console shows is what
the same bytes would be answered over TCP, limits and refusals included.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..commands.dispatch import Dispatcher
from ..commands.trace import Exchange, Trace, What
from ..config import CommandApiSettings
from ..services.rights import Actor
from .connection import CommandConnection


class _Memory:
    """A transport that takes everything at once, and is lost when it is told to close."""

    disconnecting = False

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self.protocol: Any = None

    def write(self, data: bytes) -> None:
        """Sent; what is sent is told by the connection's watch."""

    def getPeer(self) -> UNIXAddress:
        """Nobody's address."""
        return UNIXAddress(None)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """It is never paused."""

    def unregisterProducer(self) -> None:
        """It was never paused."""

    def pauseProducing(self) -> None:
        """All has been given already."""

    def resumeProducing(self) -> None:
        """All has been given already."""

    def loseWriteConnection(self) -> None:
        """The end of input that follows closes it."""

    def loseConnection(self) -> None:
        """Close, not in the middle of what the protocol does."""
        if not self.disconnecting:
            self.disconnecting = True
            self._clock.callLater(0, self.protocol.connectionLost)

    def abortConnection(self) -> None:
        """Close."""
        self.loseConnection()


@attrs.frozen
class Rehearsal:
    """The console's way to the commands."""

    _dispatcher: Dispatcher
    _settings: CommandApiSettings
    _clock: IReactorTime
    _trace: Trace

    async def send(self, actor: Actor, peer: str, data: bytes) -> list[Exchange]:
        """Send bytes on a connection of their own, then end it.

        Args:
            actor: as whom.
            peer: what trace and log call the sender.

        Returns:
            what was exchanged, in order; each is in the trace, too.
        """
        exchanges: list[Exchange] = []

        def watch(what: What, received: bytes, sent: bytes, elapsed_s: float) -> None:
            """Trace it, and keep it for the answer."""
            self._trace.of(peer, actor.name)(what, received, sent, elapsed_s)
            exchanges.append(self._trace.ring.after(self._trace.ring.last - 1)[0][1])

        async def run(words: list[str]) -> str:
            """Execute a line\'s words."""
            return await self._dispatcher.dispatch(actor, words, peer)

        gone: Deferred[None] = Deferred()
        connection = CommandConnection(
            run, self._settings, self._clock, lambda _: gone.callback(None), watch
        )
        memory = _Memory(self._clock)
        memory.protocol = connection
        connection.makeConnection(memory)
        connection.dataReceived(data)
        connection.readConnectionLost()
        await gone
        return exchanges
