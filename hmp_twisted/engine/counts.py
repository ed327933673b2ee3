"""What a source has received up to a moment; the difference of two is what came between."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from .integrity import COUNTERS


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
    inspected: dict[str, int] = attrs.field(factory=partial(dict.fromkeys, COUNTERS, 0))
    """The counters of :class:`~.integrity.Integrity`, every one of them."""
    continuity_by_pid: Counter[int] = attrs.field(factory=Counter)

    @property
    def continuity_errors(self) -> int:
        """Gaps in the continuity counters."""
        return self.inspected["continuity_errors"]

    def __add__(self, other: Counts) -> Counts:
        return _each(operator.add, self, other)

    def __sub__(self, other: Counts) -> Counts:
        return _each(operator.sub, self, other)


def _each(act: Callable[[Any, Any], Any], one: Counts, other: Counts) -> Counts:
    """Spelled out, because it is done for every track each second."""
    return Counts(
        act(one.datagrams, other.datagrams),
        act(one.lost_datagrams, other.lost_datagrams),
        act(one.left_out_bytes, other.left_out_bytes),
        act(one.packets, other.packets),
        {name: act(count, other.inspected[name]) for name, count in one.inspected.items()},
        act(one.continuity_by_pid, other.continuity_by_pid),
    )
