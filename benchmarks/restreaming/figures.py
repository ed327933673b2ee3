"""What arrivals tell: jitter against the PCR, and how close datagrams come together."""

from __future__ import annotations

import attrs
import numpy as np

from .capture import Arrivals

_PCR_HZ = 27_000_000
_PCR_WRAP = (1 << 33) * 300


@attrs.frozen
class Jitter:
    """Arrival against PCR, less a line (the two clocks' difference) and the median; in ms."""

    p50: float
    p99: float
    largest: float


def jitter(arrivals: Arrivals) -> Jitter | None:
    """Of one stream; none of less than ten PCRs."""
    has = arrivals.pcr >= 0
    when, pcr = arrivals.when[has], arrivals.pcr[has]
    if len(when) < 10:
        return None
    clock = np.concatenate(([0], np.cumsum(np.diff(pcr) % _PCR_WRAP))) / _PCR_HZ
    late = (when - when[0]) / 1e9 - clock
    steady = len(late) // 5  # the line is that of the run, not of the start
    late = late - np.polyval(np.polyfit(clock[steady:], late[steady:], 1), clock)
    off = np.abs(late - np.median(late)) * 1e3
    p50, p99 = np.percentile(off, (50, 99))
    return Jitter(float(p50), float(p99), float(off.max()))


def most_in_a_millisecond(arrivals: Arrivals) -> int:
    """The most datagrams that came within any one millisecond."""
    when = arrivals.when
    until = np.searchsorted(when, when + 1_000_000, side="right")
    return int((until - np.arange(len(when))).max(initial=0))
