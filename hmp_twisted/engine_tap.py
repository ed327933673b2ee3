"""``twistd hmp-engine``: the media engine as a process. Wires recorder, restreamer and bus."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.interfaces import IListeningPort

from .bus.launcher import die_with_parent
from .bus.responder import EngineBus
from .clocks import run_by_monotonic_clock
from .descriptors import allow_many
from .engine.heap import keep_freed_memory
from .engine.recorder import Recorder
from .engine.restreamer import Restreamer
from .engine.trial import try_reception
from .errors import DomainError
from .logs import Logger
from .notify import notify
from .options import SettingsOptions, recordings_folder, refuse, socket_path

log = Logger()


class Options(SettingsOptions):
    """The media engine's options."""

    optParameters: ClassVar[list[Any]] = [
        ["listen", "l", None, "Where servers reach it: unix:PATH. [default: [engine] endpoint]"],
        ["parent", None, None, "End when this process, which started us, ends.", int],
    ]


class MediaEngine(Service):
    """Recorder and restreamer behind the bus's socket.

    It listens only once the recordings of a former life go on, so that a server never sees less.
    """

    def __init__(self, reactor: Any, bus: EngineBus, path: str) -> None:
        self._reactor = reactor
        self._bus = bus
        self._path = path
        self._port: IListeningPort | None = None

    def startService(self) -> None:
        """Take up the recordings of a former life, then listen."""
        super().startService()
        self._reactor.callWhenRunning(lambda: Deferred.fromCoroutine(self._start()))

    async def _start(self) -> None:
        try:
            await self._bus.recorder.open()
            self._bus.restreamer.open()
            # The recorder's lock tells that no other engine lives: a socket left here is stale.
            Path(self._path).unlink(missing_ok=True)
            endpoint = UNIXServerEndpoint(self._reactor, self._path, mode=0o660, wantPID=False)
            self._port = await endpoint.listen(self._bus)
        except Exception as error:
            if not isinstance(error, DomainError | OSError):
                log.failure("the media engine cannot start")
            log.critical("the media engine cannot start: {error}", error=error)
            self._reactor.addSystemEventTrigger("after", "shutdown", _exit_failed)
            self._reactor.stop()
            return
        log.info("the media engine listens at {path}", path=self._path)
        notify("READY=1")

    async def _stop(self) -> None:
        notify("STOPPING=1")
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        self._bus.close()
        await self._bus.restreamer.close()
        await self._bus.recorder.close()
        log.info("the media engine has ended")

    def stopService(self) -> Deferred[None]:
        """Close segments, keep states; fires when all is on disk."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())


def _exit_failed() -> None:
    """Leave with a status that tells who started us that it failed; twistd itself would say 0."""
    import os
    import sys

    sys.stdout.flush()
    os._exit(1)


def makeService(options: Options) -> IService:
    """The media engine for these options; nothing runs yet."""
    from twisted.internet import reactor as running

    reactor: Any = running  # its interfaces are many; each part declares the ones it uses
    run_by_monotonic_clock(reactor)
    keep_freed_memory()
    allow_many()
    settings = options.settings
    endpoint = options["listen"] or settings.engine_endpoint
    if not endpoint.startswith("unix:"):
        refuse(f"--listen {endpoint}: must be unix:PATH")
    if options["parent"]:
        die_with_parent(options["parent"])
    recordings = recordings_folder(settings)
    bus = EngineBus()
    bus.recorder = Recorder(reactor, recordings, settings.recordings, bus.recording_ended)
    bus.restreamer = Restreamer(reactor, recordings, settings.restream, bus.stream_ended)
    bus.trial = partial(try_reception, reactor)
    return MediaEngine(reactor, bus, socket_path(endpoint))
