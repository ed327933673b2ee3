"""The port of the Command Line API: open while access is enabled, for those who are on the list."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall

from ..clocks import WallClock
from ..commands.dispatch import Dispatcher
from ..commands.trace import Connected, Trace
from ..config import CommandApiSettings
from ..listening import Listener
from ..logs import Logger
from ..peers import Peer
from ..services.access import LOCAL, Access, read_access
from ..services.rights import Actor
from ..store.pool import Store
from .factory import CommandFactory

POLL_S = 1.0
"""The guide promises that changes take effect within 10 seconds; the contract says 2."""

DRAIN_S = 10.0
"""Commands that run when the service stops are waited for this long."""

log = Logger()


class CommandApi(Service):
    """Listens while the store says that access is enabled, and follows every change of it.

    Nothing listens before the first poll. A poll that fails keeps what was known.
    """

    name = "command-api"

    def __init__(
        self,
        reactor: Any,
        settings: CommandApiSettings,
        store: Store,
        dispatcher: Dispatcher,
        clock: IReactorTime | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._clock: IReactorTime = clock or reactor
        self._listener = Listener(
            reactor, "Command Line API", "[command_api] endpoint", settings.endpoint
        )
        self._store = store
        self._access: Access | None = None
        trace = trace or Trace(WallClock())
        self._factory = CommandFactory(settings, self.admit, dispatcher, self._clock, trace)
        self._loop = LoopingCall(lambda: ensureDeferred(self._poll()))
        self._loop.clock = self._clock
        self._polling: Deferred[Any] | None = None
        self._poll_fails = False

    @property
    def address(self) -> IAddress | None:
        """Where it listens now, if it does."""
        return self._listener.address

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return self._factory.connections

    def connected(self) -> tuple[Connected, ...]:
        """Who is connected now."""
        return self._factory.connected()

    def admit(self, address: IAddress) -> Actor | None:
        """As whom a client at this address acts now; nobody if it may not connect."""
        if self._access is None or not self._access.enabled:
            return None
        host = Peer.of(address).host
        # Who could open the socket's file has been let in by its permissions.
        return self._access.actor_for(host) if host else LOCAL

    # -- the service -----------------------------------------------------------------------------

    def startService(self) -> None:
        """Poll from now on; the port opens as soon as the first poll has been answered."""
        super().startService()
        self._polling = self._loop.start(POLL_S)

    async def _stop(self) -> None:
        if self._loop.running:
            self._loop.stop()
        if self._polling is not None:
            await self._polling
        await self._listener.close()
        timer = self._clock.callLater(DRAIN_S, self._give_up)
        await self._factory.drain()
        _cancel(timer)

    def stopService(self) -> Deferred[None]:
        """Close the port, let running commands finish, refuse others, close the connections.

        Fires when no connection and no command is left, after :data:`DRAIN_S` at the latest.
        """
        super().stopService()
        return ensureDeferred(self._stop())

    def _give_up(self) -> None:
        log.warn(
            "Closing {count} connections whose last commands were not answered within {limit} s",
            count=self._factory.connections,
            limit=DRAIN_S,
        )
        self._factory.abort()

    # -- polling ---------------------------------------------------------------------------------

    async def _poll(self) -> None:
        # A LoopingCall whose function fails is over, so nothing may escape.
        try:
            access = await self._store.read("read access", read_access)
        except Exception as error:
            self._tell_poll_failure(error)
        else:
            self._poll_fails = False
            self._adopt(access)
        if self.running:
            await self._open_or_close()

    def _tell_poll_failure(self, error: Exception) -> None:
        if not self._poll_fails:
            log.error(
                "Who may connect cannot be read from the database ({error}); what was known holds, "
                "and it is tried again each second",
                error=error,
            )
        self._poll_fails = True

    def _adopt(self, access: Access) -> None:
        if access != self._access:
            self._access = access
            self._factory.recheck()

    async def _open_or_close(self) -> None:
        enabled = self._access is not None and self._access.enabled
        if enabled:
            await self._listener.open(self._factory)
        else:
            await self._listener.close()


def _cancel(timer: IDelayedCall) -> None:
    if timer.active():
        timer.cancel()
