"""What came since the last inspection: heads, the packets that begin something, and when.

A tick brings what came since the tick before; between the two a packet's time is interpolated.
"""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from .. import tick_length, ts
from ..runs import Indices, Runs

_SYNC_AND_START = np.uint32(0x40FF)
"""The sync byte and the payload unit start indicator, in a head's first little-endian word."""
_GOES_ON = np.uint32(ts.SYNC)
_BEGINS = np.uint32(ts.SYNC | 0x4000).tobytes()

Times = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Gathered:
    """Packets of all sources, in the order of their arrival."""

    words: ts.Words
    """Their heads; all first words lie together, and all second, and all third."""
    runs: Runs
    """Whose they are: what came of one source in one tick is a run."""
    starts: Indices
    """Which of them have their whole packet in :attr:`packets`: those that begin a payload unit,
    and those of PIDs that were asked for."""
    packets: npt.NDArray[np.uint8]
    run_from: Times
    run_to: Times
    """When each run's packets came: after the first, up to and at the second."""
    run_numbers: npt.NDArray[np.int64]
    """How many packets its source had sent before it."""

    @property
    def tick_s(self) -> float:
        """The longest tick that brought any of it, in seconds: so well are times known."""
        return float((self.run_to - self.run_from).max(initial=0.0))

    def times(self, packets: Indices) -> Times:
        """When each of these packets came, in seconds of the receiver's clock."""
        run, within, count = self._places(packets)
        begin = self.run_from[run]
        times: Times = begin + (self.run_to[run] - begin) * (within + 1) / count
        return times

    def numbers(self, packets: Indices) -> npt.NDArray[np.int64]:
        """How many packets each one's source had sent before it."""
        run, within, _ = self._places(packets)
        numbers: npt.NDArray[np.int64] = self.run_numbers[run] + within
        return numbers

    def _places(self, packets: Indices) -> tuple[Indices, Indices, Indices]:
        run = self.runs.of(packets)
        first = self.runs.first[run]
        return run, packets - first, self.runs.ends[run] - first


class Gatherer:
    """Takes packets while they are in the processor's cache; what it costs, receiving costs."""

    def __init__(self, capacity: int) -> None:
        """``capacity`` is how many packets it holds."""
        self._capacity = capacity
        # By column: what looks at all packets looks at their first words alone.
        self._columns: ts.Words = np.zeros((3, capacity), np.uint32)
        self._sent: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        # PIDs whose continuation packets are wanted too, by a head's second and third byte.
        self._wanted: npt.NDArray[np.bool_] = np.zeros(1 << 16, np.bool_)
        self._wants_any = False
        self._now = self._before = math.inf  # what the first tick brings came just now
        self._looked_at = -math.inf
        self._used = 0
        self._clear()

    @property
    def used(self) -> int:
        """Packets held."""
        return self._used

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        self._sent = np.concatenate((self._sent, np.zeros(slots - self._sent.size, np.int64)))

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        self._sent[slot] = 0

    def want(self, pid: int) -> None:
        """Keep every packet of this PID whole, whichever source sends it."""
        for flags in range(8):  # the three bits before the PID
            self._wanted[(pid & 0xFF) << 8 | flags << 5 | pid >> 8] = True
        self._wants_any = True

    def looked(self, now: float) -> None:
        """Whatever is taken from here on came after ``now``."""
        self._looked_at = now

    def take(
        self,
        memory: Any,
        offset: int,
        slots: list[int],
        counts: list[int],
        packets: int,
        now: float,
    ) -> bool:
        """Take packets that lie end to end; as :meth:`~..checks.Checks.gather`."""
        end = self._used + packets
        columns = self._columns[:, self._used : end]
        ts.take_heads(memory, packets, offset, columns)
        headers = columns[0]
        beginnings = headers & _SYNC_AND_START
        starts = (beginnings != _GOES_ON).nonzero()[0]
        # Each function of NumPy costs more than what it does here, so few are used.
        if beginnings.take(starts).tobytes() != _BEGINS * starts.size:
            return False
        self._keep_whole(memory, offset, self._wanted_too(headers, starts), packets)
        if now != self._now:
            # A datagram that is taken by itself, at the time that it came, may step back a little.
            earliest = max(self._now, self._looked_at, now - tick_length.LONGEST_S)
            self._before, self._now = min(earliest, now), now
        self._slots += slots
        self._counts += counts
        self._ticks.append((len(slots), self._before, now))
        self._used = end
        return True

    def release(self) -> Gathered:
        """Everything taken since this was last called. It is overwritten by what is taken next."""
        counts = np.array(self._counts, np.intp)
        runs = Runs(np.array(self._slots, np.uint32), np.cumsum(counts))
        ticks = np.array(self._ticks, np.float64).reshape(-1, 3)
        in_tick = ticks[:, 0].astype(np.intp)
        gathered = Gathered(
            words=self._columns[:, : self._used].T,
            runs=runs,
            starts=np.concatenate([np.zeros(0, np.intp), *self._starts]),
            packets=np.concatenate([np.zeros((0, ts.PACKET), np.uint8), *self._packets]),
            run_from=np.repeat(ticks[:, 1], in_tick),
            run_to=np.repeat(ticks[:, 2], in_tick),
            run_numbers=self._count(runs.slots, counts),
        )
        self._clear()
        return gathered

    def sent(self, slot: int) -> int:
        """How many packets of a source were released so far."""
        return int(self._sent[slot])

    def _wanted_too(self, headers: ts.Words, starts: Indices) -> Indices:
        """Those that begin something, and those whose PIDs are wanted whole."""
        if not self._wants_any:
            return starts
        wanted = self._wanted[(headers >> np.uint32(8)) & np.uint32(0xFFFF)]
        return np.union1d(starts, wanted.nonzero()[0])

    def _keep_whole(self, memory: Any, offset: int, index: Indices, packets: int) -> None:
        if index.size:
            whole = np.ndarray((packets, ts.PACKET), np.uint8, buffer=memory, offset=offset)
            self._packets.append(whole.take(index, axis=0))
            self._starts.append(index + self._used)

    def _count(self, run_slots: npt.NDArray[np.uint32], counts: Indices) -> npt.NDArray[np.int64]:
        """How many packets each run's source had sent before it; they are counted as sent."""
        order = np.argsort(run_slots, kind="stable")
        slots, sizes = run_slots[order], counts[order]
        before = np.cumsum(sizes) - sizes
        first = np.concatenate((slots[:1] >= 0, slots[1:] != slots[:-1])).nonzero()[0]
        lengths = np.diff(np.concatenate((first, [slots.size])))
        numbers = np.empty(slots.size, np.int64)
        numbers[order] = before - np.repeat(before[first], lengths) + self._sent[slots]
        self._sent += np.bincount(run_slots, counts, self._sent.size).astype(np.int64)
        return numbers

    def _clear(self) -> None:
        self._used = 0
        self._slots: list[int] = []
        self._counts: list[int] = []
        self._ticks: list[tuple[int, float, float]] = []
        self._starts: list[Indices] = []
        self._packets: list[npt.NDArray[np.uint8]] = []
