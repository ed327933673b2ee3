"""What tests of services need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from hmp_twisted.store.pool import Store

from .world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of the test's own."""
    store = Store("", tmp_path, reactor)
    store.open()
    folder = tmp_path / "recordings"
    folder.mkdir()
    yield World(store, folder)
    pytest_twisted.blockon(store.close())
