"""What time brings to recordings in progress: signs of life, syncing, a look at the free space."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from ..logs import Logger
from .active import free_bytes
from .live_set import LiveSet
from .segments import SegmentFile
from .sync_schedule import Arrears, SyncSchedule

BEAT_S = 1.0
"""A crash loses at most so much of a recording's clock and counters."""

_LOOK = 0.02
"""The part of ``sync_interval_s`` between two looks at what is to be synced: a tick can be shorter,
and what it does besides receiving is taken from receiving."""

log = Logger()


class Upkeep:
    """Does what is due at each tick of the receiver; nothing while nothing is received."""

    def __init__(self, sync_interval_s: float, min_free_bytes: int) -> None:
        """Args:
        sync_interval_s: at most so much is lost at a power cut.
        min_free_bytes: below it running recordings end.
        """
        self._min_free_bytes = min_free_bytes
        self._look_s = sync_interval_s * _LOOK
        self._schedule = SyncSchedule(sync_interval_s)
        self._arrears = Arrears(sync_interval_s)
        self._jobs = [
            _Job(BEAT_S, self._beat),
            _Job(BEAT_S, self._watch_free_space),
            _Job(BEAT_S, self._watch_arrears),
            _Job(self._look_s, self._sync, overlapping=True),
        ]
        self._next_second = 0.0

    def tick(self, now: float, lives: LiveSet) -> None:
        """Start what is due at ``now``, in seconds of a clock that only runs forward."""
        if now >= self._next_second:
            self._next_second = now + 1.0
            lives.receiver.each_second(now)
        for job in self._jobs:
            job.start_if_due(now, lives)

    async def _beat(self, lives: LiveSet) -> None:
        recordings = [lives.snapshot(live) for live in lives if not live.ended]
        await lives.disk.run(lives.active.beat, recordings)

    async def _watch_free_space(self, lives: LiveSet) -> None:
        free = await lives.disk.run(free_bytes, lives.active.recordings)
        if free >= self._min_free_bytes:
            return
        where = lives.active.recordings
        reason = f"only {free} bytes are free in {where}, less than {self._min_free_bytes}"
        for live in lives:
            if live.state == "RECORDING" and not live.ended:
                lives.fail(live, reason)

    async def _sync(self, lives: LiveSet) -> None:
        under_way = lives.syncing.under_way
        # What hangs would hold a thread, and nothing has been written to it.
        flowing = (one for one in _open_segments(lives) if one.lane.detour is None)
        idle = [segment for segment in flowing if segment not in under_way]
        again_s = max(lives.receiver.tick_s, self._look_s)
        await lives.syncing.sync(self._schedule.due(idle, time.monotonic(), again_s))

    async def _watch_arrears(self, lives: LiveSet) -> None:
        self._arrears.look_at(_open_segments(lives), time.monotonic())


def _open_segments(lives: LiveSet) -> list[SegmentFile]:
    return [t.segment for live in lives for t in live.tracks if t.segment is not None]


class _Job:
    """Something done every so often; never twice at a time, unless it may overlap itself."""

    def __init__(
        self,
        interval_s: float,
        function: Callable[[LiveSet], Awaitable[None]],
        *,
        overlapping: bool = False,
    ) -> None:
        self._interval_s = interval_s
        self._overlapping = overlapping
        self._function = function
        self._next = 0.0
        self._running = False

    def start_if_due(self, now: float, lives: LiveSet) -> None:
        if now >= self._next and (self._overlapping or not self._running):
            self._next = now + self._interval_s
            self._running = True
            Deferred.fromCoroutine(self._run(lives))

    async def _run(self, lives: LiveSet) -> None:
        try:
            await self._function(lives)
        except Exception:
            log.failure("the media engine's upkeep failed; it is tried again when it is due")
        finally:
            self._running = False
