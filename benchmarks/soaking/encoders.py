"""Fifty encoders in one thread: what each sent is known by number, and when, by tick."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left, bisect_right

import attrs

from tests.harness import packets
from tests.harness.sending import output_socket

TICK_S = 0.02
ADDRESS = f"127.77.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF}"
"""Where the sources are received: an address of this run's own, so that no port of it is taken."""
_FIRST_PORT = 5000
_BLOCK = 256


@attrs.define(eq=False)
class Encoder:
    """One source: sends numbered datagrams at an even rate, unless it is silent."""

    seed: int
    bitrate: int
    sent: int = 0
    """Datagrams sent so far; the next has this number."""
    silent: bool = False
    _due: float = 0.0
    _block: bytes = b""
    _block_first: int = 0
    _ends: list[float] = attrs.field(factory=list)
    _counts: list[int] = attrs.field(factory=list)

    @property
    def destination(self) -> tuple[str, int]:
        """Where it sends to."""
        return ADDRESS, _FIRST_PORT + self.seed

    def datagrams(self, first: int, count: int) -> bytes:
        """What was, or will be, sent under these numbers."""
        return packets.datagrams(first, count, seed=self.seed, bitrate=self.bitrate)

    def due(self, seconds: float) -> list[bytes]:
        """What is to be sent after so many seconds more."""
        self._due += 0.0 if self.silent else seconds * self.bitrate / 8 / packets.DATAGRAM
        count = int(self._due)
        self._due -= count
        return [self._made(self.sent + n) for n in range(count)]

    def note(self, count: int, now: float) -> None:
        """So many more were sent, the last of them at ``now``."""
        if count:
            self.sent += count
            self._ends.append(now)
            self._counts.append(self.sent)

    def sent_before(self, moment: float) -> int:
        """How many had certainly been sent at this monotonic time."""
        ticks = bisect_right(self._ends, moment)
        return self._counts[ticks - 1] if ticks else 0

    def sent_by(self, number: int) -> float:
        """When, at the latest, the datagram of this number was sent."""
        tick = bisect_left(self._counts, number + 1)
        return self._ends[min(tick, len(self._ends) - 1)]

    def _made(self, number: int) -> bytes:
        if not self._block or number >= self._block_first + _BLOCK:
            self._block_first, self._block = number, self.datagrams(number, _BLOCK)
        at = (number - self._block_first) * packets.DATAGRAM
        return self._block[at : at + packets.DATAGRAM]


class Encoders:
    """All of them, sending from one thread while the context lasts."""

    def __init__(self, count: int, bitrate: int) -> None:
        self.all = [Encoder(seed, bitrate) for seed in range(1, count + 1)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="encoders")

    def __enter__(self) -> Encoders:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)

    def _run(self) -> None:
        before = time.monotonic()
        with output_socket() as out:
            while not self._end.wait(TICK_S):
                now = time.monotonic()
                for encoder in self.all:
                    block = encoder.due(now - before)
                    for datagram in block:
                        out.sendto(datagram, encoder.destination)
                    encoder.note(len(block), time.monotonic())
                before = now
