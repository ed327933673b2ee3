"""The server as one service: what runs beside the reactor, in which order it starts and ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from .bus.client import EngineClient, Events
from .bus.launcher import EngineLauncher
from .clocks import LifeSign
from .logs import Logger
from .notify import notify
from .services.bundle import Services
from .services.reconcile import Reconciler
from .store.pool import Store
from .web.service import WebInterface
from .web.watch.service import Watch
from .wire.access import CommandApi
from .wire.administration import AdministrationSocket

log = Logger()

OPEN_WITHIN_S = 4.0
"""The port opens when the server is ready: a client that finds it closed tries again, one that is
answered 070000 may give up. A server that takes longer than this opens it and answers just that."""

READY_WITHIN_S = 6.0
"""A server whose media engine is not there by then serves what needs none."""

TOUCH_EVERY_S = 1.0
COMPARE_EVERY_S = 10.0
RETAIN_EVERY_S = 5.0
PURGE_EVERY_S = 3600.0


@attrs.define
class Parts:
    """What the server is made of; built by :mod:`hmp_twisted.tap`."""

    store: Store
    engine: EngineClient
    launcher: EngineLauncher | None
    services: Services
    reconciler: Reconciler
    command_api: CommandApi
    administration: AdministrationSocket
    web: WebInterface | None
    watch: Watch
    alive: LifeSign
    """Tells a next life for how long there was none."""


class Server(Service):
    """Starts the parts in order, keeps the periodic work going, and ends them in order."""

    def __init__(self, reactor: Any, parts: Parts) -> None:
        self._reactor = reactor
        self._parts = parts
        self._ready = False
        self._stopping = False
        self._periodic: Sequence[LoopingCall] = ()
        parts.engine.listen(
            Events(
                attached=self._attached,
                recording_ended=parts.services.recordings.ended,
                stream_ended=parts.services.streams.ended,
            )
        )

    def is_ready(self) -> bool:
        """Whether commands are carried out; before and after they are refused."""
        return self._ready and not self._stopping

    def startService(self) -> None:
        """Start the engine and look for it; commands are refused until it was compared with."""
        super().startService()
        self._parts.watch.startService()
        if self._parts.launcher is not None:
            self._parts.launcher.startService()
        self._parts.engine.service.startService()
        self._reactor.callLater(OPEN_WITHIN_S, self._open_port)
        self._reactor.callLater(READY_WITHIN_S, self._become_ready)

    async def _attached(self) -> None:
        await self._parts.reconciler.compare()
        self._become_ready()

    def _open_port(self) -> None:
        if not self._parts.command_api.running and not self._stopping:
            self._parts.command_api.startService()
            self._parts.administration.startService()
            if self._parts.web is not None:
                self._parts.web.startService()

    def _become_ready(self) -> None:
        if self._ready or self._stopping:
            return
        if not self._parts.engine.is_attached:
            log.warn("no media engine yet: commands that need it are answered 090001")
        self._ready = True
        self._periodic = (
            self._every(TOUCH_EVERY_S, self._touch_alive),
            self._every(TOUCH_EVERY_S, self._parts.services.catalogue.file_changes),
            self._every(COMPARE_EVERY_S, self._parts.reconciler.compare),
            self._every(RETAIN_EVERY_S, self._parts.services.retention.enforce),
            self._every(PURGE_EVERY_S, self._parts.services.bin.purge),
        )
        self._open_port()
        notify("READY=1")
        log.info("hmp is ready")

    def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> LoopingCall:
        """Periodic work; a failure is logged and does not end the period."""

        told = ""

        def once() -> Deferred[None]:
            return Deferred.fromCoroutine(_coroutine(work)).addCallbacks(forget, tell)

        def forget(_: None) -> None:
            nonlocal told
            told = ""

        def tell(failure: Failure) -> None:
            nonlocal told
            if failure.getErrorMessage() != told:  # once, not each second for as long as it lasts
                told = failure.getErrorMessage()
                log.error("periodic work failed: {error}", error=told)

        loop = LoopingCall(once)
        loop.clock = self._reactor
        loop.start(seconds, now=True)
        return loop

    async def _touch_alive(self) -> None:
        self._parts.alive.give()

    def stopService(self) -> Deferred[None]:
        """Refuse commands, finish those that run, end streams and segments, close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        notify("STOPPING=1")
        self._stopping = True
        parts = self._parts
        if parts.web is not None and parts.web.running:
            await parts.web.stopService()
        if parts.command_api.running:
            await parts.command_api.stopService()
        await parts.administration.stopService()
        for loop in self._periodic:
            if loop.running:
                loop.stop()
        parts.services.long_work.close()
        await parts.services.streams.close()
        await parts.engine.service.stopService()
        if parts.launcher is not None:
            await parts.launcher.stopService()
        await parts.services.catalogue.file_changes()
        await parts.store.close()
        await parts.watch.stopService()
        log.info("hmp has ended")


async def _coroutine(work: Callable[[], Awaitable[None]]) -> None:
    await work()
