"""A server with everything in it that a command can name, and the honesty of ``covers``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import TRANSCRIPT
from .stage import Stage, prepared


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of :func:`tests.contract.lines.covers`."""
    config.addinivalue_line("markers", "covers(line): the test gets this line of the contract")


@pytest.fixture(autouse=True)
def _covers_what_it_says(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold that a test got every line that it is marked to cover as an answer to that command."""
    before = len(TRANSCRIPT)
    yield
    heard = TRANSCRIPT[before:]
    for mark in request.node.iter_markers("covers"):
        line = mark.args[0]
        assert any(_is(line.command, sent) and line.fits(got) for sent, got in heard), (
            f"marked as covering {line}, but heard only {heard}"
        )


def _is(command: str, sent: str) -> bool:
    return command == "general" or sent.split(" ")[0] == command


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A data directory that has been administered by ``hmpctl``; copied for each server."""
    folder = Path(tempfile.mkdtemp(prefix="hmp-"))
    yield prepared(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def stage(template: Path) -> Iterator[Stage]:
    """A server that the tests of one module share."""
    with Stage.on(template) as stage:
        yield stage.start()


@pytest.fixture
def fresh_stage(template: Path) -> Iterator[Stage]:
    """A server of one test's own, administered but not started."""
    with Stage.on(template) as stage:
        yield stage
