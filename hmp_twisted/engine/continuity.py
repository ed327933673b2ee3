"""Continuity counters (ISO/IEC 13818-1 2.4.3.3), per source and PID, over whole batches at once.

The counter goes up by one, modulo 16, with each packet of a PID that has payload, and stays with
each that has none. A packet may be sent twice, and only twice, in succession: the copy has the
same counter and bytes, but for its PCR. The discontinuity indicator announces a jump. Null packets,
and packets known to be damaged, are not looked at. Each gap counts once, however many packets it
swallowed.

Most packets follow one of their own PID, so each is held against its neighbour; only *stretches*
of one PID are sorted, to find where each PID goes on.
"""

from __future__ import annotations

from collections import Counter

import attrs
import numpy as np
import numpy.typing as npt

from . import ts
from .runs import Indices, Runs

_DISCONTINUITY = 0x80
_PCR = 0x10
# In a head's first little-endian word:
_PID_BITS = np.uint32(0x00FF1F00)
_DAMAGE_BIT = np.uint32(ts.TRANSPORT_ERROR)
_COUNTER_SHIFT = np.uint32(24)
# In its highest byte:
_PAYLOAD_SHIFT, _COUNTER = np.uint8(4), np.uint8(15)

Keys = npt.NDArray[np.uint32]
"""Slots and PIDs, ``slot * ts.PIDS + pid``."""


@attrs.frozen(eq=False)
class Seen:
    """Which PIDs came in a batch; null packets and those known to be damaged are not looked at."""

    keys: Keys
    """Each one's slot and PID, in rising order."""
    first: Indices
    """The index of each one's first packet in the batch."""
    last: Indices


@attrs.frozen(eq=False)
class _Stretches:
    """Packets of one PID with none of another between them; by PID, and within it by arrival."""

    keys: Keys
    first: Indices
    last: Indices
    begins: ts.Flags
    """Whether it is its PID's first."""


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
        for key in last[:, 0].nonzero()[0]:
            self._last[key], self._repeated[key] = last[key], repeated[key]

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        mine = slice(slot * ts.PIDS, (slot + 1) * ts.PIDS)
        used = self._last[mine, 0].nonzero()[0] + mine.start
        self._last[used] = 0
        self._repeated[used] = False
        self.errors[slot] = 0
        self.by_pid.pop(slot, None)

    def check(self, words: ts.Words, runs: Runs) -> Seen:
        """Take the next packets: their heads, and whose they are."""
        looked_at = _looked_at(words[:, 0])
        if not looked_at.size:
            return Seen(np.zeros(0, np.uint32), looked_at, looked_at)
        headers = words[looked_at, 0]
        stretches = _stretches(headers, looked_at, runs)
        suspects, before = self._suspects(headers, stretches)
        repeated = np.zeros(looked_at.size, np.bool_)
        if suspects.size:
            keys = _keys(runs, looked_at[suspects], headers[suspects])
            self._judge(words, looked_at, keys, suspects, before, repeated)
        begin = stretches.begins.nonzero()[0]
        keys, first = stretches.keys[begin], stretches.first[begin]
        last = stretches.last[np.append(begin[1:], stretches.keys.size) - 1]
        self._last[keys] = words[looked_at[last]]
        self._repeated[keys] = repeated[last]
        return Seen(keys, looked_at[first], looked_at[last])

    def _suspects(self, headers: ts.Words, stretches: _Stretches) -> tuple[Indices, Indices]:
        """Where the counter is not the one that follows: nearly always nowhere.

        Returns:
            The packets, and the one before each on its PID; -1 where that came in another batch.
        """
        tops = (headers >> _COUNTER_SHIFT).astype(np.uint8)
        jumps = _jumps(tops[:-1], tops[1:])
        first, begins = stretches.first, stretches.begins
        jumps[first[first > 0] - 1] = False
        within = jumps.nonzero()[0] + 1
        before = np.concatenate(([-1], stretches.last[:-1]))
        headers_before = headers[before]
        headers_before[begins] = self._last[stretches.keys[begins], 0]
        tops_before = (headers_before >> _COUNTER_SHIFT).astype(np.uint8)
        odd = (_jumps(tops_before, tops[first]) & (headers_before != 0)).nonzero()[0]
        before[begins] = -1
        return np.concatenate((within, first[odd])), np.concatenate((within - 1, before[odd]))

    def _judge(
        self,
        words: ts.Words,
        looked_at: Indices,
        keys: Keys,
        suspects: Indices,
        before: Indices,
        repeated: ts.Flags,
    ) -> None:
        """Count those suspects that nothing excuses; mark repetitions in ``repeated``."""
        earlier = before < 0
        words_before, after = words[looked_at[before]], words[looked_at[suspects]]
        words_before[earlier] = self._last[keys[earlier]]
        copies = _are_copies(words_before, after)
        repeated[suspects[copies]] = True
        copied_before = repeated[before]
        copied_before[earlier] = self._repeated[keys[earlier]]
        excused = copies & ~copied_before
        excused |= ts.adaptation_flag(*_big_endian(after), _DISCONTINUITY)
        self._count(keys[~excused])

    def _count(self, wrong: Keys) -> None:
        slots = wrong // np.uint32(ts.PIDS)
        self.errors += np.bincount(slots, minlength=self.errors.size)
        keys, counts = np.unique(wrong, return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            slot, pid = divmod(key, ts.PIDS)
            self.by_pid.setdefault(slot, Counter())[pid] += count


def _looked_at(headers: ts.Words) -> Indices:
    """The packets that are not null packets, nor known to be damaged."""
    wanted = (headers & _PID_BITS) != _PID_BITS
    wanted &= (headers & _DAMAGE_BIT) == 0
    looked_at: Indices = wanted.nonzero()[0]
    return looked_at


def _keys(runs: Runs, packets: Indices, headers: ts.Words) -> Keys:
    return runs.slots_of(packets) * np.uint32(ts.PIDS) + ts.pids(headers.byteswap())


def _stretches(headers: ts.Words, looked_at: Indices, runs: Runs) -> _Stretches:
    """Where other packets follow; ``looked_at`` tells where in ``runs`` each one is."""
    pids = headers & _PID_BITS
    fresh = np.empty(headers.size, np.bool_)
    fresh[0] = True
    np.not_equal(pids[1:], pids[:-1], out=fresh[1:])
    borders = np.searchsorted(looked_at, runs.ends[:-1])
    fresh[borders[borders < fresh.size]] = True
    first = fresh.nonzero()[0]
    last = np.append(first[1:], headers.size) - 1
    keys = _keys(runs, looked_at[first], headers[first])
    tagged = keys.astype(np.uint64) << np.uint64(32)
    tagged |= np.arange(keys.size, dtype=np.uint64)
    tagged.sort()  # by PID, and within it by arrival: much faster than a stable argsort
    order = (tagged & np.uint64(0xFFFFFFFF)).astype(np.intp)
    keys = keys[order]
    begins = np.ones(keys.size, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    return _Stretches(keys, first[order], last[order], begins)


def _jumps(before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]) -> ts.Flags:
    """Where a counter does not follow the one before, of the fourth bytes of packets."""
    beyond = after - before - ((after >> _PAYLOAD_SHIFT) & np.uint8(1))
    jumps: ts.Flags = (beyond & _COUNTER) != 0
    return jumps


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
