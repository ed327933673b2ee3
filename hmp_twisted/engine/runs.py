"""Whose packets are whose: those of one source that lie together are a run, and named once."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


@attrs.frozen(eq=False)
class Runs:
    """The runs of a batch of packets, in order. A source is a small number, a *slot*."""

    slots: npt.NDArray[np.uint32]
    """Whose each run is."""
    ends: Indices
    """The index after each one's last packet."""

    @property
    def first(self) -> Indices:
        """The index of each run's first packet."""
        return np.concatenate((np.zeros(1, np.intp), self.ends))[: self.ends.size]

    @property
    def sizes(self) -> Indices:
        """How many packets each run has."""
        return np.diff(self.ends, prepend=0)

    def outermost(self, slots: int) -> tuple[Indices, Indices]:
        """The first and the last run of each slot below ``slots``; -1 where one has none."""
        first, last = np.full(slots, -1), np.full(slots, -1)
        numbers = np.arange(self.slots.size)
        last[self.slots] = numbers
        first[self.slots[::-1]] = numbers[::-1]
        return first, last

    def of(self, packets: Indices) -> Indices:
        """The run that each of these packets is in."""
        return np.searchsorted(self.ends, packets, "right")

    def slots_of(self, packets: Indices) -> npt.NDArray[np.uint32]:
        """Whose each of these packets is."""
        return self.slots[self.of(packets)]
