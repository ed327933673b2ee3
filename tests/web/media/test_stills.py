"""Stills by a real ffmpeg: there whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from hmp_twisted.config import RestreamSettings
from hmp_twisted.errors import StreamFailedError
from hmp_twisted.web.media.stills import Stills
from tests.harness.encoder import clip


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of MPEG-TS."""
    return clip(tmp_path_factory.mktemp("media") / "clip.ts", 3)


@pytest.fixture
def stills() -> Stills:
    """By the ffmpeg of this machine."""
    return Stills(reactor, RestreamSettings())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the picture is to be, in a folder of its own."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder / "picture.jpg"


@pytest_twisted.ensureDeferred
async def test_a_picture_of_a_clip_is_a_jpeg(stills: Stills, media: Path, target: Path) -> None:
    """Of the first place that shows one; beyond the end there is none."""
    await stills.make("a picture", media, target, 60.0, 1.0)
    assert target.read_bytes()[:3] == b"\xff\xd8\xff"
    assert list(target.parent.iterdir()) == [target]


@pytest_twisted.ensureDeferred
async def test_what_shows_no_picture_leaves_nothing(
    stills: Stills, tmp_path: Path, target: Path
) -> None:
    """The words are ffmpeg's own."""
    noise = tmp_path / "noise.ts"
    noise.write_bytes(os.urandom(100_000))
    with pytest.raises(OSError, match=r"ffmpeg ended with exit code \d+: .+"):
        await stills.make("a picture", noise, target, 0.0)
    assert list(target.parent.iterdir()) == []


@pytest_twisted.ensureDeferred
async def test_without_ffmpeg_it_is_said_so(media: Path, target: Path) -> None:
    """Before anything is made."""
    stills = Stills(reactor, RestreamSettings(ffmpeg="/nowhere/ffmpeg"))
    with pytest.raises(StreamFailedError, match="no such executable"):
        await stills.make("a picture", media, target, 0.0)
    assert list(target.parent.iterdir()) == []


@pytest_twisted.ensureDeferred
async def test_a_folder_that_is_gone_stays_so(stills: Stills, media: Path, target: Path) -> None:
    """The recording was removed meanwhile: its folder does not come back."""
    target.parent.rmdir()
    with pytest.raises(OSError, match="ffmpeg ended"):
        await stills.make("a picture", media, target, 0.0)
    assert not target.parent.exists()
