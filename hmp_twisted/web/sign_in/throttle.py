"""How often something may be tried: leaky buckets by key, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

import attrs
from twisted.internet.interfaces import IReactorTime


@attrs.define
class Throttle:
    """Lets each key fail ``burst`` times, and once more every ``refill_s`` seconds."""

    _clock: IReactorTime
    burst: int
    refill_s: float
    most_keys: int = 10_000
    """Keys remembered; the one that failed longest ago is forgotten for a new one."""
    _full: OrderedDict[str, float] = attrs.field(init=False, factory=OrderedDict)
    """When each key's bucket is, or was, full again, by the clock."""

    def wait_s(self, key: str) -> int:
        """Whole seconds until the key may be tried; 0 if it may now."""
        missing_s = self._full.get(key, 0.0) - self._clock.seconds()
        excess_s = missing_s - (self.burst - 1) * self.refill_s
        return max(0, ceil(excess_s))

    def failed(self, key: str) -> None:
        """Count a try."""
        now = self._clock.seconds()
        self._full[key] = max(now, self._full.pop(key, now)) + self.refill_s
        if len(self._full) > self.most_keys:
            self._full.popitem(last=False)

    def forget(self, key: str) -> None:
        """A success clears what failed before."""
        self._full.pop(key, None)
