"""The web interface as a service: a port that is opened when it can be, and closed in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.task import LoopingCall

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
from .pages import page_groups
from .pipeline import Pipeline
from .rendering import Renderer
from .route import Route, checked, get
from .sign_in.first import FirstUser
from .sign_in.gate import Gate
from .site import QuietSite, resource
from .templates import Templates
from .visit import Tools

log = Logger()


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
        self._gate = Gate(reactor, store, wall)
        self._first = FirstUser(store)
        self._tools = Tools(services, store, settings, wall, self._gate)
        self.routes: Sequence[Route] = ()
        """Every page and act, in no order."""
        self.site = self._site(settings, extra)
        self._loop = LoopingCall(lambda: ensureDeferred(self._open()))
        self._loop.clock = reactor
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

    def stopService(self) -> Deferred[None]:
        """Close the port and every connection. Acts that run are finished by their services."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _open(self) -> None:
        await self._listener.open(self.site)
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
        await self.opened
        await self._listener.close()
        self._gate.passwords.close()

    def _site(self, settings: Settings, extra: Sequence[Sequence[Route]]) -> QuietSite:
        assets = Assets.read()
        static = [get("/static/<path:name>", assets.serve, "public")]
        self.routes = checked((static, *page_groups(self._first), *extra))
        names = hosts.own_names(settings.web.hosts)
        pipeline = Pipeline(self._tools, Renderer(Templates(assets), Flashes()), names)
        return QuietSite(resource(self.routes, pipeline.answer, pipeline.refuse))


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
