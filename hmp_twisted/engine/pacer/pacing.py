"""When each datagram is due, worked out from the PCRs: pure.

Times are 27 MHz ticks on the stream's own axis, which starts at 0 with its first packet. Between
two PCRs the packets are evenly spread; a datagram with a PCR in it leaves at that PCR's time, since
a receiver reads the clock there. Where the PCR jumps (an edit in the source, a loss, a damaged
packet) the axis goes on at the running rate: nothing waits for a clock that jumped. What has no
PCR at all is due as it came.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from .packets import GROUP, PCR_HZ, PCR_WRAP, Integers, Pcrs

JUMP = PCR_HZ
"""A step between PCRs of more than this is a jump; the standard allows 0.1 s (2.7.2)."""
Ticks = NDArray[np.float64]


@attrs.frozen
class Plan:
    """How much of a window to send, and when."""

    count: int
    """Packets, from the window's first; the rest is to be planned again with what follows it."""
    due: Ticks
    """One for each datagram, never decreasing."""


@attrs.frozen(eq=False)
class Knots:
    """Points between which packets are evenly spread."""

    places: Ticks
    """Packets, never decreasing; where one comes twice, its packet is due at the later time."""
    times: Ticks


@attrs.frozen
class Mark:
    """A PCR and its place on the axis."""

    value: int
    ticks: float


class Timeline:
    """One stream's axis, carried from window to window."""

    def __init__(self, ticks_per_packet: float) -> None:
        """Start at 0; the rate is used until PCRs tell a better one."""
        self.ticks = 0.0
        """When the next packet is due."""
        self.rate = ticks_per_packet
        """Ticks from packet to packet, as the PCRs last told."""
        self.mark: Mark | None = None
        """The last PCR, as it stands in the segment."""

    def plan(self, pcrs: Pcrs, count: int, *, is_last: bool, came: Knots | None = None) -> Plan:
        """Due times for a window of ``count`` packets with these PCRs (of one PID).

        Without any, the packets are due as they ``came``; if that is unknown, at the running rate.
        Unless the window is its segment's last, the plan ends with the datagram before the one
        with the last PCR, so that what lies between two PCRs is never split.
        """
        steps, total = self._steps(pcrs), count
        at = (
            self._first_pcr(pcrs) + np.concatenate(([0.0], np.cumsum(steps)))
            if len(pcrs.index)
            else steps
        )
        if not is_last:
            total = self._whole_groups(pcrs.index, count)
        knots = self._knots(pcrs.index, at, count, came)
        places, times = knots.places, knots.times
        due = np.interp(np.arange(0, total, GROUP), places, times)
        due = np.maximum.accumulate(np.maximum(due, self.ticks))
        self.ticks = max(float(np.interp(total, places, times)), float(due[-1]))
        if len(pcrs.index):
            self.mark = Mark(int(pcrs.value[-1]), float(at[-1]))
        return Plan(total, due)

    def fill(self, sent: int, nulls: int) -> Ticks:
        """Due times of the datagrams that null packets begin, after a plan of ``sent`` packets.

        The axis moves on by the null packets at the running rate.
        """
        starts = np.arange(-(-sent // GROUP) * GROUP, sent + nulls, GROUP)
        due = (self.ticks + (starts - sent) * self.rate).astype(np.float64)
        self.ticks += nulls * self.rate
        return due

    def join(self, first_pcr: int | None, ticks: float) -> None:
        """A new segment begins, whose first PCR (if it has one) is due at ``ticks``."""
        self.mark = None if first_pcr is None else Mark(first_pcr, ticks)

    def _steps(self, pcrs: Pcrs) -> Ticks:
        """Ticks from PCR to PCR, jumps by the running rate, which is brought up to date."""
        steps = (np.diff(pcrs.value) % PCR_WRAP).astype(np.float64)
        packets = np.diff(pcrs.index)
        sound = steps <= JUMP
        if sound.any() and steps[sound].sum():
            self.rate = float(steps[sound].sum() / packets[sound].sum())
        return np.where(sound, steps, packets * self.rate)

    def _first_pcr(self, pcrs: Pcrs) -> float:
        if self.mark is not None:
            step = (int(pcrs.value[0]) - self.mark.value) % PCR_WRAP
            if step <= JUMP:
                return self.mark.ticks + step
        return self.ticks + self.rate * int(pcrs.index[0])

    @staticmethod
    def _whole_groups(index: Integers, count: int) -> int:
        if len(index) and index[-1] >= GROUP:
            return int(index[-1]) // GROUP * GROUP
        return count // GROUP * GROUP

    def _knots(self, index: Integers, at: Ticks, count: int, came: Knots | None) -> Knots:
        """The points between which times are interpolated, PCRs moved to their datagram's start."""
        if not len(index):
            came = came or Knots(np.array([0.0, count]), np.array([0.0, self.rate * count]))
            return Knots(came.places, came.times + self.ticks)
        end = at[-1] + self.rate * (count - index[-1])
        places = np.concatenate(([0], index // GROUP * GROUP, [count]))
        times = np.concatenate(([self.ticks], at, [end]))
        last_of_place = np.append(np.diff(places) > 0, True)
        return Knots(places[last_of_place].astype(np.float64), times[last_of_place])
