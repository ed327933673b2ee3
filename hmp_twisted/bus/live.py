"""Live bytes from the media engine: a connection of their own, after one order on the bus.

The server connects, orders :class:`WatchSource`, and when that is answered both sides
leave AMP: the server sends :data:`GO`, the engine the source's packets, until one of them hangs up.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, ClassVar, cast

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.interfaces import IStreamClientEndpoint, ITCPTransport
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure

from ..engine.watches import Watch
from ..errors import EngineFaultError, EngineUnavailableError, SourceUnusableError
from .quiet import QuietAMP

GO = b"\n"
"""Said by the server when it has left AMP, lest packets overtake the answer to its order."""

WITHIN_S = 10.0


class WatchSource(amp.ProtocolSwitchCommand):
    """What this source sends, from now on, on this connection."""

    arguments: ClassVar = [(b"url", amp.Unicode()), (b"interface", amp.Unicode())]
    errors: ClassVar = {SourceUnusableError: b"SOURCE_UNUSABLE", EngineFaultError: b"FAULT"}


_GONE = (ConnectError, ConnectionClosed, TimeoutError)


class LiveFeed(Protocol):
    """The engine's end, once it has left AMP."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def dataReceived(self, data: bytes) -> None:
        """The server is ready."""
        handle: socket.socket = cast(Any, self.transport).getHandle()
        # Of its own, because the writer's thread may still use it when Twisted closes the other.
        self._watch.begin(handle.dup(), cast(ITCPTransport, self.transport).abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The server watches no more."""
        self._watch.end()


class LiveBytes(Protocol):
    """The server's end, once it has left AMP."""

    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_data, self._on_end = on_data, on_end

    def connectionMade(self) -> None:
        """Ask for the packets."""
        if self.transport is not None:
            self.transport.write(GO)

    def dataReceived(self, data: bytes) -> None:
        """Pass on what the source sent."""
        self._on_data(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell that nothing more comes."""
        self._on_end()

    def stop(self) -> None:
        """Watch no more; the end is told."""
        if self.transport is not None:
            cast(ITCPTransport, self.transport).abortConnection()


class _Switch(ClientFactory):
    noisy = False

    def __init__(self, live: LiveBytes) -> None:
        self._live = live

    def buildProtocol(self, addr: Any) -> LiveBytes:
        return self._live


async def watch(
    reactor: Any,
    endpoint: IStreamClientEndpoint,
    url: str,
    interface: str,
    live: LiveBytes,
) -> None:
    """Have ``live`` told what a source sends from now on.

    Raises:
        SourceUnusableError: it cannot be received.
        EngineUnavailableError: there is no media engine.
        EngineFaultError: it failed.
    """
    protocol = QuietAMP()
    factory = Factory.forProtocol(lambda: protocol)
    factory.noisy = False
    try:
        await endpoint.connect(factory)
        order: Deferred[Any] = protocol.callRemote(
            WatchSource, _Switch(live), url=url, interface=interface
        )
        await order.addTimeout(WITHIN_S, reactor)
    except _GONE as error:
        _hang_up(protocol)
        raise EngineUnavailableError("no connection to the media engine") from error
    except (amp.RemoteAmpError, amp.UnhandledCommand) as error:
        _hang_up(protocol)
        raise EngineFaultError(f"the media engine cannot show {url}: {error}") from error
    except BaseException:
        _hang_up(protocol)
        raise


def _hang_up(protocol: amp.AMP) -> None:
    if protocol.transport is not None:
        protocol.transport.loseConnection()
