"""A browser that is gone before it is answered: nothing waits for it, and nobody else suffers."""

from __future__ import annotations

import socket
from typing import Any, cast

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.web.server import Request

from hmp_twisted.web.media.viewer import Viewer

from .conftest import Place


async def until(condition: Any, what: str) -> None:
    """Wait for it, ten seconds at most."""
    for _ in range(500):
        if condition():
            return
        await deferLater(reactor, 0.02)  # type: ignore[arg-type]  # the reactor is a module to mypy
    raise AssertionError(f"not within ten seconds: {what}")


@pytest_twisted.ensureDeferred
async def test_a_stream_is_not_begun_for_who_has_left(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be kept for good: who is gone does not leave again."""
    browser = await place.administrator()
    entered: Deferred[None] = Deferred()
    held: Deferred[None] = Deferred()
    gate = place.web._tools.gate
    visitor = gate.visitor

    async def look_slowly(token: str) -> Any:
        """Who it is, after a while."""
        entered.callback(None)
        await held
        return await visitor(token)

    monkeypatch.setattr(gate, "visitor", look_slowly)
    with socket.create_connection(("127.0.0.1", place.web.address.port)) as connection:  # type: ignore[union-attr]
        request = f"GET /console/trace HTTP/1.1\r\nHost: localhost\r\nCookie: {browser.cookie}\r\n"
        connection.sendall(f"{request}Accept: text/event-stream\r\n\r\n".encode())
        await entered
    await until(lambda: not place.web._connections.protocols, "the browser is gone")
    held.callback(None)
    await until(lambda: place.web._pipeline._running == 0, "the page has answered")
    assert place.watch.parts.trace.ring._watchers == []


@attrs.define
class Gone:
    """A request whose browser has left."""

    channel: None = None


def test_a_viewer_who_has_left_takes_nothing() -> None:
    """Neither is it buffered for, nor does its end fail, which would end the source for all."""
    viewer = Viewer(cast(Request, Gone()), "camera", bound=1)
    left = []
    viewer.when_gone(lambda: left.append(True))
    viewer.begin()
    viewer.send(b"more than the bound")
    viewer.end()
    assert viewer.is_gone
    assert left == [True]
