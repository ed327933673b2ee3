"""All connections of the Command Line API: who gets one, how many, and how they all end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory

from ..commands.answers import NOT_AUTHORIZED, NOT_READY
from ..commands.dispatch import Dispatcher
from ..commands.trace import Connected, Trace, What
from ..config import CommandApiSettings
from ..logs import Logger
from ..peers import Peer
from ..services.rights import Actor
from .connection import CommandConnection
from .grammar import answer
from .refusal import Refusal

MAX_LINGERING = 100
"""At most this many refused peers are waited for until they have read why."""

MAX_TOLD = 1000

Admit = Callable[[IAddress], Actor | None]

log = Logger()


@attrs.frozen
class _Client:
    address: IAddress
    peer: Peer
    actor: Actor
    since: float


class CommandFactory(ServerFactory):
    """Makes a connection for each client that is admitted, a refusal for any other."""

    noisy = False

    def __init__(
        self,
        settings: CommandApiSettings,
        admit: Admit,
        dispatcher: Dispatcher,
        clock: IReactorTime,
        trace: Trace,
    ) -> None:
        self._settings = settings
        self._trace = trace
        self._admit = admit
        self._dispatcher = dispatcher
        self._clock = clock
        self._clients: dict[CommandConnection, _Client] = {}
        self._of_host: Counter[str] = Counter()
        self._refusals = 0
        self._told: set[str] = set()
        self._stopping = False
        self._drained: list[Deferred[None]] = []

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._clients)

    def connected(self) -> tuple[Connected, ...]:
        """Who is connected now, longest first."""
        now = self._clock.seconds()
        clients = sorted(self._clients.values(), key=lambda client: client.since)
        return tuple(Connected(str(c.peer), c.actor.name, now - c.since) for c in clients)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or a refusal that says so."""
        assert addr is not None  # only client factories are asked without
        peer = Peer.of(addr)
        actor = self._admit(addr)
        if actor is None:
            return self._refuse(peer, "it is not on the list of devices (hmpctl device add)")
        limit = self._limit_reached(peer)
        if limit:
            return self._refuse(peer, limit)
        return self._accept(_Client(addr, peer, actor, self._clock.seconds()))

    def _limit_reached(self, peer: Peer) -> str:
        # Over a Unix socket there is no address to count by.
        if peer.host and self._of_host[peer.host] >= self._settings.max_connections_per_device:
            return "it has [command_api] max_connections_per_device connections"
        if len(self._clients) >= self._settings.max_connections:
            return "there are [command_api] max_connections connections"
        return ""

    def _accept(self, client: _Client) -> CommandConnection:
        log.debug("{peer} connected, acts as {actor}", peer=client.peer, actor=client.actor.name)
        run = partial(self._run, client)
        watch = self._trace.of(str(client.peer), client.actor.name)
        watch(What.CONNECTED)
        connection = CommandConnection(run, self._settings, self._clock, self._left, watch)
        self._clients[connection] = client
        self._of_host[client.peer.host] += 1
        return connection

    def _refuse(self, peer: Peer, why: str) -> Refusal:
        self._tell_refusal(peer, why)
        self._trace.of(str(peer), "")(What.REFUSED, sent=answer(NOT_AUTHORIZED.line()))
        self._refusals += 1
        linger = self._refusals <= MAX_LINGERING
        return Refusal(self._clock, self._refused, linger=linger)

    def _tell_refusal(self, peer: Peer, why: str) -> None:
        # A device that tries again each second must not fill the log.
        if peer.host in self._told or len(self._told) >= MAX_TOLD:
            log.debug("Refused {peer}: {why}", peer=peer, why=why)
            return
        self._told.add(peer.host)
        log.warn("Refused {peer}: {why}; told once for each address", peer=peer, why=why)

    def _refused(self) -> None:
        self._refusals -= 1

    async def _run(self, client: _Client, words: list[str]) -> str:
        if self._stopping:
            return NOT_READY.line()
        return await self._dispatcher.dispatch(client.actor, words, str(client.peer))

    def _left(self, connection: CommandConnection) -> None:
        client = self._clients.pop(connection)
        self._of_host[client.peer.host] -= 1
        if not self._of_host[client.peer.host]:
            del self._of_host[client.peer.host]
        log.debug("{peer} disconnected", peer=client.peer)
        self._trace.of(str(client.peer), client.actor.name)(What.LEFT)
        if not self._clients:
            self._fire_drained()

    def _fire_drained(self) -> None:
        waiting, self._drained = self._drained, []
        for drained in waiting:
            drained.callback(None)

    # -- what ends connections -------------------------------------------------------------------

    def recheck(self) -> None:
        """Close the connections that would not be admitted now, or only as another user."""
        self._told.clear()
        for connection, client in list(self._clients.items()):
            actor = self._admit(client.address)
            if actor is None or actor.user_id != client.actor.user_id:
                log.info("Closing the connection of {peer}: access has changed", peer=client.peer)
                connection.dismiss()

    def drain(self) -> Deferred[None]:
        """Let running commands finish, refuse others, close; fires when all are gone."""
        self._stopping = True
        drained: Deferred[None] = Deferred()
        self._drained.append(drained)
        for connection in list(self._clients):
            connection.finish()
        if not self._clients:
            self._fire_drained()
        return drained

    def abort(self) -> None:
        """Close all that is left, without regard to answers not sent; what drains is drained."""
        for connection in list(self._clients):
            connection.abort()
        self._fire_drained()
