"""When a datagram came, as the kernel noted it: finer than the tick at which it is taken in.

Asked only where it matters: for the first datagram of a segment, and where recording begins or
ends. The many in between cost nothing but the kernel's own note.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import time
from functools import partial

from ..clocks import wall_ahead

_SIOCGSTAMPNS = 0x8907
_TIMESPEC = struct.Struct("qq")


def time_of_next(sock: socket.socket) -> float | None:
    """When the datagram at the head came, in monotonic seconds; ``None`` if none waits."""
    try:
        sock.recv(1, socket.MSG_PEEK)
    except OSError:  # none, or an ICMP error in its place
        return None
    return time_of_last(sock)


def time_of_last(sock: socket.socket) -> float:
    """When the datagram came that was taken, or looked at, last, in monotonic seconds.

    Now, if that is not known. The first question has the kernel note the times from then on.
    """
    try:
        answer = fcntl.ioctl(sock.fileno(), _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
    except OSError:
        return time.monotonic()
    seconds, nanoseconds = _TIMESPEC.unpack(answer)
    # The kernel's own wall clock, whatever this process believes that it is.
    ahead = wall_ahead(partial(time.clock_gettime, time.CLOCK_REALTIME))
    came: float = seconds + nanoseconds / 1e9 - ahead
    return min(time.monotonic(), came)
