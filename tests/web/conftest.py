"""The web interface on a port of this machine's, over a real database and a fake engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import pytest_twisted
from argon2 import PasswordHasher
from twisted.internet import reactor

from hmp_twisted.commands.dispatch import Dispatcher
from hmp_twisted.commands.trace import Connected, Trace
from hmp_twisted.config import Settings, WebSettings
from hmp_twisted.services.bundle import Services
from hmp_twisted.services.rights import ROLE_ACTIONS, Actor
from hmp_twisted.store.pool import Store
from hmp_twisted.web.media.glances import Glances
from hmp_twisted.web.pages.watching import watch_pages
from hmp_twisted.web.service import WebInterface
from hmp_twisted.web.watch.service import Watch, Watched
from hmp_twisted.wire.rehearsal import Rehearsal
from tests.services.world import World

from .browser import Browser

PASSWORD = "correct horse battery"

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@attrs.frozen
class Place:
    """A server with its web interface."""

    world: World
    web: WebInterface
    watch: Watch

    @property
    def base(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.web.address.port}"  # type: ignore[union-attr]

    def browser(self) -> Browser:
        """A browser that has been nowhere yet."""
        return Browser(self.base)

    def user(self, name: str, *actions: str) -> Actor:
        """A user with the password, whose one role grants these actions."""
        actor = self.world.user(name, *actions)
        assert actor.user_id is not None
        self.world.change("users", actor.user_id, password_hash=_CHEAP)
        return actor

    async def signed_in(self, name: str = "ada", *actions: str) -> tuple[Browser, Actor]:
        """A browser whose user, made for it, has signed in."""
        actor = self.user(name, *actions)
        browser = self.browser()
        answer = await browser.sign_in(name, PASSWORD)
        assert answer.status == 303, answer.text
        await browser.get("/sessions")
        return browser, actor

    async def administrator(self) -> Browser:
        """A browser whose user may do everything."""
        return (await self.signed_in("root", *ROLE_ACTIONS))[0]


@attrs.define
class Port:
    """A Command Line API that is what a test says."""

    address: None = None
    clients: tuple[Connected, ...] = ()

    def connected(self) -> tuple[Connected, ...]:
        """Who is said to be."""
        return self.clients


def watched(settings: Settings, services: Services, world: World) -> Watch:
    """What administration and console show, over real commands."""
    trace = Trace(world.clock)
    dispatcher = Dispatcher(services, lambda: True)
    send = Rehearsal(dispatcher, settings.command_api, reactor, trace).send
    glances = Glances.build(reactor, settings, world.store)
    parts = Watched(world.engine, Port(), dispatcher.counts, trace, send, glances)
    return Watch(reactor, settings.data_dir, parts)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server of the test's own."""
    store = Store("", tmp_path, reactor)
    store.open()
    (tmp_path / "recordings").mkdir()
    world = World(store, tmp_path / "recordings")
    world.clock.advance(1_800_000_000)
    settings = Settings(tmp_path, web=WebSettings("tcp:0:interface=127.0.0.1", ("hmp.example",)))
    services = Services.build(store, world.engine, settings, world.clock)  # type: ignore[arg-type]
    watch = watched(settings, services, world)
    web = WebInterface(reactor, settings, store, services, world.clock, watch_pages(watch))
    watch.startService()
    web.startService()
    pytest_twisted.blockon(web.opened)
    yield Place(world, web, watch)
    pytest_twisted.blockon(web.stopService())
    pytest_twisted.blockon(watch.stopService())
    pytest_twisted.blockon(store.close())
