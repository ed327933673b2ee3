"""Syncing many files of which one hangs, or cannot be synced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from hmp_twisted.engine.disk import DiskThreads
from hmp_twisted.engine.lane import Lane
from hmp_twisted.engine.segments import SegmentFile
from hmp_twisted.engine.syncing import MOST_THREADS, Syncing

from .bench_of_recording import until


class Slow(SegmentFile):
    """A segment of which the disk takes as long as the test wants."""

    def __init__(self, number: int) -> None:
        super().__init__(Path(f"{number}.ts"), number, 0.0, 0.0, 0.0, Lane())
        self.go = threading.Event()
        self.go.set()
        self.go_on_beginning = threading.Event()
        self.go_on_beginning.set()
        self.started = self.begun = self.synced = 0
        self.error: OSError | None = None

    def begin_to_sync(self) -> None:
        """Wait likewise."""
        self.started += 1
        assert self.go_on_beginning.wait(20), "the test never let the disk go on"

    def sync(self) -> None:
        """Wait, then be synced."""
        self.begun += 1
        assert self.go.wait(20), "the test never let the disk go on"
        if self.error:
            raise self.error
        self.synced += 1


@pytest.fixture
def disk() -> Iterator[DiskThreads]:
    """Threads that are ended at the end."""
    threads = DiskThreads(reactor)
    threads.start()
    yield threads
    threads.stop()


@pytest_twisted.ensureDeferred
async def test_a_file_that_hangs_keeps_no_other_waiting(disk: DiskThreads) -> None:
    """The next sync takes up those behind it; the one that hangs is not tried twice at a time."""
    segments = [Slow(number) for number in range(5)]
    hanging = segments[1]
    hanging.go.clear()
    syncing = Syncing(disk.run, lambda *_: None, patience_s=0.0)
    rounds = [Deferred.fromCoroutine(syncing.sync(segments))]
    await until(lambda: hanging.begun, "the file that hangs")
    assert [one.synced for one in segments] == [1, 0, 0, 0, 0]
    rounds.append(Deferred.fromCoroutine(syncing.sync(segments)))
    await rounds[1]
    assert [one.synced for one in segments] == [2, 0, 1, 1, 1]
    assert hanging.begun == 1
    hanging.go.set()
    await rounds[0]
    await syncing.sync(segments)
    assert [one.synced for one in segments] == [3, 2, 2, 2, 2]


@pytest_twisted.ensureDeferred
async def test_a_file_that_hangs_as_it_begins_keeps_no_other_waiting(disk: DiskThreads) -> None:
    """Nor is it tried twice at a time; all others are begun before one is waited for."""
    segments = [Slow(number) for number in range(4)]
    hanging = segments[2]
    hanging.go_on_beginning.clear()
    syncing = Syncing(disk.run, lambda *_: None, patience_s=0.0)
    rounds = [Deferred.fromCoroutine(syncing.sync(segments))]
    await until(lambda: hanging.started, "the file that hangs")
    assert [one.started for one in segments] == [1, 1, 1, 0]
    assert [one.synced for one in segments] == [0, 0, 0, 0]
    await syncing.sync(segments)
    assert [one.started for one in segments] == [1, 1, 1, 1]
    assert [one.synced for one in segments] == [1, 1, 0, 1]
    hanging.go_on_beginning.set()
    await rounds[0]
    assert [one.synced for one in segments] == [1, 1, 1, 1]


@pytest_twisted.ensureDeferred
async def test_a_thread_that_goes_on_takes_up_what_becomes_due(disk: DiskThreads) -> None:
    """No other begins while it may still come to it."""
    segments = [Slow(number) for number in range(3)]
    segments[0].go.clear()
    syncing = Syncing(disk.run, lambda *_: None, patience_s=3600.0)
    first = Deferred.fromCoroutine(syncing.sync(segments[:1]))
    await until(lambda: segments[0].begun, "the file that takes long")
    await syncing.sync(segments[1:])
    assert [one.started for one in segments] == [1, 0, 0]
    segments[0].go.set()
    await first
    assert [one.synced for one in segments] == [1, 1, 1]
    assert all(one.durable_at == one.sync_begun_at > 0.0 for one in segments)
    assert not syncing.under_way


@pytest_twisted.ensureDeferred
async def test_a_thread_is_left_for_others(disk: DiskThreads) -> None:
    """However many files hang, closing and ``recording.json`` still have a thread."""
    segments = [Slow(number) for number in range(MOST_THREADS + 1)]
    for one in segments:
        one.go.clear()
    syncing = Syncing(disk.run, lambda *_: None, patience_s=0.0)
    rounds = [Deferred.fromCoroutine(syncing.sync(segments)) for _ in range(MOST_THREADS + 1)]
    await until(lambda: sum(one.begun for one in segments) == MOST_THREADS, "threads that hang")
    assert await disk.run(lambda: "done") == "done"
    for one in segments:
        one.go.set()
    for each in rounds:
        await each
    assert [one.synced for one in segments] == [1] * len(segments)


@pytest_twisted.ensureDeferred
async def test_a_failure_is_told_and_the_rest_synced(disk: DiskThreads) -> None:
    """Of that segment, with its error."""
    segments = [Slow(number) for number in range(3)]
    segments[1].error = OSError(5, "Input/output error")
    told: list[tuple[SegmentFile, OSError]] = []
    await Syncing(disk.run, lambda *failed: told.append(failed)).sync(segments)
    assert told == [(segments[1], segments[1].error)]
    assert [one.synced for one in segments] == [1, 0, 1]
