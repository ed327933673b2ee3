"""The service: its port, TLS, and the order in which it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_twisted
from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.ssl import CertificateOptions
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from hmp_twisted.config import Settings, WebSettings
from hmp_twisted.services.bundle import Services
from hmp_twisted.web.service import WebInterface
from hmp_twisted.web.sign_in.passwords import MOST_WAITING, BusyError, Passwords

from .browser import Browser
from .certificates import self_signed
from .conftest import Place


def another(place: Place, endpoint: str) -> WebInterface:
    """The same web interface at another endpoint, not started."""
    world = place.world
    settings = Settings(world.recordings_dir.parent, web=WebSettings(endpoint))
    services = Services.build(world.store, world.engine, settings, world.clock)  # type: ignore[arg-type]
    return WebInterface(reactor, settings, world.store, services, world.clock)


@pytest_twisted.ensureDeferred
async def test_a_port_that_is_taken_is_tried_again(place: Place) -> None:
    """The server goes on meanwhile; when the port is free, pages come from it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        web = another(place, f"tcp:{port}:interface=127.0.0.1")
        web.startService()
        with suppress(TimeoutError):
            await web._listener.open(web.site)
        assert web.address is None
    await web.opened
    assert (await Browser(f"http://127.0.0.1:{port}").get("/healthz")).status == 200
    await web.stopService()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest_twisted.ensureDeferred
async def test_it_may_be_stopped_while_its_port_is_taken(place: Place) -> None:
    """Nothing is left that tries."""
    web = another(place, f"tcp:{place.web.address.port}:interface=127.0.0.1")  # type: ignore[union-attr]
    web.startService()
    await web.stopService()
    assert web.address is None


@pytest_twisted.ensureDeferred
async def test_what_was_asked_is_answered_before_the_end(place: Place) -> None:
    """A connection that only stands is cut off; an act that runs is waited for."""
    browser = await place.administrator()
    idle = socket.create_connection(("127.0.0.1", place.web.address.port))  # type: ignore[union-attr]
    entered: Deferred[None] = Deferred()
    held: Deferred[None] = Deferred()
    sessions = place.web._tools.services.sessions
    create = sessions.create

    async def wait_and_create(actor: object, title: str) -> str:
        entered.callback(None)
        await held
        return await create(actor, title)  # type: ignore[arg-type]

    sessions.create = wait_and_create  # type: ignore[method-assign, assignment]
    asked = Deferred.fromCoroutine(browser.post("/sessions", {"title": "Late"}))
    await entered
    stopped = place.web.stopService()
    assert not stopped.called
    held.callback(None)
    assert (await asked).status == 303
    await stopped
    assert [row["title"] for row in place.world.rows("sessions")] == ["Late"]
    idle.settimeout(5)
    assert _ends(idle)


def _ends(connection: socket.socket) -> bool:
    with connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True


@implementer(IPolicyForHTTPS)
class Trusting:
    """Trusts whoever answers: the certificate is the test's own."""

    def creatorForNetloc(self, hostname: bytes, port: int) -> CertificateOptions:
        """How to connect."""
        return CertificateOptions(verify=False)


@pytest_twisted.ensureDeferred
async def test_over_tls_the_cookie_never_leaves_it(place: Place, tmp_path: Path) -> None:
    """It is ``Secure``, and its name's prefix keeps anything else from setting it."""
    key, cert = self_signed(tmp_path)
    web = another(place, f"tls:0:interface=127.0.0.1:privateKey={key}:certKey={cert}")
    web.startService()
    await web.opened
    agent = Agent(reactor, contextFactory=Trusting(), pool=HTTPConnectionPool(reactor, False))  # type: ignore[arg-type]
    base = f"https://127.0.0.1:{web.address.port}"  # type: ignore[union-attr]
    browser = Browser(base, client=HTTPClient(agent))
    answer = await browser.get("/sign-in")
    assert answer.status == 200
    assert browser.cookie.startswith("__Host-hmp=")
    flags = {part.strip().lower() for part in browser.cookies_set[-1].split(";")[1:]}
    assert flags == {"path=/", "httponly", "samesite=lax", "secure"}
    await web.stopService()


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """A thread for passwords."""
    made = Passwords(reactor)
    yield made
    made.close()


@pytest_twisted.ensureDeferred
async def test_only_so_many_passwords_wait_to_be_checked(passwords: Passwords) -> None:
    """One more is sent away; when they are done, there is room again."""
    waiting = [passwords.check("no hash", "x") for _ in range(MOST_WAITING)]
    with pytest.raises(BusyError):
        passwords.check("no hash", "x")
    assert [await done for done in waiting] == [False] * MOST_WAITING
    made = await passwords.hash("correct horse")
    assert await passwords.check(made, "correct horse")
    assert not await passwords.check(made, "correct house")


@pytest_twisted.ensureDeferred
async def test_no_password_fits_a_user_who_has_none(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the one that the decoy was made of."""
    monkeypatch.setattr("hmp_twisted.web.sign_in.passwords.token_bytes", lambda: b"known")
    assert not await passwords.check("", "known")
    assert not await passwords.check("", "")
