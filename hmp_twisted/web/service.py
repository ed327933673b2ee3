"""The web interface as a service: a port that is opened when it can be, and closed in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.task import LoopingCall, deferLater
from twisted.protocols.policies import WrappingFactory

from ..clocks import Clock
from ..config import Settings
from ..errors import DomainError
from ..listening import RETRY_S, Listener
from ..logs import Logger
from ..services.bundle import Services
from ..store.pool import Store
from . import hosts
from .assets import Assets
from .flashes import Flashes
from .media.media import Media
from .media.tidying import Tidying
from .pages import page_groups
from .pipeline import Pipeline
from .rendering import Renderer
from .route import PUBLIC, Route, checked, get
from .sign_in.first import FirstUser
from .sign_in.gate import Gate
from .site import QuietSite, resource
from .templates import Templates
from .visit import Tools

log = Logger()

DRAIN_S = 10.0
"""Requests that run when the service stops are waited for this long, in seconds."""

LINGER_S = 1.0
"""What is still being sent afterwards, to slow readers, is cut off after so long, in seconds."""


class WebInterface(Service):
    """Serves pages at ``[web] endpoint`` from its start to its stop.

    Args:
        wall: the time of day.
        extra: routes whose page groups need more than :class:`.visit.Tools`.
    """

    name = "web"

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        store: Store,
        services: Services,
        wall: Clock,
        extra: Sequence[Sequence[Route]] = (),
    ) -> None:
        self._listener = Listener(reactor, "web interface", "[web] endpoint", settings.web.endpoint)
        self._reactor = reactor
        self._gate = Gate(reactor, store, wall)
        self._first = FirstUser(store)
        self._tools = Tools(services, store, settings, wall, self._gate)
        assets = Assets.read()
        static = [get("/static/<path:name>", assets.serve, PUBLIC)]
        media = Media.build(reactor, settings, store, wall)
        groups = page_groups(self._first, media)
        self.routes = checked((static, *groups, *extra))
        """Every page and act, in no order."""
        renderer = Renderer(Templates(assets), Flashes())
        self._pipeline = Pipeline(self._tools, renderer, hosts.own_names(settings.web.hosts))
        self.site = QuietSite(resource(self.routes, self._pipeline.answer, self._pipeline.refuse))
        self._connections = WrappingFactory(self.site)
        self._loop = LoopingCall(lambda: ensureDeferred(self._open()))
        self._loop.clock = reactor
        self._tidying = Tidying(reactor, media.mp4.tidy, services.trimming.tidy)
        self.opened: Deferred[Any] = succeed(None)
        """Fires when nothing more is tried: the port is open, or the service is stopping."""

    @property
    def address(self) -> IAddress | None:
        """Where it listens now, if it does."""
        return self._listener.address

    def startService(self) -> None:
        """Open the port; while that cannot be, try again each second."""
        super().startService()
        self.opened = self._loop.start(RETRY_S)
        self._tidying.start()

    def stopService(self) -> Deferred[None]:
        """Close the port, answer what was asked, and cut off what is still connected."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _open(self) -> None:
        await self._listener.open(self._connections)
        if self.address is None:
            return
        if self._loop.running:
            self._loop.stop()
        try:
            await self._first.offer(_base(self.address, self._tools.settings.web.endpoint))
        except DomainError as error:
            log.error("whether anybody can sign in cannot be read: {error}", error=error)

    async def _stop(self) -> None:
        if self._loop.running:
            self._loop.stop()
        await self._tidying.stop()
        await self.opened
        await self._listener.close()
        timer = self._reactor.callLater(DRAIN_S, self._give_up)
        await self._pipeline.finish()
        if timer.active():
            timer.cancel()
        await self._hang_up()
        self._gate.passwords.close()

    def _give_up(self) -> None:
        log.warn("web requests were not answered within {limit} s and are cut off", limit=DRAIN_S)
        self._pipeline.abandon()

    async def _hang_up(self) -> None:
        """Close what stands, after a turn in which the last answers are written."""
        await deferLater(self._reactor, 0.0)
        for connection in list(self._connections.protocols):
            connection.loseConnection()
        await deferLater(self._reactor, 0.0)
        if self._connections.protocols:
            await deferLater(self._reactor, LINGER_S)
        for connection in list(self._connections.protocols):
            connection.abortConnection()


def _base(address: IAddress, endpoint: str) -> str:
    """The URL that people on this machine reach the server by."""
    scheme = "https" if endpoint.startswith(("ssl:", "tls:")) else "http"
    if not isinstance(address, IPv4Address | IPv6Address):
        return f"{scheme}://localhost"
    host = "127.0.0.1" if address.host in ("0.0.0.0", "::", "") else address.host
    return (
        f"{scheme}://[{host}]:{address.port}"
        if ":" in host
        else f"{scheme}://{host}:{address.port}"
    )
