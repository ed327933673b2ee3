"""A Command Line API on real sockets, with a store and a dispatcher that a test holds in hand."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Any

import attrs
from twisted.internet import defer
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from hmp_twisted.config import CommandApiSettings
from hmp_twisted.services.access import Access, Entry
from hmp_twisted.services.rights import Actor
from hmp_twisted.wire.access import CommandApi

DEADLINE_S = 10.0


def access(*networks: str, enabled: bool = True, user_id: str | None = None) -> Access:
    """A list of devices."""
    entries = tuple(Entry(ip_network(net), Actor(user_id, f"device {net}")) for net in networks)
    return Access(enabled, entries)


@attrs.define
class FakeStore:
    """Answers what is put into it."""

    answer: Access | Exception

    def read(self, name: str, function: Callable[..., Any], *args: Any) -> defer.Deferred[Any]:
        """As the real one."""
        if isinstance(self.answer, Exception):
            return defer.fail(self.answer)
        return defer.succeed(self.answer)


@attrs.define
class FakeDispatcher:
    """Answers a line's words at once; ``wait`` waits until it is told to finish."""

    seen: list[tuple[Actor, list[str], str]] = attrs.field(factory=list)
    waiting: list[defer.Deferred[str]] = attrs.field(factory=list)

    async def dispatch(self, actor: Actor, words: Sequence[str], peer: str) -> str:
        """As the real one."""
        self.seen.append((actor, list(words), peer))
        if words[0] == "wait":
            self.waiting.append(defer.Deferred())
            return await self.waiting[-1]
        return "OK|" + words[-1]


@attrs.define
class Served:
    """A running service."""

    api: CommandApi
    store: FakeStore
    dispatcher: FakeDispatcher
    clock: Clock

    @property
    def port(self) -> int:
        """Where it listens."""
        address: Any = self.api.address
        return int(address.port)

    async def poll(self) -> None:
        """Let a second pass, and what follows from it happen."""
        self.clock.advance(1)
        await turns()

    async def stop(self) -> None:
        """Stop the service, letting time pass for who does not go by himself."""
        stopped = self.api.stopService()
        while not stopped.called:
            self.clock.advance(0.5)
            await turns()
        await stopped


async def turns(count: int = 5) -> None:
    """Let the reactor turn a few times."""
    from twisted.internet import reactor

    for _ in range(count):
        turned: defer.Deferred[None] = defer.Deferred()
        reactor.callLater(0, turned.callback, None)  # type: ignore[attr-defined]  # a module
        await turned


async def until(condition: Callable[[], object], what: str) -> None:
    """Let the reactor turn until a condition holds."""
    from twisted.internet import reactor

    deadline = reactor.seconds() + DEADLINE_S  # type: ignore[attr-defined]  # a module
    while not condition():
        assert reactor.seconds() < deadline, f"within {DEADLINE_S} s: {what}"  # type: ignore[attr-defined]  # a module
        await turns(1)


def serve(answer: Access | Exception, endpoint: str = "tcp:0", **settings: Any) -> Served:
    """A service that is about to be started; the caller stops it."""
    from twisted.internet import reactor

    store, dispatcher, clock = FakeStore(answer), FakeDispatcher(), Clock()
    api = CommandApi(
        reactor,
        CommandApiSettings(endpoint=endpoint, **settings),
        store,  # type: ignore[arg-type]  # a fake
        dispatcher,  # type: ignore[arg-type]  # a fake
        clock,
    )
    return Served(api, store, dispatcher, clock)


def in_thread(function: Callable[..., Any], *args: Any) -> defer.Deferred[Any]:
    """Run a client that blocks beside the reactor."""
    return deferToThread(function, *args)


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A client's socket; its calls have a deadline."""
    return socket.create_connection((host, port), DEADLINE_S)


def exchange(port: int, data: bytes, host: str = "127.0.0.1") -> bytes:
    """Send all, close the sending side, and give all that comes back."""
    with connect(port, host) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def read_all(client: socket.socket) -> bytes:
    """All until the server closes; a reset fails."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)
