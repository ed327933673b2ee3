"""Who has the processor, where the receiver and the writer's thread share one.

Usually the writer goes first: what was received a moment ago is still in the cache then. But once
a socket is about to run over, or more waits to be written than a few milliseconds' work, the
receiver goes first, as long as the pool has room: what waits in the pool is late, what a socket
cannot hold is lost.
"""

from __future__ import annotations

from .buffers import Buffer, Pool
from .handover import Handover

NEAR = 8
"""Buffers that wait to be written while the writer is waited for: a few milliseconds' work."""
BEHIND = 0.4
"""The part of its socket buffer that a source may fill between two looks; it is twice what ticks
aim at, so beyond it the receiver is too slow."""
CLAIMED = 0.75
"""The part of the pool that may be filled while the writer stands back for the receiver."""


class Balance:
    """Told by the receiver of what it takes, it has the writer go first, or stand back."""

    def __init__(self, pool: Pool, handover: Handover) -> None:
        """Args:
        pool: where what is received waits to be written.
        handover: how the two threads lend and claim.
        """
        self._pool, self._handover = pool, handover
        self._behind = False

    def tick(self, tick_s: float) -> None:
        """A tick of ``tick_s`` seconds begins."""
        self._handover.refill(tick_s)

    def took(self, datagrams: int, capacity: int) -> None:
        """So many were taken of one source in this drain; its socket holds ``capacity``."""
        self._behind |= datagrams > BEHIND * capacity

    def settled(self, buffer: Buffer) -> None:
        """What lies in the buffer was given to the writer."""
        waiting = self._pool.in_use
        if waiting <= NEAR and not self._behind:
            self._handover.lend(buffer)
        elif waiting < CLAIMED * self._pool.limit:
            self._handover.claim()
        else:
            self._handover.release()

    def drained(self, *, emptied: bool) -> None:
        """The drain is over; whether all sockets are empty."""
        self._behind &= not emptied
        self._handover.release()
