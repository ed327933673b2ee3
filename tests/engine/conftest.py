"""Fixtures of the media engine's tests. The sample clips are made once a session by ffmpeg."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred

from .bench_of_recording import Bench
from .playing import Player

MAKE_CLIPS = Path(__file__).parents[2] / "media" / "make_clips.py"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The sample clips of ``media/README.md``, by name without ``.ts``."""
    folder = tmp_path_factory.mktemp("clips")
    subprocess.run(
        [sys.executable, str(MAKE_CLIPS), str(folder)], check=True, stdout=subprocess.DEVNULL
    )
    return {path.stem: path.read_bytes() for path in folder.glob("*.ts")}


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A Restreamer over an empty folder; its processes are gone at the end."""
    made = Player(tmp_path)
    yield made
    pytest_twisted.blockon(ensureDeferred(made.close()))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A place to record in; its recorders are closed at the end."""
    made = Bench(tmp_path / "recordings")
    yield made
    pytest_twisted.blockon(ensureDeferred(made.close()))
