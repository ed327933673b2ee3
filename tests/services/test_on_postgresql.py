"""The services on PostgreSQL: the same job, with the same checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import DeferredList, ensureDeferred

from hmp_twisted import errors
from hmp_twisted.store.pool import Store
from tests.store import postgres

from .job import whole_job
from .world import DEVICE, World


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for this module."""
    with postgres.running() as running:
        yield running


@pytest.fixture
def world(cluster: postgres.Cluster, tmp_path: Path) -> Iterator[World]:
    """A world whose database is PostgreSQL's."""
    store = Store(cluster.new_url(), tmp_path, reactor)
    store.open()
    yield World(store, tmp_path)
    pytest_twisted.blockon(store.close())


@pytest_twisted.ensureDeferred
async def test_the_whole_main_job_is_done_on_postgresql(world: World) -> None:
    """Each service once, by a device and by a user."""
    await whole_job(world)
    assert {row["state"] for row in world.rows("recordings")} == {"FINISHED"}
    assert all(row["ended"] is not None for row in world.rows("streams"))
    assert all(row["revision"] == row["filed_revision"] > 1 for row in world.rows("recordings"))


@pytest_twisted.ensureDeferred
async def test_checks_need_no_lock_of_their_own_on_postgresql(world: World) -> None:
    """Of two starts to one address, from two servers' pools, one passes."""
    other = Store(world.store.url.render_as_string(hide_password=False), Path(), reactor)
    recording_id = world.recording()
    starts = [
        ensureDeferred(World(store, Path()).new_streams().start(DEVICE, recording_id, "::1", 6000))
        for store in (world.store, other)
        for _ in range(5)
    ]
    outcomes = await DeferredList(starts, consumeErrors=True)
    await other.close()
    assert sum(passed for passed, _ in outcomes) == 1
    refusals: list[object] = [failure for passed, failure in outcomes if not passed]
    assert all(f.check(errors.AddressInUseError) for f in refusals)  # type: ignore[attr-defined]  # Failures
