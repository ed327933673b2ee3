"""What must come every so often: PAT, PMTs, the streams they refer to, their PTS, a CAT.

A source that sends nothing at all is not asked for any of it: its gap is told instead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import ts
from ..runs import Indices
from . import counters, pids
from .arrivals import Arrivals
from .gathered import Gathered, Times
from .pids import PidTable, Rows

PTS_PERIOD_S = 0.7
_PERIODS = (
    (pids.PAT, counters.PAT, 0.5),
    (pids.MAP, counters.PMT, 0.5),
    (pids.STREAM, counters.PID, 5.0),
    (pids.CAT, counters.CAT, 10.0),
)
"""TR 101 290 leaves the period of streams to its user, and names none for the CAT; EN 300 468's
guidelines (TR 101 211) want one every 10 s."""
_KEPT = 0.8
"""The part of the grace that is left at the next inspection: a tenth after three seconds."""
_PES_FLAGS = 7
_PTS = 0x80


class Presence:
    """Counts each period in which something was missing."""

    def __init__(self, table: PidTable, arrivals: Arrivals, counts: counters.Counters) -> None:
        self._table, self._arrivals, self._counts = table, arrivals, counts
        self._grace_s = 0.0

    def begin(self, tick_s: float) -> None:
        """What is inspected next came in ticks of up to ``tick_s`` seconds.

        Packets' times are not known better, so a period counts when it is longer by two of them;
        by more for a while when ticks become shorter, because it began in longer ones.
        """
        self._grace_s = max(2 * tick_s, _KEPT * self._grace_s)

    def inspect(self, rows: Rows, first: Times, last: Times) -> None:
        """Take which PIDs came, and when each one's first and last packet did."""
        table = self._table.rows
        flags = table["flags"][rows]
        waited = first - self._waited_from("seen", rows)
        for flag, name, period in _PERIODS:
            late = ((flags & flag) != 0) & (waited > period + self._grace_s)
            self._counts.add(name, table["slot"][rows[late]])
        table["seen"][rows] = last

    def inspect_pts(self, gathered: Gathered, rows: Rows) -> None:
        """Take the packets that begin a payload unit; ``rows`` are those of their PIDs."""
        table = self._table.rows
        timed = ((table["flags"][rows] & pids.TIMED) != 0).nonzero()[0]
        stamped = timed[_have_pts(gathered.packets[timed])]
        times = gathered.times(gathered.starts[stamped])
        # Between two that come in one inspection there is no room for an error.
        unique, index = np.unique(rows[stamped], return_index=True)
        late = times[index] - self._waited_from("pts", unique) > PTS_PERIOD_S + self._grace_s
        self._counts.add(counters.PTS, table["slot"][unique[late]])
        table["pts"][rows[stamped]] = times

    def inspect_absent(self, slots: Indices, now: float) -> None:
        """Count what sources that send have not sent for too long, once each period."""
        sending = np.zeros(self._arrivals.last.size, np.bool_)
        sending[slots] = True
        for flag, name, period in _PERIODS:
            self._count_absent("seen", flag, name, period, sending, now)
        self._count_absent("pts", pids.TIMED, counters.PTS, PTS_PERIOD_S, sending, now)

    def _count_absent(
        self,
        field: str,
        flag: int,
        name: str,
        period: float,
        sending: npt.NDArray[np.bool_],
        now: float,
    ) -> None:
        table = self._table.rows
        rows = self._table.flagged(flag)
        absent = sending[table["slot"][rows]]
        absent &= now - self._waited_from(field, rows) > period + self._grace_s
        table[field][rows[absent]] = now
        self._counts.add(name, table["slot"][rows[absent]])

    def _waited_from(self, field: str, rows: Rows) -> Times:
        table = self._table.rows
        since: Times = self._arrivals.since[table["slot"][rows]]
        waited: Times = np.maximum(table[field][rows], since)
        return waited


def _have_pts(packets: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which of these packets begin a PES packet with a PTS, or are scrambled and may do so."""
    index = np.arange(packets.shape[0])
    begin = np.where(packets[:, 3] & 0x20, 5 + packets[:, 4].astype(np.intp), 4)
    there = begin + _PES_FLAGS < ts.PACKET
    begin = np.where(there, begin, 0)
    found = there & ((packets[:, 1] & 0x40) != 0) & ((packets[:, 3] & 0x10) != 0)
    for offset, value in ((0, 0), (1, 0), (2, 1)):
        found &= packets[index, begin + offset] == value
    found &= (packets[index, begin + _PES_FLAGS] & _PTS) != 0
    scrambled = (packets[:, 3] & 0xC0) != 0
    result: npt.NDArray[np.bool_] = found | scrambled
    return result
