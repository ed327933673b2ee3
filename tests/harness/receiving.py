"""Decoders and taps: threads that receive UDP, keep it, and may pass it on."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

import attrs

from .waiting import wait_for


@attrs.define(eq=False)
class Receiver:
    """Keeps every datagram that comes to ``address:port``; passes it on to ``onward`` if told."""

    port: int
    address: str = "127.0.0.1"
    onward: tuple[str, int] | None = None
    datagrams: list[bytes] = attrs.field(factory=list)
    times: list[float] = attrs.field(factory=list)
    """``time.monotonic()`` of each datagram's arrival."""
    _socket: socket.socket = attrs.field(init=False)
    _end: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Receiver:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        group = ipaddress.ip_address(self.address)
        if group.is_multicast:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            membership = group.packed + ipaddress.ip_address("127.0.0.1").packed
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self._socket.bind((self.address, self.port))
        self._socket.settimeout(0.05)
        self._thread = threading.Thread(target=self._run, daemon=True, name="receiver")
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                continue
            self.times.append(time.monotonic())
            self.datagrams.append(datagram)
            if self.onward is not None:
                self._socket.sendto(datagram, self.onward)

    @property
    def data(self) -> bytes:
        """All that was received, in order."""
        return b"".join(self.datagrams)

    def await_datagrams(self, count: int, timeout: float = 15) -> None:
        """Wait until so many datagrams have been received in all."""
        wait_for(lambda: len(self.datagrams) >= count, timeout, f"{count} datagrams received")

    def await_silence(self, seconds: float = 0.5, timeout: float = 60) -> None:
        """Wait until nothing has come for ``seconds``."""

        def silent() -> bool:
            return bool(self.times) and time.monotonic() - self.times[-1] > seconds

        wait_for(silent, timeout, f"silence of {seconds:g} s")
