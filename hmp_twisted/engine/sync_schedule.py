"""When which segment is to be synced, so that a power cut costs at most the interval agreed on.

A datagram waits a tick in its socket, then in the system's memory until the next sync of its file
has begun, then for that sync to end. So a file's next sync begins as late as the interval allows,
after what the file's last one took.

Few files are synced together, for the file system notes that once for all. Many would keep the disk
and this process busy for too long at a time: of them some are synced at each tick.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..logs import Logger
from .segments import SegmentFile

TOGETHER = 64
"""So many files are synced together at least, if there are."""
_MARGIN = 0.05
"""The part of the interval that is for whatever keeps a tick from coming in time."""
_SOONEST = 0.25
"""The part of the interval that passes between two syncs of a file, however slow its disk is."""
_ARREARS = 1.5
"""So many intervals are told of: the disk does not keep up."""

log = Logger()


class SyncSchedule:
    """Chooses at each tick what is to be synced; the oldest first."""

    def __init__(self, interval_s: float) -> None:
        """``interval_s`` is how old may be what is not durable."""
        self.interval_s = interval_s
        self._chosen_at = 0.0

    def due(self, segments: Iterable[SegmentFile], now: float, tick_s: float) -> list[SegmentFile]:
        """Those of the segments whose sync is to begin now, in the order in which to do it.

        Args:
            segments: all that are open, but those that are being synced.
            now: in seconds of the receiver's clock.
            tick_s: when this is called again.
        """
        waiting = sorted(segments, key=lambda segment: segment.sync_begun_at)
        longest_s = self.interval_s * (1 - _MARGIN) - tick_s
        share = int(len(waiting) * (now - self._chosen_at) / max(longest_s, tick_s))
        overdue = {
            segment
            for segment in waiting
            if now + tick_s - segment.sync_begun_at
            > max(longest_s - segment.sync_took_s, self.interval_s * _SOONEST)
        }
        if not overdue and share < TOGETHER:
            return []
        self._chosen_at = now
        enough = max(share, TOGETHER)
        return [one for at, one in enumerate(waiting) if at < enough or one in overdue]


class Arrears:
    """Tells, once, of a disk that takes so long that a power cut would cost more than agreed on."""

    def __init__(self, interval_s: float) -> None:
        """``interval_s`` is how old may be what is not durable."""
        self._interval_s = interval_s
        self._told = False

    def look_at(self, segments: Iterable[SegmentFile], now: float) -> None:
        """To be called now and then with all that are open."""
        behind = [segment for segment in segments if not segment.all_synced]
        age_s = max((now - segment.durable_at for segment in behind), default=0.0)
        if age_s > self._interval_s * _ARREARS and not self._told:
            self._told = True
            log.warn(
                "the disk does not keep up: a power cut now would cost the last {age:.1f} s of "
                "{count} of the files that are recorded, and at most {interval:g} s were agreed on "
                "(recordings.sync_interval_s)",
                age=age_s,
                count=sum(now - one.durable_at > self._interval_s for one in behind),
                interval=self._interval_s,
            )
        elif age_s <= self._interval_s and self._told:
            self._told = False
            log.info(
                "the disk keeps up again: what is recorded is durable within {interval:g} s",
                interval=self._interval_s,
            )
