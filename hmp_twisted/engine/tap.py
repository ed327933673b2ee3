"""A tap on a source: what arrives is also sent into a socket, to whoever watches.

It is one more sink, so a source that nobody watches knows nothing of it. The bytes go out on the
writer's thread, straight from the buffer that they were received into, and never wait: what the
other side does not take is kept up to a bound, and then the tap ends.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from .lane import Lane

BOUND_BYTES = 4 << 20
"""What may wait for the other side: four seconds at 8 Mbit/s."""
_SOCKET_BYTES = 1 << 20
_FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class Tap:
    """Sends a source's packets into a stream socket, whole and in order, until it ends."""

    def __init__(
        self, sock: socket.socket, on_lost: Callable[[str], None], bound: int = BOUND_BYTES
    ) -> None:
        """Args:
        sock: its own from now on.
        on_lost: told once, on the writer's thread, why it ended by itself.
        bound: how many bytes may wait.
        """
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        self.lane = Lane()
        self._socket = sock
        self._on_lost = on_lost
        self._bound = bound
        self._waiting = bytearray()
        self._lost = False

    def segment_at(self, now: float) -> Tap:
        """Where bytes received at ``now`` go to: here."""
        return self

    def arrived(self, when: float) -> None:
        """When exactly the last came says nothing to who watches."""

    def take(self, report: object) -> None:
        """What is found in the packets says nothing to who watches."""

    def write(self, data: Any) -> None:
        """Send on; called by the writer's thread alone, and never fails."""
        if self._lost:
            return
        sent = 0 if self._waiting else self._send(data)
        self._waiting += memoryview(data)[sent:]
        if self._waiting:
            del self._waiting[: self._send(self._waiting)]
        if len(self._waiting) > self._bound:
            self._lose(f"{self._bound} bytes wait to be taken")

    def miss(self, count: int) -> None:
        """Never so: what waits here is bounded, and a socket does not hang."""

    skip = miss

    def close(self) -> None:
        """Give the socket back; called by the writer's thread, after the last :meth:`write`."""
        self._lost = True
        self._waiting.clear()
        self._socket.close()

    def _send(self, data: Any) -> int:
        try:
            return self._socket.send(data, _FLAGS)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lose(error.strerror or str(error))
            return len(data)

    def _lose(self, why: str) -> None:
        if not self._lost:
            self._lost = True
            self._on_lost(why)
