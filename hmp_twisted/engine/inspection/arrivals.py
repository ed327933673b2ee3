"""When each source sent, and when it did not."""

from __future__ import annotations

import attrs
import numpy as np

from ..runs import Indices
from .counters import grown
from .gathered import Gathered, Times

GAP_S = 1.0
"""A source that sends nothing for longer has a gap."""
PAUSE_S = 0.5
"""After a shorter one, what must come every so often is waited for anew."""


@attrs.frozen
class Gap:
    """A time in which a source sent nothing. Seconds of the receiver's clock."""

    slot: int
    begin: float
    """When its last packet before came."""
    end: float
    packets: int
    """How many packets came before it."""


class Arrivals:
    """Who sent last when. Seconds of the receiver's clock; 0 for a source that never sent."""

    def __init__(self) -> None:
        self.last: Times = np.zeros(0)
        """When each slot's last packet came."""
        self.since: Times = np.zeros(0)
        """Since when each slot has sent without a pause."""
        self.gaps: list[Gap] = []
        """Those that ended; whoever reads them empties the list."""

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        self.last, self.since = grown(self.last, slots), grown(self.since, slots)

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        self.last[slot] = self.since[slot] = 0.0
        self.gaps = [gap for gap in self.gaps if gap.slot != slot]

    def inspect(self, gathered: Gathered) -> Indices:
        """Take what came; gives the slots that sent."""
        runs = gathered.runs
        first_run, last_run = runs.outermost(self.last.size)
        slots = (last_run >= 0).nonzero()[0]
        first_run, last_run = first_run[slots], last_run[slots]
        first = gathered.times(runs.first[first_run])
        quiet = first - self.last[slots]
        known = self.last[slots] > 0
        for index in (known & (quiet > GAP_S)).nonzero()[0]:
            slot = int(slots[index])
            packets = int(gathered.run_numbers[first_run[index]])
            self.gaps.append(Gap(slot, float(self.last[slot]), float(first[index]), packets))
        begun = slots[~known | (quiet > PAUSE_S)]
        self.since[begun] = first[~known | (quiet > PAUSE_S)]
        self.last[slots] = gathered.run_to[last_run]
        return slots
