"""What a segment begins with of PES packets that began before it: the rest of a picture or a frame.

Behind a joint a player would take it for the end of the picture that the segment before was cut
off in, show that broken, and be late with the next one. So it is left out of the copy that is sent:
null packets take its place, and packets with a clock in them keep that alone. No time moves.
"""

from __future__ import annotations

import numpy as np

from .packets import (
    NULL_PID,
    PACKET,
    PIDS,
    Flags,
    Integers,
    Packets,
    find_pcrs,
    null_packets,
    payload_offsets,
)

_STARTS = 0x40
"""The payload unit start indicator, in a packet's second byte."""
_NO_PAYLOAD = 0x20
"""Adaptation field only, not scrambled."""


class Remains:
    """Which PIDs of the present segment have yet to begin a PES packet."""

    def __init__(self) -> None:
        """None: of what is sent first nothing is left out."""
        self._waiting = np.zeros(PIDS, np.bool_)

    def copy(self) -> Remains:
        """Another in the same state."""
        other = Remains()
        other._waiting = self._waiting.copy()
        return other

    def expect(self, pids: Flags) -> None:
        """A segment begins; ``pids`` are those that carry PES packets."""
        self._waiting = pids.copy()

    def leave_out(self, packets: Packets, pids: Integers) -> Flags:
        """Take out of the next packets, and of their ``pids``, what belongs to no PES packet.

        Returns:
            Which packets are left of it, without payload: a continuity counter of theirs is the
            one that was sent last.
        """
        left = np.zeros(len(packets), np.bool_)
        for pid in np.unique(pids[self._waiting[pids]]).tolist():
            mine = np.flatnonzero(pids == pid)
            begun = np.flatnonzero(packets[mine, 1] & _STARTS)
            self._waiting[pid] = not len(begun)
            left[mine[: begun[0]] if len(begun) else mine] = True
        if left.any():
            _without_payload(packets, pids, left)
        return left


def _without_payload(packets: Packets, pids: Integers, left: Flags) -> None:
    clocked = np.zeros(len(packets), np.bool_)
    clocked[find_pcrs(packets).index] = True
    gone = np.flatnonzero(left & ~clocked)
    packets[gone], pids[gone] = null_packets(len(gone)), NULL_PID
    left &= clocked
    kept = np.flatnonzero(left)
    stuffed = np.arange(PACKET) >= payload_offsets(packets[kept])[:, None]
    packets[kept] = np.where(stuffed, 0xFF, packets[kept])
    packets[kept, 3] = packets[kept, 3] & 0x0F | _NO_PAYLOAD
    packets[kept, 4] = PACKET - 5
