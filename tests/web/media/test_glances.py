"""Glances at sources: while somebody looks, one at a time, and bounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from hmp_twisted.engine.inspection.psi import Programme
from hmp_twisted.errors import NotReadyError, SourceUnusableError
from hmp_twisted.store.pool import Store
from hmp_twisted.store.rows import SourceRow
from hmp_twisted.web.media import glances
from hmp_twisted.web.media.feeds import Feeds
from hmp_twisted.web.media.glances import EVERY_S, LOOKED_S, SHORTEST_S, Glances
from hmp_twisted.web.media.stills import Stills
from tests.harness.packets import DATAGRAM, PACKET, datagrams

H264 = (Programme(1, 256, ((256, 0x1B), (257, 0x0F))),)


@attrs.define(eq=False)
class FakeFeed:
    """A source as the test says."""

    programmes: tuple[Programme, ...] = H264
    takers: list[Any] = attrs.field(factory=list)

    def hear(self) -> tuple[Programme, ...]:
        """What it holds."""
        return self.programmes

    def leave(self, taker: Any) -> None:
        """One takes no more."""
        self.takers.remove(taker)


@attrs.define
class FakeFeeds:
    """Sources by URL; those that are not there cannot be received."""

    feeds: dict[str, FakeFeed] = attrs.field(factory=dict)
    joined: list[str] = attrs.field(factory=list)

    async def join(self, source: SourceRow, taker: Any) -> FakeFeed:
        """Give it what the test sends."""
        self.joined.append(source.url)
        if source.url not in self.feeds:
            raise SourceUnusableError("no such address")
        self.feeds[source.url].takers.append(taker)
        return self.feeds[source.url]


@attrs.define
class FakeStills:
    """Makes a picture of whatever it is given, unless the test says otherwise."""

    fails: bool = False

    async def make(self, name: str, source: Path, target: Path, *places_s: float) -> None:
        """Write a JPEG that tells what it was made of."""
        if self.fails:
            raise OSError("no picture in it")
        target.write_bytes(b"JPEG of %d" % source.stat().st_size)


class InLine:
    """Work on files that is done at once."""

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """Do it."""
        return succeed(function(*args))


@attrs.define
class Looking:
    """Somebody who looks at sources, and what comes of them."""

    folder: Path
    clock: Clock = attrs.field(factory=Clock)
    feeds: FakeFeeds = attrs.field(factory=FakeFeeds)
    stills: FakeStills = attrs.field(factory=FakeStills)
    glances: Glances = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.glances = Glances(
            self.clock,
            cast(Store, InLine()),
            cast(Feeds, self.feeds),
            cast(Stills, self.stills),
            self.folder,
        )

    def source(self, name: str, **feed: Any) -> SourceRow:
        """A source that can be received."""
        self.feeds.feeds[name] = FakeFeed(**feed)
        return SourceRow(name, name, name, "")

    def send(self, name: str, data: bytes) -> None:
        """Let bytes of a source come."""
        for taker in [*self.feeds.feeds[name].takers]:
            taker.send(data)


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    """Nobody has looked yet."""
    return Looking(tmp_path)


def test_a_source_that_is_looked_at_shows_what_it_sends(looking: Looking) -> None:
    """A picture, its codecs, its rate; then it is let go, and nothing lies about."""
    source = looking.source("cam")
    looking.glances.look([source])
    assert looking.glances.of("cam", "") is None
    looking.send("cam", datagrams(0, 300))
    looking.clock.advance(SHORTEST_S)
    seen = looking.glances.of("cam", "")
    assert seen is not None
    assert seen.picture == b"JPEG of %d" % (300 * DATAGRAM)
    assert seen.programmes == H264
    assert seen.bits_per_second == pytest.approx(300 * DATAGRAM * 8 / SHORTEST_S)
    assert seen.continuity_errors == 0
    assert looking.feeds.feeds["cam"].takers == []
    assert list(looking.folder.iterdir()) == []
    looking.clock.advance(2)
    assert looking.glances.age_s(seen) == 2


def test_only_one_source_is_listened_to_at_a_time(looking: Looking) -> None:
    """However many there are, and however often the page asks."""
    sources = [looking.source(name) for name in ("one", "two", "three")]
    for _ in range(3):
        looking.glances.look(sources)
    for joined in (["one"], ["one", "two"], ["one", "two", "three"]):
        assert looking.feeds.joined == joined
        assert sum(len(feed.takers) for feed in looking.feeds.feeds.values()) == 1
        looking.send(joined[-1], datagrams(0, 7))
        looking.clock.advance(SHORTEST_S)
    looking.glances.look(sources)
    assert looking.feeds.joined == ["one", "two", "three"], "none of them is due"
    looking.clock.advance(EVERY_S)
    looking.glances.look(sources)
    assert looking.feeds.joined[3:] == ["one"]


def test_when_nobody_looks_nothing_is_received(looking: Looking) -> None:
    """The source that is listened to just then is the last."""
    sources = [looking.source(name) for name in ("one", "two")]
    looking.glances.look(sources)
    looking.clock.advance(LOOKED_S + 1)
    looking.clock.advance(600)
    assert looking.feeds.joined == ["one"]
    assert looking.feeds.feeds["one"].takers == []
    assert not looking.clock.getDelayedCalls()
    looking.glances.look(sources[1:])
    assert looking.feeds.joined == ["one", "two"]
    assert looking.glances.of("one", "") is None, "what is old is forgotten"


def test_a_source_without_a_picture_is_listened_to_for_longer(looking: Looking) -> None:
    """Some send a whole picture every ten seconds only; the time is bounded, too."""
    looking.stills.fails = True
    source = looking.source("cam")
    lengths = []
    for _ in range(4):
        looking.glances.look([source])
        looking.send("cam", datagrams(0, 7))
        while looking.feeds.feeds["cam"].takers:
            looking.clock.advance(1)
        seen = looking.glances.of("cam", "")
        assert seen is not None
        assert (seen.picture, seen.programmes) == (b"", H264)
        lengths.append(seen.seconds)
        looking.clock.advance(EVERY_S)
    assert lengths == [3, 6, 12, 12]


def test_a_source_that_is_silent_is_asked_less_often(looking: Looking) -> None:
    """Each time the engine tells of the silence in its log."""
    source = looking.source("cam", programmes=())
    looking.glances.look([source])
    looking.clock.advance(SHORTEST_S)
    seen = looking.glances.of("cam", "")
    assert seen is not None
    assert (seen.size, seen.picture, seen.words) == (0, b"", "")
    looking.clock.advance(EVERY_S)
    looking.glances.look([source])
    assert looking.feeds.joined == ["cam"]
    looking.clock.advance(glances.SILENT_EVERY_S)
    looking.glances.look([source])
    assert looking.feeds.joined == ["cam", "cam"]
    looking.clock.advance(SHORTEST_S)


def test_a_source_that_cannot_be_received_says_why(looking: Looking) -> None:
    """And the next one is looked at all the same."""
    looking.glances.look([SourceRow("x", "x", "gone", ""), looking.source("cam")])
    seen = looking.glances.of("gone", "")
    assert seen is not None
    assert seen.words == "no such address"
    assert looking.feeds.joined == ["gone", "cam"]
    looking.clock.advance(SHORTEST_S)
    assert not looking.clock.getDelayedCalls()


def test_what_is_listened_to_is_bounded(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast source is listened to for a shorter time; its rate is right all the same."""
    monkeypatch.setattr(glances, "MOST_BYTES", 100 * DATAGRAM)
    looking.glances.look([looking.source("cam")])
    looking.clock.advance(0.5)
    looking.send("cam", datagrams(0, 101))
    seen = looking.glances.of("cam", "")
    assert seen is not None
    assert seen.bits_per_second == pytest.approx(101 * DATAGRAM * 8 / 0.5)
    assert not looking.clock.getDelayedCalls()


