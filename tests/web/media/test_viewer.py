"""A browser that takes live bytes, and one that does not."""

from __future__ import annotations

from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred
from twisted.web.server import Request

from hmp_twisted.web.media.viewer import Viewer


@attrs.define
class FakeRequest:
    """What a viewer uses of a request."""

    written: bytearray = attrs.field(factory=bytearray)
    lost: bool = False
    finished: bool = False
    done: Deferred[None] = attrs.field(factory=Deferred)

    def notifyFinish(self) -> Deferred[None]:
        """Fires when the browser is gone."""
        return self.done

    def setHeader(self, name: Any, value: Any) -> None:
        """Headers do not matter here."""

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """The test says when it is paused."""

    def unregisterProducer(self) -> None:
        """It produces no more."""

    def write(self, data: bytes) -> None:
        """To the browser."""
        self.written += data

    def finish(self) -> None:
        """The response ends in order."""
        self.finished = True

    @property
    def channel(self) -> FakeRequest:
        """What leads to the transport."""
        return self

    @property
    def transport(self) -> FakeRequest:
        """What can be cut."""
        return self

    def abortConnection(self) -> None:
        """It is dropped."""
        self.lost = True


def viewer_of(request: FakeRequest, bound: int = 1000) -> Viewer:
    """A viewer that has begun."""
    viewer = Viewer(cast(Request, request), "camera", bound)
    viewer.begin()
    return viewer


def test_what_comes_is_written_at_once_and_after_a_pause_in_order() -> None:
    """Nothing is lost within the bound."""
    request = FakeRequest()
    viewer = viewer_of(request)
    viewer.send(b"a")
    viewer.pauseProducing()
    viewer.send(b"b")
    viewer.send(b"c")
    assert request.written == b"a"
    viewer.resumeProducing()
    assert request.written == b"abc"


def test_a_slow_viewer_is_dropped_not_buffered() -> None:
    """Past the bound its connection is cut, once, and nothing is kept."""
    request = FakeRequest()
    viewer = viewer_of(request)
    gone: list[int] = []
    viewer.when_gone(lambda: gone.append(1))
    viewer.pauseProducing()
    for _ in range(50):
        viewer.send(bytes(100))
    assert request.lost
    assert gone == [1]
    viewer.resumeProducing()
    assert request.written == b""


def test_who_asks_too_late_is_told_at_once() -> None:
    """A browser may leave before its feed is there."""
    request = FakeRequest()
    viewer = viewer_of(request)
    request.done.callback(None)
    gone: list[int] = []
    viewer.when_gone(lambda: gone.append(1))
    assert gone == [1]


def test_the_end_of_a_source_ends_the_response() -> None:
    """In order, so that a player knows."""
    request = FakeRequest()
    viewer_of(request).end()
    assert request.finished
