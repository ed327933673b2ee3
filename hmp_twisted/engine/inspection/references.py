"""How good the programme clock references are: TR 101 290 2.3 and 2.4, and jitter of arrival."""

from __future__ import annotations

from typing import TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from .. import pcr
from . import counters
from .counters import grown
from .gathered import Gathered, Times
from .pids import PidTable, Rows

LONGEST_S = 0.1
"""From one PCR to the next (TR 101 290 V1.4.1; ISO/IEC 13818-1 2.7.2)."""
ACCURACY_S = 500e-9
STEADY = 1e-3
"""Rates before and after a PCR that differ by less are those of a stream of constant rate; in no
other can the accuracy be told from what was received."""


T = TypeVar("T", bound=np.generic)


@attrs.frozen
class Extremes:
    """The worst of a time, in seconds; 0 where nothing could be measured."""

    pcr_interval_s: float = 0.0
    """The longest from one PCR to the next, by their values."""
    pcr_jitter_s: float = 0.0
    """The most by which arrival and PCR came apart within a second; a tick is lost in it."""
    pcr_accuracy_s: float = 0.0
    """The farthest that a PCR was from its place, in a stream of constant rate."""

    def worst(self, other: Extremes) -> Extremes:
        """The worse of each."""
        return Extremes(
            max(self.pcr_interval_s, other.pcr_interval_s),
            max(self.pcr_jitter_s, other.pcr_jitter_s),
            max(self.pcr_accuracy_s, other.pcr_accuracy_s),
        )


@attrs.frozen(eq=False)
class _Steps:
    """From each PCR's predecessor on its PID to itself, sorted by PID."""

    rows: Rows
    first: npt.NDArray[np.intp]
    """Where the run of each PID begins."""
    known: npt.NDArray[np.bool_]
    """Whether there is a predecessor in the same time base."""
    new_base: npt.NDArray[np.bool_]
    ticks: npt.NDArray[np.int64]
    seconds: Times
    """By the PCR."""
    arrival: Times
    """By arrival."""
    packets: npt.NDArray[np.int64]


