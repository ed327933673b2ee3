"""Posters: in the recording's folder, one at a time, the last asked for first."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import attrs
import pytest
from twisted.internet.defer import Deferred

from hmp_twisted.store.pool import Store
from hmp_twisted.web.assets import FOLDER
from hmp_twisted.web.media.ffmpeg import poster_arguments
from hmp_twisted.web.media.posters import INTO, MOST_WAITING, Posters
from hmp_twisted.web.media.stills import Stills
from tests.catalogue import add_files, new_id

from .test_glances import InLine


@attrs.define
class SlowStills:
    """Makes each picture when the test says."""

    asked: list[tuple[Path, Path, tuple[float, ...]]] = attrs.field(factory=list)
    made: Deferred[None] = attrs.field(factory=Deferred)

    async def make(self, name: str, source: Path, target: Path, *places_s: float) -> None:
        """Wait, and make it."""
        self.asked.append((source, target, places_s))
        await self.made
        target.write_bytes(b"JPEG")

    def finish(self, error: Exception | None = None) -> None:
        """The picture that is being made is there, or cannot be made."""
        made, self.made = self.made, Deferred()
        if error is None:
            made.callback(None)
        else:
            made.errback(error)

    @property
    def recordings(self) -> list[str]:
        """Whose pictures were asked for, in turn."""
        return [target.parent.name for _, target, _ in self.asked]


@attrs.define
class World:
    """Recordings' folders, and their posters."""

    folder: Path
    stills: SlowStills = attrs.field(factory=SlowStills)
    posters: Posters = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.posters = Posters(cast(Store, InLine()), self.folder, cast(Stills, self.stills))

    def recording(self, *segments: bytes) -> str:
        """A recording of one track with these segments."""
        recording_id = new_id()
        add_files(self.folder, recording_id, [segments] if segments else [])
        return recording_id


@pytest.fixture
def world(tmp_path: Path) -> World:
    """No recording yet."""
    return World(tmp_path)


def test_a_poster_is_of_the_first_segment_and_lies_beside_it(world: World) -> None:
    """A little way into it, else of its beginning; it goes where the recording's folder goes."""
    one = world.recording(b"first", b"second")
    assert world.posters.find(one) is None
    world.posters.want(one)
    ((source, target, places_s),) = world.stills.asked
    assert source == world.folder / one / "track-1" / "00001.ts"
    assert places_s == (INTO * 6.0, 0.0)
    world.stills.finish()
    assert world.posters.find(one) == target == world.folder / one / "poster.jpg"


def test_a_page_can_tell_a_placeholder_from_a_poster() -> None:
    """By its width: ``app.js`` asks for those again that are still to be made."""
    placeholder = (FOLDER / "poster.svg").read_text()
    script = (FOLDER / "app.js").read_text()
    assert 'width="320"' in placeholder
    assert "PLACEHOLDER_WIDTH = 320;" in script
    assert "scale=480:-2" in poster_arguments("ffmpeg", Path("a"), Path("b"), 0.0)


def test_they_are_made_one_at_a_time_and_the_last_asked_for_first(world: World) -> None:
    """Who scrolls on sees what is on the screen; asking again makes none twice."""
    one, two, three = (world.recording(b"x") for _ in range(3))
    for wanted in (one, two, one, three, three):
        world.posters.want(wanted)
    assert world.stills.recordings == [one]
    for _ in range(4):
        world.stills.finish()
    assert world.stills.recordings == [one, three, one, two]


@pytest.mark.parametrize("segments", [(), (b"x",)])
def test_one_that_cannot_be_made_is_not_tried_again(
    world: World, segments: tuple[bytes, ...]
) -> None:
    """It holds no media, or no picture; others are made all the same."""
    bad, good = world.recording(*segments), world.recording(b"y")
    world.posters.want(bad)
    if segments:
        world.stills.finish(OSError("no picture"))
    tried = len(world.stills.asked)
    world.posters.want(bad)
    assert len(world.stills.asked) == tried
    world.posters.want(good)
    world.stills.finish()
    assert world.posters.find(good) is not None
    assert world.posters.find(bad) is None


def test_a_recording_that_is_gone_gets_none(world: World) -> None:
    """Removed between being shown and its turn."""
    world.posters.want(new_id())
    assert world.stills.asked == []


def test_what_waits_is_bounded(world: World) -> None:
    """The ones asked for longest ago are given up; they are asked for again when seen again."""
    first = world.recording(b"x")
    world.posters.want(first)
    others = [world.recording(b"x") for _ in range(MOST_WAITING + 5)]
    for other in others:
        world.posters.want(other)
    while not world.stills.made.called and len(world.stills.asked) <= MOST_WAITING:
        world.stills.finish()
    world.stills.finish()
    assert world.stills.recordings == [first, *reversed(others[5:])]
