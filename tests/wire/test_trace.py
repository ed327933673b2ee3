"""The trace has every line with its answer, byte for byte, and what became of connections."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet import defer
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from hmp_twisted.commands.trace import SHOWN_BYTES, Exchange, Trace, What
from hmp_twisted.config import CommandApiSettings
from hmp_twisted.services.rights import Actor
from hmp_twisted.wire.factory import CommandFactory
from hmp_twisted.wire.rehearsal import Rehearsal

from .serving import FakeDispatcher

PEER = IPv4Address("TCP", "10.0.0.7", 4711)
PANEL = Actor(None, "panel")


class Transport(StringTransport):
    """One that can be closed on one side."""

    def loseWriteConnection(self) -> None:
        """Nothing more is sent."""


class Stand:
    """Connections in memory, and their trace."""

    def __init__(self, actor: Actor | None = PANEL) -> None:
        self.clock, self.dispatcher = Clock(), FakeDispatcher()
        self.trace = Trace(self.clock)
        self.settings = CommandApiSettings(max_line_bytes=512)
        self.factory = CommandFactory(
            self.settings, lambda _: actor, self.dispatcher, self.clock, self.trace
        )
        self.connection = self.factory.buildProtocol(PEER)
        self.connection.makeConnection(Transport(peerAddress=PEER))

    @property
    def seen(self) -> list[Exchange]:
        """What is in the trace."""
        return [exchange for _, exchange in self.trace.ring.after(0)]

    def rehearse(self, data: bytes) -> defer.Deferred[list[Exchange]]:
        """Send bytes as the console does."""
        rehearsal = Rehearsal(self.dispatcher, self.settings, self.clock, self.trace)
        sent = rehearsal.send(Actor("id", "ada"), "the console", data)
        done = defer.Deferred.fromCoroutine(sent)
        self.clock.advance(0)
        return done


def test_a_command_is_traced_with_its_answer() -> None:
    """Bytes as they came and went, who it was, and how long it took."""
    stand = Stand()
    stand.connection.dataReceived(b'wait "a b"\r\n')
    stand.clock.advance(0.25)
    stand.dispatcher.waiting[0].callback("OK|x")
    connected, command = stand.seen
    assert connected.what is What.CONNECTED
    assert (command.what, command.peer, command.actor) == (What.COMMAND, "10.0.0.7:4711", "panel")
    assert (command.received, command.sent) == (b'wait "a b"\r\n', b"OK|x\n")
    assert (command.elapsed_s, command.at) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("line", "what", "sent"),
    [
        (b'say "x\n', What.SYNTAX, b"ERROR|000001|Syntax Error\n"),
        (b"say \xfe\n", What.SYNTAX, b"ERROR|000001|Syntax Error\n"),
        (b"x" * 600 + b"\n", What.SYNTAX, b"ERROR|000001|Syntax Error\n"),
        (b"GET / HTTP/1.1\r\n", What.HTTP, b""),
    ],
)
def test_what_is_no_command_is_traced_too(line: bytes, what: What, sent: bytes) -> None:
    """With what it was answered, if it was."""
    stand = Stand()
    stand.connection.dataReceived(line)
    last = stand.seen[-1]
    assert (last.what, last.sent) == (what, sent)
    assert last.received[:400] == line[:400]
    stand.connection.connectionLost()
    stand.clock.advance(10)


def test_a_refused_connection_is_traced() -> None:
    """Nobody acts; the answer is there."""
    stand = Stand(actor=None)
    (refused,) = stand.seen
    assert (refused.what, refused.actor) == (What.REFUSED, "")
    assert refused.sent == b"ERROR|020000|Not Authorized\n"
    stand.connection.connectionLost()


def test_the_end_of_a_connection_is_traced() -> None:
    """And who is connected can be asked."""
    stand = Stand()
    stand.clock.advance(5)
    assert [(c.peer, c.actor, c.for_s) for c in stand.factory.connected()] == [
        ("10.0.0.7:4711", "panel", 5)
    ]
    stand.connection.connectionLost()
    assert stand.seen[-1].what is What.LEFT
    assert stand.factory.connected() == ()


def test_long_lines_are_cut_in_the_trace() -> None:
    """Their size is told."""
    trace = Trace(Clock())
    trace.of("peer", "")(What.COMMAND, b"x" * 10_000, b"y" * 9000)
    ((_, exchange),) = trace.ring.after(0)
    assert (len(exchange.received), exchange.received_size) == (SHOWN_BYTES, 10_000)
    assert (len(exchange.sent), exchange.sent_size) == (SHOWN_BYTES, 9000)


@pytest_twisted.ensureDeferred
async def test_the_console_sends_through_a_real_connection() -> None:
    """Several lines, one of them broken, as one who is no device."""
    stand = Stand()
    exchanges = await stand.rehearse(b'say a\n\nsay "b\nsay c\n')
    assert [e.sent for e in exchanges] == [b"OK|a\n", b"ERROR|000001|Syntax Error\n", b"OK|c\n"]
    assert {e.peer for e in exchanges} == {"the console"}
    assert [actor.name for actor, *_ in stand.dispatcher.seen] == ["ada", "ada"]
    assert stand.seen[1:] == exchanges


@pytest_twisted.ensureDeferred
async def test_what_the_console_sends_is_refused_as_over_tcp() -> None:
    """HTTP ends the connection: nothing after it is executed."""
    stand = Stand()
    exchanges = await stand.rehearse(b"GET / HTTP/1.1\nsay c\n")
    assert [e.what for e in exchanges] == [What.HTTP]
    assert stand.dispatcher.seen == []
    stand.clock.advance(10)
    assert not stand.clock.getDelayedCalls()
