"""Marks for the index: where each source was at what time, by its packets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import pcr, ts
from ..runs import Indices
from . import pids
from .arrivals import Gap
from .counters import grown
from .gathered import Gathered, Times
from .pids import PidTable

RANDOM_ACCESS = 1
"""A video stream can be decoded from this packet on."""
UNCLOCKED_S = 0.05
"""How far apart the marks are while a source sends no PCR: they alone tell its pace."""
NO_PCR = -1
NO_PID = 0x1FFF

MARK = np.dtype(
    [
        ("slot", np.uint32),
        ("flags", np.uint16),
        ("pid", np.uint16),
        ("number", np.int64),
        ("at", np.float64),
        ("pcr", np.int64),
    ]
)
"""``number`` packets came before this one. It came at ``at``, by the receiver's clock."""
Marks = npt.NDArray[np.void]
_RANDOM_ACCESS_INDICATOR = 0x40


class Marker:
    """Makes one mark a source at each inspection, at each random access point, before each gap."""

    def __init__(self, table: PidTable) -> None:
        self._table = table
        self._clock_pid: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._ended: Times = np.zeros(0)
        """When what each slot sent last came."""

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        more = np.full(slots - self._clock_pid.size, NO_PID, np.uint32)
        self._clock_pid = np.concatenate((self._clock_pid, more))
        self._ended = grown(self._ended, slots)

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        self._clock_pid[slot] = NO_PID
        self._ended[slot] = 0.0

    def mark(
        self, gathered: Gathered, samples: pcr.Samples, fields: Indices, gaps: list[Gap]
    ) -> Marks:
        """The marks of what came, those of one source in the order of their packets.

        Args:
            gathered: what came.
            samples: the PCRs in it.
            fields: the packets in it that have an adaptation field.
            gaps: those that ended with what came.
        """
        clock = self._clocks(gathered, samples)
        access = random_access_points(gathered.words, fields)
        keys = gathered.runs.slots_of(access) * np.uint32(ts.PIDS) + _pids(gathered, access)
        access = access[(self._table.rows["flags"][self._table.find(keys)] & pids.VIDEO) != 0]
        clocked = gathered.runs.slots_of(samples.packets[clock])
        runs = _runs_without(gathered, self._clock_pid.size, clocked)
        marks = np.concatenate(
            (
                _before(gaps),  # first: what ended them has the same number
                self._begins(gathered, runs),
                _at(gathered, samples, clock, access),
                _ends(gathered, self._clock_pid.size, runs),
            )
        )
        self._ended[gathered.runs.slots] = gathered.run_to
        return marks[np.lexsort((marks["number"], marks["slot"]))]

    def _begins(self, gathered: Gathered, runs: Indices) -> Marks:
        """Where a source went on, in one of these runs, after a tick or more that brought nothing.

        Without it what came then would seem to have come all through the silence.
        """
        order = runs[gathered.runs.slots[runs].argsort(kind="stable")]
        slots, ends = gathered.runs.slots[order], gathered.run_to[order]
        before = self._ended[slots]
        again = np.flatnonzero(slots[1:] == slots[:-1]) + 1
        before[again] = ends[again - 1]
        begun = order[(before > 0) & (gathered.run_from[order] > before)]
        return _unclocked(gathered, begun, gathered.run_numbers[begun], gathered.run_from[begun])

    def _clocks(self, gathered: Gathered, samples: pcr.Samples) -> Indices:
        """One PCR of each source that sent one, of the same PID as long as that has any."""
        slots = gathered.runs.slots_of(samples.packets)
        ours = (samples.pids == self._clock_pid[slots]).nonzero()[0]
        found, index = np.unique(slots[ours], return_index=True)
        without = np.ones(self._clock_pid.size, np.bool_)
        without[found] = False
        others: Indices = without[slots].nonzero()[0]
        clocks: Indices = ours[index]
        if not others.size:
            return clocks
        new, other_index = np.unique(slots[others], return_index=True)
        self._clock_pid[new] = samples.pids[others[other_index]]
        return np.concatenate((clocks, others[other_index]))


def random_access_points(words: ts.Words, fields: Indices) -> Indices:
    """The packets, of those with an adaptation field, that say that decoding can begin there."""
    headers, second = words[fields, 0].byteswap(), words[fields, 1].byteswap()
    said = ts.adaptation_flag(headers, second, _RANDOM_ACCESS_INDICATOR)
    return fields[said & ~ts.transport_errors(headers)]


def _pids(gathered: Gathered, packets: Indices) -> npt.NDArray[np.uint32]:
    return ts.pids(gathered.words[packets, 0].byteswap())


def _before(gaps: list[Gap]) -> Marks:
    """The end of what came before each gap, lest times be interpolated across it."""
    ends = [(gap.slot, 0, NO_PID, gap.packets, gap.begin, NO_PCR) for gap in gaps]
    return np.array(ends, MARK)


def _at(gathered: Gathered, samples: pcr.Samples, clock: Indices, access: Indices) -> Marks:
    packets = np.union1d(samples.packets[clock], access)
    marks = np.zeros(packets.size, MARK)
    marks["slot"] = gathered.runs.slots_of(packets)
    marks["pid"] = _pids(gathered, packets)
    marks["number"], marks["at"] = gathered.numbers(packets), gathered.times(packets)
    marks["flags"][np.searchsorted(packets, access)] = RANDOM_ACCESS
    marks["pcr"] = NO_PCR
    place = np.searchsorted(samples.packets, packets)
    clocked = np.append(samples.packets, -1)[place] == packets
    marks["pcr"][clocked] = samples.ticks[place[clocked]]
    return marks


def _runs_without(gathered: Gathered, slots: int, clocked: npt.NDArray[np.uint32]) -> Indices:
    """The runs of sources that sent no PCR: of all but ``clocked``."""
    unclocked = np.ones(slots, np.bool_)
    unclocked[clocked] = False
    runs: Indices = unclocked[gathered.runs.slots].nonzero()[0]
    return runs


def _ends(gathered: Gathered, slots: int, runs: Indices) -> Marks:
    """Where each source stands every :data:`UNCLOCKED_S`, by these of its runs."""
    times = (gathered.run_to[runs] / UNCLOCKED_S).astype(np.int64)
    _, from_end = np.unique((times * slots + gathered.runs.slots[runs])[::-1], return_index=True)
    runs = runs[runs.size - 1 - from_end]
    numbers = gathered.run_numbers[runs] + gathered.runs.sizes[runs]
    return _unclocked(gathered, runs, numbers, gathered.run_to[runs])


def _unclocked(
    gathered: Gathered, runs: Indices, numbers: npt.NDArray[np.int64], times: Times
) -> Marks:
    marks = np.zeros(runs.size, MARK)
    marks["slot"], marks["pid"], marks["pcr"] = gathered.runs.slots[runs], NO_PID, NO_PCR
    marks["number"], marks["at"] = numbers, times
    return marks
