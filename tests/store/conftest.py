"""Databases for tests: SQLite in the test's own folder, PostgreSQL in a cluster of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from hmp_twisted.store.pool import Store

from . import postgres

OpenStore = Callable[[str], Store]


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for the whole run."""
    with postgres.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        return ""
    cluster: postgres.Cluster = request.getfixturevalue("cluster")
    return cluster.new_url()


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Makes stores, not yet opened, that are closed after the test."""
    made: list[Store] = []

    def make(url: str = "") -> Store:
        made.append(Store(url, tmp_path, reactor, busy_s=0.2))
        return made[-1]

    yield make
    for store in made:
        pytest_twisted.blockon(store.close())


@pytest.fixture
def store(url: str, new_store: OpenStore) -> Store:
    """An open store on a database of either kind."""
    opened = new_store(url)
    opened.open()
    return opened
