"""Where a stream is, in memory that the engine shares with the pacer.

The pacer notes it after each of its turns. What it noted outlives it, so that another pacer goes
on with the very next datagram.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import NamedTuple

_LAYOUT = struct.Struct("=dqq")
_UNKNOWN = -1


class Spot(NamedTuple):
    """A packet of a recording: which of the order's segments, and which packet of it, from 0 on."""

    segment: int
    packet: int


class Whereabouts:
    """A page with one position in it."""

    def __init__(self, descriptor: int) -> None:
        """Share the page behind a descriptor, which stays its owner's."""
        self._page = mmap.mmap(descriptor, _LAYOUT.size)

    @property
    def position_s(self) -> float:
        """The recording's clock at what is to be sent next."""
        return float(_LAYOUT.unpack_from(self._page)[0])

    @property
    def spot(self) -> Spot | None:
        """The packet that is to be sent next; none if the clock alone is known."""
        _, segment, packet = _LAYOUT.unpack_from(self._page)
        return None if packet == _UNKNOWN else Spot(segment, packet)

    def note(self, position_s: float, spot: Spot | None = None) -> None:
        """Say where it is now."""
        segment, packet = spot or (0, _UNKNOWN)
        _LAYOUT.pack_into(self._page, 0, position_s, segment, packet)


def new_page() -> int:
    """The descriptor of memory for one position; OSError if there is none to be had."""
    descriptor = os.memfd_create("whereabouts", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, _LAYOUT.size)
    return descriptor
