"""``twistd hmp``: the server's options, and how it is wired. It knows all parts."""

from __future__ import annotations

from typing import Any

from twisted.application.service import IService
from twisted.internet.endpoints import UNIXClientEndpoint

from . import locks
from .bus.administration import socket_in
from .bus.client import EngineClient
from .bus.launcher import EngineLauncher
from .clocks import LifeSign, WallClock, run_by_monotonic_clock
from .commands.dispatch import Dispatcher
from .commands.trace import Trace
from .config import Settings
from .descriptors import allow_many
from .errors import DomainError
from .options import SettingsOptions, recordings_folder, refuse, socket_path, writable_folder
from .server import Parts, Server
from .services.bundle import Services
from .services.reconcile import Reconciler
from .store.pool import Store
from .web.media.glances import Glances
from .web.pages.watching import watch_pages
from .web.service import WebInterface
from .web.watch.service import Watch, Watched
from .wire.access import CommandApi
from .wire.administration import AdministrationSocket
from .wire.rehearsal import Rehearsal

_RUN_TWISTD = "from twisted.scripts.twistd import run; run()"


class Options(SettingsOptions):
    """The server's options."""


def makeService(options: Options) -> IService:
    """The server for these options, its database opened; nothing runs yet."""
    from twisted.internet import reactor as running

    reactor: Any = running  # its interfaces are many; each part declares the ones it uses
    run_by_monotonic_clock(reactor)
    allow_many()
    settings = options.settings
    _hold_data_dir(settings)
    if not settings.engine.endpoint:
        recordings_folder(settings)  # else its media engine would not start, again and again
    try:
        store = Store(settings.database_url, settings.data_dir, reactor)
        store.open()
    except DomainError as error:
        refuse(str(error))
    return wire(reactor, settings, store)


def wire(reactor: Any, settings: Settings, store: Store) -> Server:
    """Put the server's parts together."""
    path = socket_path(settings.engine_endpoint)
    engine = EngineClient(reactor, UNIXClientEndpoint(reactor, path))
    wall = WallClock()
    services = Services.build(store, engine, settings, wall)
    server: Server
    dispatcher = Dispatcher(services, lambda: server.is_ready())
    trace = Trace(wall)
    command_api = CommandApi(reactor, settings.command_api, store, dispatcher, trace=trace)
    rehearsal = Rehearsal(dispatcher, settings.command_api, reactor, trace)
    glances = Glances.build(reactor, settings, store)
    watched = Watched(engine, command_api, dispatcher.counts, trace, rehearsal.send, glances)
    watch = Watch(reactor, settings.data_dir, watched)
    alive = LifeSign(settings.data_dir / "alive")
    server = Server(
        reactor,
        Parts(
            store=store,
            engine=engine,
            launcher=None if settings.engine.endpoint else _launcher(reactor, settings),
            services=services,
            reconciler=Reconciler(
                store,
                engine,
                services.recordings,
                services.streams,
                wall,
                recordings_dir=settings.recordings_dir,
                resume_within_s=settings.recordings.resume_within_s,
                away_s=alive.age(),
            ),
            command_api=command_api,
            administration=AdministrationSocket(
                reactor, socket_in(settings.data_dir), services.streams
            ),
            web=_web(reactor, settings, store, services, wall, watch),
            watch=watch,
            alive=alive,
        ),
    )
    return server


def _web(
    reactor: Any,
    settings: Settings,
    store: Store,
    services: Services,
    wall: WallClock,
    watch: Watch,
) -> WebInterface | None:
    if not settings.web.endpoint:
        return None
    return WebInterface(reactor, settings, store, services, wall, watch_pages(watch))


def _hold_data_dir(settings: Settings) -> None:
    folder = writable_folder(
        settings.data_dir, "the data directory", "name one that this user may write with --data-dir"
    )
    try:
        locks.hold(folder / "server.lock")
    except DomainError as error:
        refuse(
            f"the data directory {folder} belongs to another server ({error}); stop that one first"
        )


def _launcher(reactor: Any, settings: Settings) -> EngineLauncher:
    arguments = [
        "-c",
        _RUN_TWISTD,
        "--nodaemon",
        "--pidfile=",
        "--logger=hmp_twisted.logs.relay_observer",
    ]
    arguments += ["hmp-engine", "--listen", settings.engine_endpoint]
    arguments += ["--data-dir", str(settings.data_dir)]
    if settings.file is not None:
        arguments += ["--config", str(settings.file)]
    return EngineLauncher(reactor, arguments)