class References:
    """Measures every PCR against the one before."""

    def __init__(self, table: PidTable, counts: counters.Counters) -> None:
        self._table, self._counts = table, counts
        self._interval: Times = np.zeros(0)
        self._jitter: Times = np.zeros(0)
        self._accuracy: Times = np.zeros(0)

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        self._interval, self._jitter, self._accuracy = (
            grown(values, slots) for values in (self._interval, self._jitter, self._accuracy)
        )

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        self._interval[slot] = self._jitter[slot] = self._accuracy[slot] = 0.0

    def inspect(self, gathered: Gathered, samples: pcr.Samples, rows: Rows) -> None:
        """Take PCRs; ``rows`` are those of their PIDs."""
        if not rows.size:
            return
        order = np.argsort(rows, kind="stable")
        steps = self._steps(gathered, samples, rows, order)
        slots = self._table.rows["slot"][steps.rows]
        good = steps.known & (steps.ticks >= 0) & (steps.seconds <= LONGEST_S)
        late = steps.known & (steps.seconds > LONGEST_S)
        # Arrival says whether nothing came for so long, or the clock jumped.
        late &= np.abs(steps.arrival - steps.seconds) < LONGEST_S
        self._counts.add(counters.PCRS, slots)
        self._counts.add(counters.PCR_NEW_BASE, slots[steps.new_base])
        self._counts.add(counters.PCR_REPETITION, slots[late])
        self._counts.add(counters.PCR_DISCONTINUITY, slots[steps.known & ~good & ~late])
        np.maximum.at(self._interval, slots[good | late], steps.seconds[good | late])
        self._drift(steps, good)
        self._place(steps, good & (steps.ticks > 0), slots)

    def take_extremes(self) -> list[Extremes]:
        """The worst of each slot since this was last called."""
        table = self._table.rows
        rows = table["pcr_known"].nonzero()[0]
        spread = table["pcr_highest"][rows] - table["pcr_lowest"][rows]
        np.maximum.at(self._jitter, table["slot"][rows], spread)
        table["pcr_highest"][rows] = table["pcr_lowest"][rows] = table["pcr_drift"][rows]
        columns = np.stack((self._interval, self._jitter, self._accuracy), axis=1).tolist()
        self._interval[:] = self._jitter[:] = self._accuracy[:] = 0.0
        return [Extremes(*values) for values in columns]

    def _steps(
        self,
        gathered: Gathered,
        samples: pcr.Samples,
        rows: Rows,
        order: npt.NDArray[np.intp],
    ) -> _Steps:
        table = self._table.rows
        rows = rows[order]
        first = np.concatenate(([True], rows[1:] != rows[:-1])).nonzero()[0]
        ends = np.concatenate((first[1:], [rows.size])) - 1
        ticks = samples.ticks[order]
        at = gathered.times(samples.packets[order])
        numbers = gathered.numbers(samples.packets[order])
        new_base = samples.discontinuous[order]
        heads = rows[first]
        known = np.ones(rows.size, np.bool_)
        known[first] = table["pcr_known"][heads]
        moved = pcr.differences(_before(ticks, first, table["pcr_ticks"][heads]), ticks)
        steps = _Steps(
            rows=rows,
            first=first,
            known=known & ~new_base,
            new_base=known & new_base,
            ticks=moved,
            seconds=moved / pcr.HZ,
            arrival=at - _before(at, first, table["pcr_at"][heads]),
            packets=numbers - _before(numbers, first, table["pcr_number"][heads]),
        )
        table["pcr_ticks"][heads], table["pcr_at"][heads] = ticks[ends], at[ends]
        table["pcr_number"][heads], table["pcr_known"][heads] = numbers[ends], True
        return steps

    def _drift(self, steps: _Steps, good: npt.NDArray[np.bool_]) -> None:
        """How arrival and PCR come apart."""
        table = self._table.rows
        heads = steps.rows[steps.first]
        moved = np.cumsum(np.where(good, steps.arrival - steps.seconds, 0.0))
        lengths = np.diff(np.concatenate((steps.first, [moved.size])))
        before = np.where(steps.first > 0, moved[steps.first - 1], 0.0)
        drift = moved + np.repeat(table["pcr_drift"][heads] - before, lengths)
        table["pcr_drift"][heads] = drift[steps.first + lengths - 1]
        lowest = np.minimum.reduceat(drift, steps.first)
        highest = np.maximum.reduceat(drift, steps.first)
        table["pcr_lowest"][heads] = np.minimum(table["pcr_lowest"][heads], lowest)
        table["pcr_highest"][heads] = np.maximum(table["pcr_highest"][heads], highest)

    def _place(
        self, steps: _Steps, good: npt.NDArray[np.bool_], slots: npt.NDArray[np.int32]
    ) -> None:
        """Where each PCR is against where the rate before it wants it."""
        table = self._table.rows
        heads = steps.rows[steps.first]
        rate = np.divide(steps.packets, steps.seconds, out=np.zeros(good.size), where=good)
        before = _before(rate, steps.first, table["pcr_rate"][heads])
        ends = np.concatenate((steps.first[1:], [rate.size])) - 1
        table["pcr_rate"][heads] = rate[ends]
        steady = (before > 0) & (rate > 0) & (np.abs(rate - before) < STEADY * before)
        wanted = np.divide(steps.packets, before, out=np.zeros(good.size), where=steady)
        error = np.where(steady, np.abs(steps.seconds - wanted), 0.0)
        self._counts.add(counters.PCR_ACCURACY, slots[error > ACCURACY_S])
        np.maximum.at(self._accuracy, slots, error)


def _before(
    values: npt.NDArray[T], first: npt.NDArray[np.intp], before_first: npt.NDArray[T]
) -> npt.NDArray[T]:
    """The value before each in its run; before a run's first comes what is given."""
    before = np.empty_like(values)
    before[1:] = values[:-1]
    before[first] = before_first
    return before
