"""The vigil over live streams: who may not see one any more is dropped, and nobody else."""

from __future__ import annotations

from typing import cast

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.server import Request

from hmp_twisted.errors import StoreError
from hmp_twisted.services.library.looking import Look
from hmp_twisted.services.rights import Kind
from hmp_twisted.web import cookies
from hmp_twisted.web.media.viewer import Viewer
from hmp_twisted.web.media.vigil import EVERY_S, Vigil
from tests.web.conftest import Place

from .test_viewer import FakeRequest


async def look_of(place: Place, name: str, session: str, source: str) -> Look:
    """Of somebody new, signed in, with whom the session is shared."""
    browser, actor = await place.signed_in(name)
    place.world.share(Kind.SESSION, session, "WATCH", actor)
    return Look(cookies.digest(browser.cookie.partition("=")[2]), session, source)


@pytest_twisted.ensureDeferred
async def test_only_who_lost_the_right_is_dropped(place: Place) -> None:
    """Each is looked at by itself; when nobody is left it rests."""
    world, clock = place.world, Clock()
    source = world.source()
    session = world.session(source)
    vigil = Vigil(clock, world.store, world.clock)
    requests = [FakeRequest(), FakeRequest()]
    looks = [await look_of(place, name, session, source) for name in ("ann", "bob")]
    for request, look in zip(requests, looks, strict=True):
        viewer = Viewer(cast(Request, request), "camera")
        viewer.begin()
        vigil.keep(viewer, look)
    await vigil.look()
    assert [request.finished for request in requests] == [False, False]
    one, _ = world.rows("session_shares")
    world.change("session_shares", one["id"], permission="nothing")
    await vigil.look()
    assert sorted(request.finished for request in requests) == [False, True]
    assert len(vigil) == 1
    assert len(clock.getDelayedCalls()) == 1
    requests[[request.finished for request in requests].index(False)].done.callback(None)
    assert len(vigil) == 0
    clock.advance(EVERY_S)
    assert clock.getDelayedCalls() == []


@pytest_twisted.ensureDeferred
async def test_a_database_that_fails_ends_no_stream(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was allowed stands until the next look."""
    world, clock = place.world, Clock()
    source = world.source()
    session = world.session(source)
    vigil = Vigil(clock, world.store, world.clock)
    request = FakeRequest()
    viewer = Viewer(cast(Request, request), "camera")
    viewer.begin()
    vigil.keep(viewer, Look("nobody's", session, source))

    def fail(*_: object) -> None:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(type(world.store), "read", fail)
        await vigil.look()
        assert not request.finished
    clock.advance(EVERY_S)
    await vigil.look()
    assert request.finished


@pytest_twisted.ensureDeferred
async def test_who_leaves_and_comes_during_a_look_is_looked_at_once_a_second(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on as one, and ends in order when the last one leaves during a look."""
    world, clock = place.world, Clock()
    vigil = Vigil(clock, world.store, world.clock)
    reads: list[Deferred[frozenset[Look]]] = []

    def read(*_: object) -> Deferred[frozenset[Look]]:
        """The database takes its time."""
        reads.append(Deferred())
        return reads[-1]

    def come() -> FakeRequest:
        """A viewer whose sign-in is nobody else's."""
        request = FakeRequest()
        viewer = Viewer(cast(Request, request), "camera")
        viewer.begin()
        vigil.keep(viewer, look)
        return request

    look = Look("somebody's", "a session", "a source")
    monkeypatch.setattr(type(world.store), "read", read)
    first = come()
    clock.advance(EVERY_S)
    first.done.callback(None)
    second = come()
    reads[0].callback(frozenset([look]))
    for round_ in range(2, 5):
        clock.pump([EVERY_S / 4] * 4)
        assert len(reads) == round_
        reads[-1].callback(frozenset([look]))
    clock.advance(EVERY_S)
    second.done.callback(None)
    reads[-1].callback(frozenset([look]))
    assert not second.finished
    assert (len(vigil), clock.getDelayedCalls()) == (0, [])
