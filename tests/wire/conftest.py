"""A connection without a socket: bytes in, bytes out, the clock in hand."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from hmp_twisted.config import CommandApiSettings
from hmp_twisted.wire.connection import CommandConnection


class FakeTransport(StringTransport):
    """A transport that tells how the connection was ended."""

    write_closed = False
    aborted = False

    def loseWriteConnection(self) -> None:
        """Note that the sending side was closed."""
        self.write_closed = True

    def abortConnection(self) -> None:
        """Note that the connection was cut."""
        self.aborted = True

    @property
    def reading(self) -> bool:
        """Whether the protocol wants to be given bytes."""
        return self.producerState == "producing"


@attrs.define
class Commands:
    """Runs commands: each is answered at once with its words, or waits if it is called ``wait``."""

    started: list[list[str]] = attrs.field(factory=list)
    waiting: list[Deferred[str]] = attrs.field(factory=list)

    async def run(self, words: list[str]) -> str:
        """Answer a line's words."""
        self.started.append(words)
        if words[0] != "wait":
            return "OK|" + "|".join(words)
        self.waiting.append(Deferred())
        return await self.waiting[-1]

    def finish(self, text: str = "OK") -> None:
        """Answer the command that has waited longest."""
        self.waiting.pop(0).callback(text)


@attrs.define
class Wired:
    """A connection with what is at its ends."""

    connection: CommandConnection
    transport: FakeTransport
    commands: Commands
    clock: Clock
    left: list[CommandConnection]

    def send(self, data: bytes) -> None:
        """Let bytes arrive."""
        self.connection.dataReceived(data)

    def answers(self) -> bytes:
        """What was sent since this was last asked."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    def lose(self) -> None:
        """Let the connection be gone."""
        self.connection.connectionLost(Failure(ConnectionDone()))


def wire(**settings: Any) -> Wired:
    """A connection that has just been made."""
    clock, commands, left = Clock(), Commands(), []  # type: ignore[var-annotated]  # filled below
    connection = CommandConnection(commands.run, CommandApiSettings(**settings), clock, left.append)
    transport = FakeTransport()
    connection.makeConnection(transport)
    return Wired(connection, transport, commands, clock, left)


@pytest.fixture
def wired() -> Wired:
    """A connection with the default settings."""
    return wire()
