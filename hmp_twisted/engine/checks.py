"""Looks at the packets of all sources together, a third of a second's worth at a time.

One NumPy call costs as much as five hundred packets, so the heads are gathered while the packets
are in the processor's cache, and analysed all at once later.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import attrs
import numpy as np

from . import pcr, ts
from .continuity import Continuity, Seen
from .inspection import counters, marks
from .inspection.arrivals import Arrivals, Gap
from .inspection.gathered import Gathered, Gatherer
from .inspection.pids import PidTable
from .inspection.presence import Presence
from .inspection.references import Extremes, References
from .inspection.tables import Tables

INTERVAL_S = 1 / 3
"""How long heads are gathered before they are analysed: with every third time comes a report."""
CAPACITY = 1 << 18
"""Heads gathered at most."""
SETTLED_S = 10.0
"""PIDs that a source shows for the first time later than this are told of as new."""


@attrs.frozen(eq=False)
class Findings:
    """What was found of all sources since it was last asked for."""

    marks: marks.Marks
    """For the index; those of one source are together, in the order of their packets."""
    extremes: list[Extremes]
    """By slot."""
    gaps: list[Gap]
    programmes: list[tuple[int, str]]
    """Slots whose tables changed, and how."""
    pids: list[tuple[int, int]]
    """Slots, and PIDs that they show for the first time."""


class _Sized(Protocol):
    """What keeps something for every slot that there is."""

    def reserve(self, slots: int) -> None: ...

    def forget(self, slot: int) -> None: ...


class Checks:
    """The counters of what is wrong inside the packets, by source (a *slot*, a small number)."""

    def __init__(self) -> None:
        self._gatherer = Gatherer(CAPACITY)
        self._counts = counters.Counters()
        self._table = PidTable()
        self._continuity = Continuity()
        self._arrivals = Arrivals()
        self._presence = Presence(self._table, self._arrivals, self._counts)
        self._tables = Tables(self._table, self._counts, self._gatherer)
        self._references = References(self._table, self._counts)
        self._marker = marks.Marker(self._table)
        self._sized: tuple[_Sized, ...] = (
            *(self._gatherer, self._counts, self._table, self._continuity),
            *(self._arrivals, self._references, self._marker),
        )
        self._marks: list[marks.Marks] = []
        self._new_pids: list[tuple[int, int]] = []
        self._opened: dict[int, float] = {}
        self._slots = 0
        self._free: list[int] = []

    def open_slot(self) -> int:
        """A slot for a new source, its counters at 0."""
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._tables.begin(slot)
        return slot

    def close_slot(self, slot: int) -> None:
        """The source is gone; its slot is free for another."""
        self.analyse()
        for part in self._sized:
            part.forget(slot)
        self._tables.forget(slot)
        self._opened.pop(slot, None)
        self._new_pids = [new for new in self._new_pids if new[0] != slot]
        self._marks = [found[found["slot"] != slot] for found in self._marks]
        self._free.append(slot)

    def counted(self, slot: int) -> tuple[int, dict[str, int], Counter[int]]:
        """As of the last :meth:`analyse`: the source's packets, its counters by name, and its gaps
        in continuity counters by PID."""
        by_pid = Counter(self._continuity.by_pid.get(slot, ()))
        return self._gatherer.sent(slot), self._counts.of(slot), by_pid

    def counters(self, slot: int) -> dict[str, int]:
        """The source's counters by name, likewise."""
        return self._counts.of(slot)

    def last_arrival(self, slot: int) -> float:
        """When the source's last packet came, in seconds of the receiver's clock; 0 for never."""
        return float(self._arrivals.last[slot])

    def gather(
        self,
        memory: Any,
        offset: int,
        slots: list[int],
        counts: list[int],
        packets: int,
        now: float,
    ) -> bool:
        """Take the heads of packets that lie end to end in ``memory``, if each has its sync byte.

        Args:
            memory: where they lie.
            offset: bytes before the first.
            slots: the sources they are from, in order.
            counts: how many packets are from each.
            packets: how many in all; at most :data:`CAPACITY`.
            now: the tick that brought them, in seconds of the receiver's clock.

        Returns:
            False, with nothing taken, when a packet has no sync byte.
        """
        if self._gatherer.used + packets > CAPACITY:
            self.analyse()
        return self._gatherer.take(memory, offset, slots, counts, packets, now)

    def looked(self, now: float) -> None:
        """All sockets are empty: what is gathered from here on came after ``now``."""
        self._gatherer.looked(now)

    def analyse(self) -> None:
        """Bring everything up to date with what was gathered."""
        if not self._gatherer.used:
            return
        gathered = self._gatherer.release()
        now = float(gathered.run_to.max())
        known_gaps = len(self._arrivals.gaps)
        self._presence.begin(gathered.tick_s)
        slots = self._arrivals.inspect(gathered)
        seen = self._continuity.check(gathered.words, gathered.runs)
        self._counts.set(counters.CONTINUITY, self._continuity.errors)
        self._count_damaged(gathered)
        self._look_at_pids(gathered, seen, now)
        self._look_at_starts(gathered, now)
        self._presence.inspect_absent(slots, now)
        self._look_at_fields(gathered, self._arrivals.gaps[known_gaps:])

    def take_findings(self) -> Findings:
        """What was found since this was last called."""
        self.analyse()
        found = Findings(
            marks=np.concatenate([np.zeros(0, marks.MARK), *self._marks]),
            extremes=self._references.take_extremes(),
            gaps=self._arrivals.gaps,
            programmes=self._tables.changes,
            pids=self._new_pids,
        )
        self._arrivals.gaps, self._tables.changes = [], []
        self._marks, self._new_pids = [], []
        order = np.argsort(found.marks["slot"], kind="stable")
        return attrs.evolve(found, marks=found.marks[order])

    def _look_at_pids(self, gathered: Gathered, seen: Seen, now: float) -> None:
        rows, new = self._table.take(seen.keys)
        first, last = gathered.times(seen.first), gathered.times(seen.last)
        self._presence.inspect(rows, first, last)
        for key in seen.keys[new].tolist():
            slot, pid = divmod(key, ts.PIDS)
            if now - self._opened.setdefault(slot, now) > SETTLED_S:
                self._new_pids.append((slot, pid))

    def _look_at_starts(self, gathered: Gathered, now: float) -> None:
        pids = ts.pids(gathered.words[gathered.starts, 0].byteswap())
        keys = gathered.runs.slots_of(gathered.starts) * np.uint32(ts.PIDS) + pids
        rows = self._table.find(keys)
        self._tables.inspect(gathered, rows, now)
        self._presence.inspect_pts(gathered, rows)

    def _look_at_fields(self, gathered: Gathered, gaps: list[Gap]) -> None:
        fields = ts.with_adaptation(gathered.words)
        samples = pcr.find_in(gathered.words, fields)
        # The PCR of a packet that is known to be damaged is none, and its PID may have no row.
        damaged = gathered.words[samples.packets, 0] & np.uint32(ts.TRANSPORT_ERROR)
        samples = samples.only(damaged == 0)
        keys = gathered.runs.slots_of(samples.packets) * np.uint32(ts.PIDS) + samples.pids
        self._references.inspect(gathered, samples, self._table.find(keys))
        self._marks.append(self._marker.mark(gathered, samples, fields, gaps))

    def _count_damaged(self, gathered: Gathered) -> None:
        damaged = (gathered.words[:, 0] & np.uint32(ts.TRANSPORT_ERROR)).nonzero()[0]
        self._counts.add(counters.TRANSPORT, gathered.runs.slots_of(damaged))

    def _grow(self) -> None:
        known, self._slots = self._slots, max(16, 2 * self._slots)
        for part in self._sized:
            part.reserve(self._slots)
        self._free += range(self._slots - 1, known - 1, -1)
