"""Segments as files: read a window at a time, and searched for a start position.

They are read with ``preadv``, not mapped: a disk that fails then fails one stream with a reason,
where a mapping would end the process. The kernel is told in time what will be read next.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path

import attrs
import numpy as np

from .arrivals import Arrivals
from .packets import GROUP, PACKET, PCR_HZ, PCR_WRAP, Packets, Pcrs, find_pcrs

WINDOW = 800 * GROUP
"""Packets looked at in one go: about a second at 8 Mbit/s."""
_AHEAD = 4 * WINDOW * PACKET


@attrs.frozen
class Segment:
    """A file of a recording, and its place in it."""

    path: Path
    offset_s: float
    """The recording's clock at its first datagram."""
    duration_s: float


class SegmentFile:
    """An open segment; packets count from 0, and a torn last one does not count."""

    def __init__(self, segment: Segment) -> None:
        """Open it; OSError if that fails."""
        self.segment = segment
        self._descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        self.count = os.fstat(self._descriptor).st_size // PACKET
        self.ticks_per_packet = max(segment.duration_s, 0.001) * PCR_HZ / max(self.count, 1)
        """By the recorded duration."""

    @cached_property
    def arrivals(self) -> Arrivals:
        """When its packets came; wanted where there is no PCR."""
        one = self.segment
        return Arrivals(one.path, self.count, one.offset_s, one.duration_s)

    def read(self, first: int, count: int = WINDOW) -> Packets:
        """Up to ``count`` packets from ``first`` on; OSError if the disk fails or it shrank."""
        count = min(count, self.count - first)
        packets = np.empty((count, PACKET), np.uint8)
        start, got = first * PACKET, 0
        while got < packets.nbytes:
            size = os.preadv(self._descriptor, [packets.reshape(-1).data[got:]], start + got)
            if not size:
                raise OSError(f"{self.segment.path} is shorter than it was")
            got += size
        os.posix_fadvise(self._descriptor, start + got, _AHEAD, os.POSIX_FADV_WILLNEED)
        return packets

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


def expect(segment: Segment) -> None:
    """Let the kernel fetch a segment's beginning; a file that cannot be read shows when it is."""
    with contextlib.suppress(OSError):
        descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        os.posix_fadvise(descriptor, 0, _AHEAD, os.POSIX_FADV_WILLNEED)
        os.close(descriptor)


def segment_at(segments: tuple[Segment, ...], start_s: float) -> int:
    """Which segment holds that time of the recording, or begins next after it."""
    for number, segment in enumerate(segments):
        if start_s < segment.offset_s + segment.duration_s:
            return number
    return len(segments) - 1


def packet_at(file: SegmentFile, seconds: float) -> int:
    """The packet, first of a group of seven, that came ``seconds`` after the segment's first.

    Found by bisection over the PCRs, so in a few reads however long the segment is; by its
    arrivals where it has none.
    """
    goal = seconds * PCR_HZ
    low, high = 0, file.count
    origin = find_pcrs(file.read(0))
    pid = origin.commonest_pid()
    if seconds <= 0:
        return 0
    if pid is None:
        return _group_of(file.arrivals.packet_at(goal), file.count)
    first = origin.of(pid)
    while high - low > GROUP:
        middle = (low + high) // 2
        if _elapsed(file, first, pid, middle) < goal:
            low = middle
        else:
            high = middle
    return _group_of(low, file.count)


def _elapsed(file: SegmentFile, first: Pcrs, pid: int, at: int) -> float:
    """Ticks from the segment's start to the next PCR from packet ``at`` on.

    A PCR tells the time but for multiples of 26.5 hours; the even rate tells which.
    """
    even = at * file.ticks_per_packet
    here = find_pcrs(file.read(at, WINDOW)).of(pid)
    if not len(here.index):
        return even
    ticks = int(here.value[0] - first.value[0]) % PCR_WRAP
    ticks = ticks + round((even - ticks) / PCR_WRAP) * PCR_WRAP
    return ticks - int(here.index[0] - first.index[0]) * file.ticks_per_packet


def _group_of(packet: float, count: int) -> int:
    return min(max(0, int(packet)), max(0, count - 1)) // GROUP * GROUP
