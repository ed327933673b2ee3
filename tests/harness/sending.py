"""Encoders: threads that send MPEG-TS over UDP at an even rate, and remember how far they came."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time
from collections.abc import Sequence
from typing import Any

import attrs

from . import packets
from .waiting import wait_for

TICK_S = 0.004


def output_socket(source: str = "127.0.0.1") -> socket.socket:
    """A UDP socket for sending from ``source``, to multicast groups over the loopback as well."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    sender.setsockopt(
        socket.IPPROTO_IP, socket.IP_MULTICAST_IF, ipaddress.ip_address("127.0.0.1").packed
    )
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    sender.bind((source, 0))
    return sender


@attrs.define(eq=False)
class Sender:
    """Sends stream ``seed + i`` to ``destinations[i]``, each at ``bitrate``, until it is closed.

    With ``rtp`` each datagram has an RTP header, and neighbours are swapped wherever the
    datagram's number is a multiple of 50.
    """

    destinations: Sequence[tuple[str, int]]
    bitrate: int = 4_000_000
    seed: int = 1
    rtp: bool = False
    source: str = "127.0.0.1"
    sent: int = 0
    """Datagrams sent to each of the destinations so far; the next has this number."""
    sent_at: list[float] = attrs.field(factory=list)
    """``time.monotonic()`` of each tick, at which ``_ticks`` datagrams had been sent."""
    _ticks: list[int] = attrs.field(factory=list)
    _end: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None
    _fault: BaseException | None = None

    def __enter__(self) -> Sender:
        self._thread = threading.Thread(target=self._run, daemon=True, name="sender")
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        assert self._thread is not None
        self._thread.join(10)
        assert self._fault is None, f"the sender failed: {self._fault!r}"

    def finish(self) -> int:
        """Stop sending, and give how many datagrams were sent to each destination."""
        self.__exit__()
        return self.sent

    def await_sent(self, more: int, timeout: float = 15) -> None:
        """Wait until ``more`` further datagrams have been sent to each destination."""
        target = self.sent + more
        wait_for(lambda: self.sent >= target, timeout, f"{more} more datagrams sent")

    def await_seconds(self, seconds: float) -> None:
        """Wait until so many seconds of media more have been sent."""
        self.await_sent(max(1, int(seconds * self.bitrate / 8 / packets.DATAGRAM)), seconds + 15)

    def sent_before(self, moment: float) -> int:
        """How many datagrams had been sent at this ``time.monotonic()``."""
        ticks = [
            count for at, count in zip(self.sent_at, self._ticks, strict=False) if at <= moment
        ]
        return ticks[-1] if ticks else 0

    def _run(self) -> None:
        try:
            with output_socket(self.source) as out:
                self._pace(out)
        except BaseException as fault:  # told to the test by __exit__
            self._fault = fault

    def _pace(self, out: socket.socket) -> None:
        rate = self.bitrate / 8 / packets.DATAGRAM
        start = time.monotonic()
        while not self._end.wait(TICK_S):
            due = int((time.monotonic() - start) * rate)
            count = min(due - self.sent, 256)
            if count > 0:
                self._send(out, count)

    def _send(self, out: socket.socket, count: int) -> None:
        if self.rtp:
            count += count % 2  # a pair that is swapped goes out together
        blocks = [self._made(i, count) for i in range(len(self.destinations))]
        for n in range(count):
            for block, destination in zip(blocks, self.destinations, strict=True):
                out.sendto(block[n], destination)
        self.sent += count
        self._ticks.append(self.sent)
        self.sent_at.append(time.monotonic())

    def _made(self, index: int, count: int) -> list[bytes]:
        whole = packets.datagrams(self.sent, count, seed=self.seed + index, bitrate=self.bitrate)
        size = packets.DATAGRAM
        block = [whole[i * size : (i + 1) * size] for i in range(count)]
        return _with_rtp(block, self.sent, self.seed + index) if self.rtp else block


def _with_rtp(block: list[bytes], first: int, ssrc: int) -> list[bytes]:
    """RTP packets (RFC 3550, RFC 2250) in an order in which some neighbours are swapped."""
    out = [
        struct.pack("!BBHII", 0x80, 33, (first + i) & 0xFFFF, (first + i) * 240, ssrc) + payload
        for i, payload in enumerate(block)
    ]
    for i in range(0, len(out) - 1, 2):
        if (first + i) % 50 == 0:
            out[i], out[i + 1] = out[i + 1], out[i]
    return out
