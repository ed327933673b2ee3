"""What a source has received up to a moment; the difference of two is what came between."""

from __future__ import annotations

import operator
from collections import Counter

import attrs


@attrs.frozen
class Counts:
    """Everything that is counted of a source."""

    datagrams: int = 0
    """Datagrams that held MPEG-TS."""
    lost_datagrams: int = 0
    """What the kernel dropped, what was thrown away, and what RTP sequence numbers miss."""
    left_out_bytes: int = 0
    packets: int = 0
    """MPEG-TS packets that were kept."""
    inspected: Counter[str] = attrs.field(factory=Counter)
    """The counters of :class:`~.integrity.Integrity`, by name; what is not there is 0."""
    continuity_by_pid: Counter[int] = attrs.field(factory=Counter)

    @property
    def continuity_errors(self) -> int:
        """Gaps in the continuity counters."""
        return self.inspected["continuity_errors"]

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(operator.add, _values(self), _values(other)))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*map(operator.sub, _values(self), _values(other)))


def _values(counts: Counts) -> tuple[object, ...]:
    return attrs.astuple(counts, recurse=False)
