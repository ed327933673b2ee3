"""Continuity counters (ISO/IEC 13818-1 2.4.3.3), per source and PID, over whole batches at once.

The counter goes up by one, modulo 16, with each packet of a PID that has payload, and stays with
each that has none. A packet may be sent twice, and only twice, in succession: the copy has the
same counter and bytes, but for its PCR. The discontinuity indicator announces a jump. Null packets,
and packets known to be damaged, are not looked at. Each gap counts once, however many packets it
swallowed.
"""

from __future__ import annotations

from collections import Counter

import attrs
import numpy as np
import numpy.typing as npt

from . import ts

_DISCONTINUITY = 0x80
_PCR = 0x10
_Indices = npt.NDArray[np.intp]


@attrs.frozen(eq=False)
class Seen:
    """Which PIDs came in a batch; null packets and those known to be damaged are not looked at."""

    keys: npt.NDArray[np.uint32]
    """Each one's slot and PID, ``slot * ts.PIDS + pid``, in rising order."""
    first: _Indices
    """The index of each one's first packet in the batch."""
    last: _Indices


class Continuity:
    """What each source's PIDs were last seen to carry. A source is a small number, a *slot*."""

    def __init__(self) -> None:
        self.errors: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """Gaps so far, by slot."""
        self.by_pid: dict[int, Counter[int]] = {}
        """The same by slot and PID, for slots that have any."""
        # Zeroed pages are not memory until they are written to, so a source costs a page a PID.
        self._last: ts.Words = np.zeros((0, 3), np.uint32)
        self._repeated: ts.Flags = np.zeros(0, np.bool_)

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        known = self.errors.size
        if slots <= known:
            return
        self.errors = np.concatenate((self.errors, np.zeros(slots - known, np.int64)))
        last, repeated = self._last, self._repeated
        self._last = np.zeros((slots * ts.PIDS, 3), np.uint32)
        self._repeated = np.zeros(slots * ts.PIDS, np.bool_)
        for key in np.flatnonzero(last[:, 0]):
            self._last[key], self._repeated[key] = last[key], repeated[key]

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        mine = slice(slot * ts.PIDS, (slot + 1) * ts.PIDS)
        used = np.flatnonzero(self._last[mine, 0]) + mine.start
        self._last[used] = 0
        self._repeated[used] = False
        self.errors[slot] = 0
        self.by_pid.pop(slot, None)

    def check(self, words: ts.Words, slots: npt.NDArray[np.uint32]) -> Seen:
        """Take the next packets: their heads, and the slot of each one's source.

        Between the packets of one source the order is that of arrival.
        """
        headers = np.ascontiguousarray(words[:, 0])
        # The transport error indicator stands above the PID: what has it is above all PIDs.
        pids = (headers.byteswap() >> np.uint32(8)) & np.uint32(0x9FFF)
        tagged = (slots.astype(np.uint64) * np.uint64(ts.PIDS) + pids) << np.uint64(32)
        tagged |= np.arange(pids.size, dtype=np.uint64)
        tagged = tagged[pids < ts.NULL_PID]
        tagged.sort()  # by PID, and within it by arrival: much faster than a stable argsort
        order = (tagged & np.uint64(0xFFFFFFFF)).astype(np.intp)
        keys = (tagged >> np.uint64(32)).astype(np.uint32)
        return self._check_sorted(words, headers[order], keys, order)

    def _check_sorted(
        self, words: ts.Words, headers: ts.Words, keys: npt.NDArray[np.uint32], order: _Indices
    ) -> Seen:
        """Take packets by PID; ``order`` tells where in ``words`` each one is."""
        first = np.flatnonzero(keys[1:] != keys[:-1]) + 1
        first = np.concatenate((np.zeros(min(1, keys.size), np.intp), first))
        last = np.concatenate((first[1:], [keys.size]))[: first.size] - 1
        suspects = self._suspects(headers, keys, first)
        repeated = np.zeros(keys.size, np.bool_)
        if suspects.size:
            self._judge(words, order, keys, first, suspects, repeated)
        self._last[keys[last]] = words[order[last]]
        self._repeated[keys[last]] = repeated[last]
        return Seen(keys[first], order[first], order[last])

    def _suspects(
        self, headers: ts.Words, keys: npt.NDArray[np.uint32], first: _Indices
    ) -> _Indices:
        """Where the counter is not the one that follows: nearly always nowhere."""
        before = np.empty_like(headers)
        before[1:] = headers[:-1]
        before[first] = self._last[keys[first], 0]
        # Little-endian words: the fourth byte, which holds the counter, is the highest.
        step = (headers >> np.uint32(28)) & np.uint32(1)
        expected = ((before >> np.uint32(24)) + step) & np.uint32(15)
        jumps = expected != (headers >> np.uint32(24)) & np.uint32(15)
        return np.flatnonzero(jumps & (before != 0))

    def _judge(
        self,
        words: ts.Words,
        order: _Indices,
        keys: npt.NDArray[np.uint32],
        first: _Indices,
        suspects: _Indices,
        repeated: ts.Flags,
    ) -> None:
        """Count those suspects that nothing excuses; mark repetitions in ``repeated``."""
        is_first = np.isin(suspects, first)
        before, after = words[order[suspects - 1]], words[order[suspects]]
        before[is_first] = self._last[keys[suspects[is_first]]]
        copies = _are_copies(before, after)
        repeated[suspects[copies]] = True
        copied_before = repeated[suspects - 1]
        copied_before[is_first] = self._repeated[keys[suspects[is_first]]]
        excused = copies & ~copied_before
        excused |= ts.adaptation_flag(*_big_endian(after), _DISCONTINUITY)
        self._count(keys[suspects[~excused]])

    def _count(self, wrong: npt.NDArray[np.uint32]) -> None:
        slots = wrong // np.uint32(ts.PIDS)
        self.errors += np.bincount(slots, minlength=self.errors.size)
        keys, counts = np.unique(wrong, return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            slot, pid = divmod(key, ts.PIDS)
            self.by_pid.setdefault(slot, Counter())[pid] += count


def _big_endian(words: ts.Words) -> tuple[ts.Words, ts.Words]:
    return words[:, 0].byteswap(), words[:, 1].byteswap()


def _are_copies(before: ts.Words, after: ts.Words) -> ts.Flags:
    """Which packets repeat the one before them, as far as their heads tell."""
    header, second = _big_endian(after)
    has_pcr = ts.adaptation_flag(header, second, _PCR)
    same = before[:, 0] == after[:, 0]
    # Two bytes of adaptation field stand before a PCR, which differs in a copy.
    same &= ((before[:, 1] ^ after[:, 1]) & np.where(has_pcr, 0xFFFF, 0xFFFFFFFF)) == 0
    same &= has_pcr | (before[:, 2] == after[:, 2])
    copies: ts.Flags = same & ts.has_payload(header)
    return copies
