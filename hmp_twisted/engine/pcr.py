"""The programme clock reference (ISO/IEC 13818-1 2.4.3.5): finding it, and its arithmetic.

Values are ticks of 27 MHz. The 33-bit base wraps after 26.5 hours, so a difference is always taken
with :func:`elapsed`, never by subtraction. Pure: no I/O, no clock.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from . import ts

HZ = 27_000_000
"""Ticks in a second."""
WRAP = (1 << 33) * 300
"""Ticks after which the clock begins again at 0."""
_PCR_FLAG = 0x10
_SHORTEST_WITH_PCR = 7
"""One byte of flags and six of PCR."""


@attrs.frozen(eq=False)
class Samples:
    """The PCRs of a run of packets, in the order of their packets."""

    packets: npt.NDArray[np.intp]
    """The index of each one's packet in the run."""
    pids: npt.NDArray[np.uint32]
    ticks: npt.NDArray[np.int64]
    discontinuous: npt.NDArray[np.bool_]
    """Where the discontinuity indicator says that a new time base begins."""

    def only(self, wanted: npt.NDArray[np.bool_]) -> Samples:
        """Those that are wanted."""
        return Samples(
            self.packets[wanted], self.pids[wanted], self.ticks[wanted], self.discontinuous[wanted]
        )


def find(words: ts.Words) -> Samples:
    """Every PCR in these packets' heads (rows of three words, as from :func:`ts.words_of`)."""
    return find_in(words, ts.with_adaptation(words))


def find_in(words: ts.Words, index: npt.NDArray[np.intp]) -> Samples:
    """As :func:`find`, where it is known which packets have an adaptation field."""
    headers, second = words[index, 0].byteswap(), words[index, 1].byteswap()
    carries = (second >> np.uint32(24)) >= _SHORTEST_WITH_PCR
    carries &= ts.adaptation_flag(headers, second, _PCR_FLAG)
    index, second, headers = index[carries], second[carries], headers[carries]
    return Samples(
        packets=index,
        pids=ts.pids(headers),
        ticks=_ticks(second.astype(np.int64), words[index, 2].byteswap().astype(np.int64)),
        discontinuous=ts.adaptation_flag(headers, second, 0x80),
    )


def _ticks(second: npt.NDArray[np.int64], third: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    base = ((second & 0xFFFF) << 17) | (third >> 15)
    return base * 300 + (third & 0x1FF)


def elapsed(earlier: int, later: int) -> int:
    """Ticks from one PCR to a later one, over the wrap: from -WRAP/2 to WRAP/2."""
    return (later - earlier + WRAP // 2) % WRAP - WRAP // 2


def differences(
    earlier: npt.NDArray[np.int64], later: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """As :func:`elapsed`, of each pair."""
    moved: npt.NDArray[np.int64] = (later - earlier + WRAP // 2) % WRAP - WRAP // 2
    return moved


def unwrapped(ticks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The same clock without its wraps: the first value kept, each step the shortest way round."""
    if not ticks.size:
        return ticks
    steps = differences(ticks[:-1], ticks[1:])
    return np.concatenate((ticks[:1], ticks[0] + np.cumsum(steps)))
