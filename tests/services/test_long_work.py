"""Work on whole recordings' files: nothing else waits for it, and neither does a server's end."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable

import pytest
import pytest_twisted
from sqlalchemy import Connection, text
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList

from hmp_twisted.errors import NotReadyError
from hmp_twisted.services.integrity import Integrity
from hmp_twisted.services.long_work import LongWork
from hmp_twisted.services.trimming import Trimming
from tests.catalogue import add_files, packets

from .world import DEVICE, World

SEGMENT = packets(600)
PATIENCE_S = 30.0

Act = Callable[[World, LongWork, str, Callable[[float], None]], Awaitable[object]]


def recording(world: World) -> str:
    """A recording of two files."""
    made = world.recording(duration_s=12.0)
    add_files(world.recordings_dir, made, [(SEGMENT, SEGMENT)])
    return made


def verify(
    world: World, long_work: LongWork, recording_id: str, progress: Callable[[float], None]
) -> Awaitable[object]:
    """Read all of it."""
    integrity = Integrity(world.store, long_work, world.recordings_dir)
    return integrity.verify(DEVICE, recording_id, progress)


def trim(
    world: World, long_work: LongWork, recording_id: str, progress: Callable[[float], None]
) -> Awaitable[object]:
    """Copy half of it."""
    trimming = Trimming(world.store, long_work, world.recordings_dir, 0)
    return trimming.trim(DEVICE, recording_id, 3.0, 9.0, "", progress)


async def _of(awaited: Awaitable[object]) -> object:
    return await awaited


def _one(conn: Connection) -> int:
    return int(conn.execute(text("SELECT 1")).scalar_one())


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("act", [verify, trim])
async def test_as_many_as_there_may_be_keep_nobody_from_reading(world: World, act: Act) -> None:
    """The database is read, and short work on files done, while each of four is half way."""
    long_work, may_go_on = LongWork(world.store), threading.Event()
    entered = threading.Semaphore(0)

    def hold(_: float) -> None:
        """It takes its time."""
        entered.release()
        may_go_on.wait(2 * PATIENCE_S)

    recordings = [recording(world) for _ in range(4)]
    running = [Deferred.fromCoroutine(_of(act(world, long_work, one, hold))) for one in recordings]
    try:
        for _ in range(2):
            entered_in_time = world.store.in_thread(entered.acquire, timeout=PATIENCE_S)
            entered_in_time.addTimeout(PATIENCE_S, reactor)  # type: ignore[arg-type]  # a module to mypy
            assert await entered_in_time
        read = world.store.read("one", _one)
        read.addTimeout(PATIENCE_S, reactor)  # type: ignore[arg-type]  # a module to mypy
        assert await read == 1
    finally:
        may_go_on.set()
        outcomes = await DeferredList(running, consumeErrors=True)
    assert all(succeeded for succeeded, _ in outcomes)


@pytest_twisted.ensureDeferred
async def test_a_server_that_stops_gives_a_verification_up(world: World) -> None:
    """At its next megabyte; one that waits for its turn is not begun."""
    long_work, one = LongWork(world.store), recording(world)
    told: list[float] = []

    def stop(more: float) -> None:
        """The server stops while the first file is read."""
        told.append(more)
        long_work.close()

    for _ in range(2):
        with pytest.raises(NotReadyError):
            await verify(world, long_work, one, stop)
    assert told == [len(SEGMENT)]