def test_a_source_that_ends_meanwhile_is_told_of_as_far_as_it_came(looking: Looking) -> None:
    """The engine died, or was stopped."""
    looking.glances.look([looking.source("cam")])
    looking.send("cam", datagrams(0, 7))
    looking.clock.advance(1)
    feed = looking.feeds.feeds["cam"]
    feed.takers[0].end()
    seen = looking.glances.of("cam", "")
    assert seen is not None
    assert (seen.seconds, seen.size) == (1, 7 * DATAGRAM)
    assert not looking.clock.getDelayedCalls()


def test_a_server_that_stops_ends_it_without_a_fault(looking: Looking) -> None:
    """What was listened to is worth nothing then; a server that carries on looks again."""

    def closed(function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """The database takes nothing more."""
        return fail(NotReadyError("closed"))

    store = cast(Any, looking.glances._store)
    source = looking.source("cam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "in_thread", closed)
        looking.glances.look([source])
        looking.clock.advance(SHORTEST_S)
    assert looking.glances.of("cam", "") is None
    looking.glances.look([source])
    looking.clock.advance(SHORTEST_S)
    assert looking.glances.of("cam", "") is not None


@pytest.mark.parametrize("skipped", [0, 1, PACKET - 1])
def test_gaps_are_counted_wherever_the_bytes_begin(skipped: int) -> None:
    """Bytes of a feed that others look at already begin in the middle of a packet."""
    sound = datagrams(0, 50)[skipped:]
    assert glances.continuity_errors(sound) == 0
    holed = (datagrams(0, 10) + datagrams(11, 10) + datagrams(25, 10))[skipped:]
    assert glances.continuity_errors(holed) == 2
    assert glances.continuity_errors(b"") == 0
    assert glances.continuity_errors(b"no packets at all" * 100) == 0
