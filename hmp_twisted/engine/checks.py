"""Looks at the packets of all sources together, a tenth of a second's worth at a time.

One NumPy call costs as much as five hundred packets, so the heads are gathered while the packets
are in the processor's cache, and analysed all at once later.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import pcr, ts
from .continuity import Continuity

INTERVAL_S = 0.1
"""How long heads are gathered before they are analysed."""
CAPACITY = 1 << 16
"""Heads gathered at most."""


class Checks:
    """The counters of what is wrong inside the packets, by source (a *slot*, a small number)."""

    def __init__(self) -> None:
        self._words: ts.Words = np.zeros((CAPACITY, 3), np.uint32)
        self._heads: npt.NDArray[np.void] = self._words.view(ts.HEAD).reshape(CAPACITY)
        self._used = 0
        self._slots: list[int] = []
        self._counts: list[int] = []
        self._continuity = Continuity()
        self._free: list[int] = []
        self._transport_errors: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._pcrs: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def open_slot(self) -> int:
        """A slot for a new source, its counters at 0."""
        if not self._free:
            self._grow()
        return self._free.pop()

    def close_slot(self, slot: int) -> None:
        """The source is gone; its slot is free for another."""
        self.analyse()
        self._continuity.forget(slot)
        self._transport_errors[slot] = self._pcrs[slot] = 0
        self._free.append(slot)

    def continuity_errors(self, slot: int) -> int:
        """Gaps in the source's continuity counters, as of the last :meth:`analyse`."""
        return int(self._continuity.errors[slot])

    def transport_errors(self, slot: int) -> int:
        """The source's packets with the transport error indicator, likewise."""
        return int(self._transport_errors[slot])

    def pcrs(self, slot: int) -> int:
        """How many programme clock references the source has sent, likewise."""
        return int(self._pcrs[slot])

    def gather(
        self, memory: Any, offset: int, slots: list[int], counts: list[int], packets: int
    ) -> bool:
        """Take the heads of packets that lie end to end in ``memory``, if each has its sync byte.

        Args:
            memory: where they lie.
            offset: bytes before the first.
            slots: the sources they are from, in order.
            counts: how many packets are from each.
            packets: how many in all; at most :data:`CAPACITY`.

        Returns:
            False, with nothing taken, when a packet has no sync byte.
        """
        if self._used + packets > CAPACITY:
            self.analyse()
        end = self._used + packets
        self._heads[self._used : end] = ts.heads_in(memory, packets, offset)
        if not ts.synchronised(self._words[self._used : end]):
            return False
        self._used = end
        self._slots += slots
        self._counts += counts
        return True

    def analyse(self) -> None:
        """Bring the counters up to date with everything gathered."""
        if not self._used:
            return
        words = self._words[: self._used]
        slots = np.repeat(np.array(self._slots, np.uint32), self._counts)
        self._used = 0
        self._slots, self._counts = [], []
        headers = words[:, 0].byteswap()
        self._count(self._transport_errors, slots[ts.transport_errors(headers)])
        self._count(self._pcrs, slots[pcr.find(words).packets])
        self._continuity.check(words, slots)

    def _count(self, counters: npt.NDArray[np.int64], slots: npt.NDArray[np.uint32]) -> None:
        if slots.size:
            counters += np.bincount(slots, minlength=counters.size)

    def _grow(self) -> None:
        known = self._pcrs.size
        slots = max(16, 2 * known)
        self._continuity.reserve(slots)
        added = np.zeros(slots - known, np.int64)
        self._transport_errors = np.concatenate((self._transport_errors, added))
        self._pcrs = np.concatenate((self._pcrs, added))
        self._free += range(slots - 1, known - 1, -1)
