"""When the packets of a segment came, for what has no PCR to be paced by.

The index beside a segment tells it twenty times a second, and where the source fell silent. Without
an index all that is known is how long the segment took, so it came evenly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path

import numpy as np

from .. import index_file
from ..index_file import IndexDamagedError, Records
from .pacing import Knots, Ticks
from .packets import PACKET, PCR_HZ

_TICKS_PER_US = PCR_HZ // 1_000_000


class Arrivals:
    """Of one segment; times are ticks since its first packet came."""

    def __init__(self, path: Path, count: int, offset_s: float, duration_s: float) -> None:
        """Args:
        path: the segment's.
        count: its packets.
        offset_s: the recording's clock at its first packet.
        duration_s: how long it took.
        """
        try:
            self._records: Records = index_file.read(index_file.path_of(path), count * PACKET)
        except IndexDamagedError:
            self._records = np.zeros(0, index_file.RECORD)
        self._origin_us = round(offset_s * 1e6)
        self._ends = (0.0, 0.0), (float(count), duration_s * PCR_HZ)

    def between(self, first: int, count: int) -> Knots:
        """When ``count`` packets from ``first`` on came, between points that are interpolated.

        Places are counted from ``first``, times from when that one came. Where the source was
        silent one place has two times, of which the later is that of the packet.
        """
        offsets, end = self._records["offset"], first + count
        low = bisect_left(offsets, first * PACKET)
        high = bisect_right(offsets, end * PACKET)
        places, times = self._points(low - 1, high + 1)
        begins, stops = np.interp((first, end), places, times)
        inside = (places > first) & (places < end)
        places = np.concatenate(([first], places[inside], [end]))
        times = np.concatenate(([begins], times[inside], [stops]))
        return Knots(places - first, times - begins)

    def packet_at(self, ticks: float) -> float:
        """Which packet came then, or next."""
        wanted = self._origin_us + ticks / _TICKS_PER_US
        after = bisect_left(self._records["clock_us"], wanted)
        places, times = self._points(after - 1, after + 1)
        return float(np.interp(ticks, times, places))

    def _points(self, first: int, end: int) -> tuple[Ticks, Ticks]:
        """Places and times of some records; the segment's ends stand before and after all."""
        records = self._records[max(0, first) : end]
        before = self._ends[: int(first < 0)]
        after = self._ends[1 : 1 + int(end > self._records.size)]
        places = records["offset"] / PACKET
        times = (records["clock_us"] - self._origin_us) * float(_TICKS_PER_US)
        ends = np.array([*before, *after]).reshape(-1, 2)
        cut = len(before)
        return (
            np.concatenate((ends[:cut, 0], places, ends[cut:, 0])),
            np.concatenate((ends[:cut, 1], times, ends[cut:, 1])),
        )
