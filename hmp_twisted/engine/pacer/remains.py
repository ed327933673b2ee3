"""The rest of a picture that began before its segment: what a later segment mostly begins with.

Behind a joint a player would take it for the end of the picture that the segment before was cut
off in, show that broken, and be late with the next one. So it is left out of the copy that is sent:
null packets take its place, and packets with a clock in them keep that alone. No time moves.

Sound is sent whole: the frames in the rest of its PES packet can be played, and a player that runs
out of sound stands still.
"""

from __future__ import annotations

import numpy as np

from ..ts import SYNC
from .packets import (
    NULL_PID,
    PACKET,
    PIDS,
    Flags,
    Integers,
    Packets,
    Stamps,
    find_pcrs,
    null_packets,
    payload_offsets,
)

_STARTS = 0x40
"""In a packet's second byte: payload unit start, and no transport error."""
_NO_PAYLOAD, _PAYLOAD = 0x20, 0x10
_FIRST_VIDEO_ID, _LAST_VIDEO_ID = 0xE0, 0xEF
"""Stream IDs of pictures (table 2-22)."""


class Remains:
    """Which PIDs carry pictures, and which of them have yet to begin one in this segment."""

    def __init__(self) -> None:
        """None: of what is sent first nothing is left out."""
        self._shows = np.zeros(PIDS, np.bool_)
        self._waiting = np.zeros(PIDS, np.bool_)

    def copy(self) -> Remains:
        """Another in the same state."""
        other = Remains()
        other._shows, other._waiting = self._shows.copy(), self._waiting.copy()
        return other

    def note(self, packets: Packets, stamps: Stamps) -> None:
        """Learn which PIDs carry pictures from time stamps that are sent."""
        ids = packets[stamps.index, stamps.id_offset]
        self._shows[stamps.pid] = (ids >= _FIRST_VIDEO_ID) & (ids <= _LAST_VIDEO_ID)

    def expect(self) -> None:
        """A segment begins."""
        self._waiting = self._shows.copy()

    def leave_out(self, packets: Packets, pids: Integers) -> Flags:
        """Take out of the next packets, and of their ``pids``, what is the rest of a picture.

        Returns:
            Which packets are left of it, without payload: a continuity counter of theirs is the
            one that was sent last.
        """
        left = np.zeros(len(packets), np.bool_)
        for pid in np.unique(pids[self._waiting[pids]]).tolist():
            mine = np.flatnonzero(pids == pid)
            begun = np.flatnonzero(_begin_soundly(packets[mine]))
            self._waiting[pid] = not len(begun)
            left[mine[: begun[0]] if len(begun) else mine] = True
        if left.any():
            _without_payload(packets, pids, left)
        return left


def _begin_soundly(packets: Packets) -> Flags:
    """Which packets begin a payload unit; one that is damaged is thrown away by who gets it."""
    begin: Flags = (packets[:, 0] == SYNC) & (packets[:, 1] & 0xC0 == _STARTS)
    begin &= (packets[:, 3] & _PAYLOAD) != 0
    return begin


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
