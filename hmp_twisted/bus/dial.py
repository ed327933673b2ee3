"""Keeps one connection to the media engine, and dials again while there is none.

Twisted's ClientService does the same, but logs each try: at ten a second that buries the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

P = TypeVar("P", bound=Protocol)

RETRY_S = 0.1
"""How often a connection is tried while there is none."""


class Dialer(Service, Generic[P]):
    """Connects, serves the connection to its end, and connects again.

    Args:
        reactor: keeps the time.
        endpoint: where to connect.
        make: makes the protocol of a new connection.
        serve: is called with each connection; returns, or fails, when it is of no more use.
    """

    def __init__(
        self,
        reactor: Any,
        endpoint: IStreamClientEndpoint,
        make: Callable[[], P],
        serve: Callable[[P], Awaitable[None]],
    ) -> None:
        self._reactor = reactor
        self._endpoint = endpoint
        self._factory = Factory.forProtocol(make)
        self._factory.noisy = False
        self._serve = serve
        self._dialing: Deferred[None] | None = None

    def startService(self) -> None:
        """Connect from now on."""
        super().startService()
        self._dialing = Deferred.fromCoroutine(self._dial())

    async def _dial(self) -> None:
        while self.running:
            with suppress(ConnectError):  # nobody listens yet
                protocol = await self._endpoint.connect(self._factory)
                await self._serve(cast(P, protocol))
            await deferLater(self._reactor, RETRY_S)

    def stopService(self) -> Deferred[None]:
        """Hang up; fires when the connection is gone."""
        super().stopService()
        assert self._dialing is not None, "started before it is stopped"
        self._dialing.cancel()
        return self._dialing.addErrback(_was_cancelled)


def _was_cancelled(failure: Failure) -> None:
    """Take the end that cancelling brings, whatever was waited for."""
    failure.trap(CancelledError, ConnectingCancelledError)
