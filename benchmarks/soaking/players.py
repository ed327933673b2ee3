"""Decoders in one thread: they count what each stream brings and where its continuity breaks."""

from __future__ import annotations

import selectors
import socket
import threading

import attrs

NULL_PID = 0x1FFF


@attrs.define(eq=False)
class Player:
    """One receiver of one stream, on a port of 127.0.0.1."""

    connection: socket.socket
    datagrams: int = 0
    breaks: int = 0
    """Continuity counters that did not carry on, within one stream."""
    _counters: dict[int, int] = attrs.field(factory=dict)

    @property
    def port(self) -> int:
        """Where it receives."""
        return int(self.connection.getsockname()[1])

    def begin(self) -> None:
        """Another stream comes: its counters begin anew."""
        self._counters.clear()

    def take(self) -> None:
        """Receive what has come, and look at it."""
        while True:
            try:
                datagram = self.connection.recv(65536)
            except BlockingIOError:
                return
            self.datagrams += 1
            for at in range(0, len(datagram), 188):
                self._look(datagram[at : at + 4])

    def _look(self, head: bytes) -> None:
        pid = (head[1] & 0x1F) << 8 | head[2]
        if pid == NULL_PID:
            return
        counter, before = head[3] & 15, self._counters.get(pid)
        has_payload = head[3] & 0x10
        if before is not None and counter != (before + bool(has_payload)) & 15:
            self.breaks += 1
        self._counters[pid] = counter


class Players:
    """All of them, receiving on one thread while the context lasts."""

    def __init__(self, count: int) -> None:
        self.all = [Player(_bound()) for _ in range(count)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="players")

    def __enter__(self) -> Players:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)
        for player in self.all:
            player.connection.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for player in self.all:
                selector.register(player.connection, selectors.EVENT_READ, player)
            while not self._end.wait(0.02):
                for key, _ in selector.select(0.2):
                    key.data.take()


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    made.bind(("127.0.0.1", 0))
    return made
