"""The ledger: every datagram that a recording should have is there, or it is known why not."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import attrs
import numpy as np

from tests.harness import packets

from .encoders import TICK_S, Encoder

CRASH_LOSES_S = 0.25
"""What was received so long before an engine was killed must be there."""
BACK_WITHIN_S = 10.0
"""After a kill recording must go on again; two Pythons start on a machine that is kept busy."""

RECORDED, PAUSED, KILLED, LOST = "recorded", "paused", "while the engine was gone", "counted lost"
FULL, UNKNOWN = "after the disk was full", "UNACCOUNTED FOR"


@attrs.frozen
class Window:
    """When something that excuses a datagram's absence went on; monotonic seconds."""

    why: str
    moment: float
    """When it was done."""
    end: float
    before_s: float = 0.0
    """How much of what came before that may be missing, too."""

    def excuses(self, first: float, last: float) -> bool:
        """Whether datagrams sent from one time to another may be missing because of it."""
        return first >= self.moment - self.before_s - 2 * TICK_S and last <= self.end + 2 * TICK_S


@attrs.define
class Take:
    """One track of one recording: what should be in it."""

    recording: str
    track: int
    encoder: Encoder
    first: int
    """The first number that was sent after the recording had started."""
    last: int = 0
    """What was sent before this number was sent before the recording was told to end."""
    windows: list[Window] = attrs.field(factory=list)
    ended_full_at: float | None = None
    """When the disk was filled, if that ended it."""


@attrs.define
class Ledger:
    """Sums over all takes, and what is wrong with any."""

    totals: Counter[str] = attrs.field(factory=Counter)
    faults: list[str] = attrs.field(factory=list)
    longest_s: dict[str, float] = attrs.field(factory=dict)
    """The longest hole of each kind, in seconds of the encoder's sending."""
    before_s: dict[str, float] = attrs.field(factory=dict)
    """How much of what had been sent before its moment was missing, in seconds, at most."""
    torn_packets: int = 0
    """Packets kept of datagrams of which the rest is missing, and counted as missing."""

    def enter(self, take: Take, segments: list[Path], lost: int) -> None:
        """Read a take's files, and account for it.

        Args:
            take: what should be there.
            segments: its files, in order.
            lost: what the recording itself counted as lost.
        """
        name = f"recording {take.recording} track {take.track} (encoder {take.encoder.seed})"
        numbers = self._read(name, take.encoder, segments)
        inside = [n for n in numbers if take.first <= n < take.last]
        self.totals["sent"] += take.last - take.first
        self.totals[RECORDED] += len(inside)
        uncounted = 0
        for first, last in _holes(take.first, take.last, inside):
            uncounted += self._excuse(take, first, last)
        counted = min(uncounted, lost)
        self.totals[LOST] += counted
        self.totals[UNKNOWN] += uncounted - counted
        if uncounted > counted:
            holes = list(_holes(take.first, take.last, inside))[:6]
            missing = uncounted - counted
            self.faults.append(f"{name}: {missing} missing without a reason; holes: {holes}")

    def _excuse(self, take: Take, first: int, last: int) -> int:
        """Enter the hole between two numbers; how many of it no window excuses."""
        size = last - first
        begin, end = take.encoder.sent_by(first), take.encoder.sent_by(last - 1)
        windows = list(take.windows)
        if take.ended_full_at is not None and last == take.last:
            windows.append(Window(FULL, take.ended_full_at, end, CRASH_LOSES_S))
        for window in windows:
            if window.excuses(begin, end):
                self.totals[window.why] += size
                longest = self.longest_s.get(window.why, 0.0)
                self.longest_s[window.why] = max(longest, end - begin + TICK_S)
                before = self.before_s.get(window.why, 0.0)
                self.before_s[window.why] = max(before, window.moment - begin)
                return 0
        return size

    def _read(self, name: str, encoder: Encoder, segments: list[Path]) -> list[int]:
        """The numbers in the files; each byte is compared with what was sent."""
        numbers: list[int] = []
        for path in segments:
            data = path.read_bytes()
            whole = len(data) - len(data) % packets.DATAGRAM
            data, rest = data[:whole], data[whole:]
            found = packets.numbers(data)
            self._look_at_end(f"{name}: {path.name}", encoder, found[-1:], rest)
            for start, run in _runs(found):
                at = start * packets.DATAGRAM
                wanted = encoder.datagrams(found[start], run)
                if data[at : at + len(wanted)] != wanted:
                    self.faults.append(f"{name}: {path.name} holds other bytes than were sent")
            numbers += found
        if any(b <= a for a, b in itertools.pairwise(numbers)):
            self.faults.append(f"{name}: a datagram twice, or out of order")
        return numbers

    def _look_at_end(self, name: str, encoder: Encoder, last: list[int], rest: bytes) -> None:
        """A kill or a full disk may end a write between two packets of a datagram, not within one.

        The datagram is not there, so the hole that it leaves needs an excuse like any other.
        """
        wanted = b"".join(encoder.datagrams(number + 1, 1) for number in last)
        if len(rest) % packets.PACKET or not wanted.startswith(rest):
            self.faults.append(f"{name} ends within a packet, or with one that was not sent then")
        self.torn_packets += len(rest) // packets.PACKET


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Where runs of successive numbers begin in the list, and how long they are."""
    if not numbers:
        return []
    starts = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
    return [(a, b - a) for a, b in itertools.pairwise(starts)]


def _holes(first: int, last: int, numbers: list[int]) -> list[tuple[int, int]]:
    """The ranges (first, and one after the last) that are missing from ``first`` up to ``last``."""
    edges = [first - 1, *numbers, last]
    return [(a + 1, b) for a, b in itertools.pairwise(edges) if b > a + 1]
