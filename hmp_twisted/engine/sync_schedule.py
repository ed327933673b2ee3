"""When which segment is to be synced, so that a power cut costs at most the interval agreed on.

A datagram waits a tick in its socket, then in the system's memory until the next sync of its file
has begun, then for that sync to end. So a file's next sync begins as late as the interval allows,
after what its syncs take. (What waits for a disk that takes no more writes is not reckoned in.)

Few files are synced together, for the file system notes that once for all. Many would keep the disk
and this process busy for too long at a time: of them some are synced at each tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..logs import Logger
from .segments import SegmentFile

TOGETHER = 64
"""So many files are synced together at least, if there are."""
_MARGIN = 0.05
"""The part of the interval that is for whatever keeps a tick from coming in time."""
PAUSE = 0.1
"""The part of the interval for which a file is left alone after a sync, however slow its disk."""
_ARREARS, _LEAST_ARREARS_S = 1.5, 1.0
"""So many intervals, and no less than so many seconds, are told of."""

log = Logger()


class SyncSchedule:
    """Chooses at each tick what is to be synced; the oldest first."""

    def __init__(self, interval_s: float) -> None:
        """``interval_s`` is how old may be what is not durable."""
        self._interval_s = interval_s
        self._chosen_at: float | None = None

    def due(self, segments: Iterable[SegmentFile], now: float, tick_s: float) -> list[SegmentFile]:
        """Those of the segments whose sync is to begin now, in the order in which to do it.

        Args:
            segments: all that are open, but those that are being synced.
            now: in seconds of the receiver's clock.
            tick_s: in how many seconds this is called again.
        """
        if self._chosen_at is None:
            self._chosen_at = now
        waiting = sorted(segments, key=lambda segment: segment.sync_begun_at)
        longest_s = self._interval_s * (1 - _MARGIN) - tick_s
        overdue = {
            segment
            for segment in waiting
            if now + tick_s - segment.sync_begun_at > self._wait_s(longest_s, segment.sync_took_s)
        }
        # So many make a round of all in the longest time that they may be left alone.
        in_turn = int(len(waiting) * (now - self._chosen_at) / max(longest_s, tick_s))
        if not overdue and in_turn < TOGETHER:
            return []
        self._chosen_at = now
        count = max(in_turn, TOGETHER)
        return [one for place, one in enumerate(waiting) if place < count or one in overdue]

    def _wait_s(self, longest_s: float, took_s: float) -> float:
        """How long after its last sync began the next one is to begin."""
        return max(longest_s - took_s, took_s + self._interval_s * PAUSE)


class Arrears:
    """Tells, once, that a power cut would cost more than agreed on."""

    def __init__(self, interval_s: float) -> None:
        """``interval_s`` is how old may be what is not durable."""
        self._interval_s = interval_s
        self._told = False

    def look_at(self, segments: Sequence[SegmentFile], now: float) -> None:
        """To be called now and then with all that are open."""
        ages = [now - segment.durable_at for segment in segments if not segment.all_synced]
        age_s = max(ages, default=0.0)
        if age_s > max(self._interval_s * _ARREARS, _LEAST_ARREARS_S) and not self._told:
            self._told = True
            log.warn(
                "syncing takes too long: a power cut now would cost up to {age:.1f} s of "
                "{count} of the tracks that are recorded; recordings.sync_interval_s allows "
                "{interval:g} s; is the disk too slow, or busy with something else?",
                age=age_s,
                count=sum(age > self._interval_s for age in ages),
                interval=self._interval_s,
            )
        elif age_s <= self._interval_s and self._told:
            self._told = False
            if segments:
                log.info(
                    "syncing is in time again: a power cut would cost at most {interval:g} s",
                    interval=self._interval_s,
                )
