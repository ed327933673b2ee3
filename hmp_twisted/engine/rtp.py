"""RTP (RFC 3550) around MPEG-TS (RFC 2250): taking the header off, putting packets in sequence.

Pure: no I/O; time is an argument.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

HEADER = np.dtype(
    [("flags", "u1"), ("type", "u1"), ("sequence", ">u2"), ("time", ">u4"), ("ssrc", ">u4")]
)
"""The fixed header, twelve bytes."""
PLAIN_FLAGS = 0x80
"""Version 2, no padding, no extension, no contributing sources: what nearly every sender sends."""
WINDOW = 64
"""A packet that so many later ones overtook is lost."""
PATIENCE_S = 0.1
"""Nor is one waited for longer than this."""
MISORDER = 100
"""So far back a number is a late packet or a repetition; farther, a new beginning (RFC 3550)."""


@attrs.frozen
class Packet:
    """An RTP packet without its header, extension and padding."""

    sequence: int
    ssrc: int
    payload: bytes


def parse(datagram: bytes) -> Packet | None:
    """The RTP packet in a datagram, or ``None`` if it is none."""
    size = len(datagram)
    if size < HEADER.itemsize or datagram[0] >> 6 != 2:
        return None
    start = HEADER.itemsize + 4 * (datagram[0] & 0x0F)
    if datagram[0] & 0x10:
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = size - (datagram[-1] if datagram[0] & 0x20 else 0)
    if start > end:
        return None
    return Packet(
        sequence=int.from_bytes(datagram[2:4], "big"),
        ssrc=int.from_bytes(datagram[8:12], "big"),
        payload=datagram[start:end],
    )


@attrs.define
class Sequencer:
    """Puts one source's RTP packets in the order of their sequence numbers, and counts the missing.

    The first packet is believed. A packet that comes too early is held until those before it have
    come, or until :data:`WINDOW` packets or :data:`PATIENCE_S` say that they will not.
    """

    lost: int = 0
    """Sequence numbers that were given up."""
    late: int = 0
    """Packets thrown away because their turn was over: repetitions, and what was given up."""
    reordered: int = 0
    expected: int | None = None
    ssrc: int = 0
    _held: dict[int, bytes] = attrs.field(factory=dict)
    _held_since: float = 0.0

    @property
    def waiting(self) -> bool:
        """Whether packets are held."""
        return bool(self._held)

    def push(self, packet: Packet, now: float) -> list[bytes]:
        """The payloads whose turn has come with this packet, in order.

        Args:
            packet: the packet.
            now: seconds, on any clock that only runs forward.
        """
        if self.expected is None:
            self._begin(packet)
        ahead = self._distance(packet.sequence)
        if packet.ssrc != self.ssrc or ahead < -MISORDER:
            return [*self.flush(), *self._begin_with(packet)]
        if ahead < 0 or packet.sequence in self._held:
            self.late += 1
            return []
        return self._take(packet, ahead, now)

    def flush(self) -> list[bytes]:
        """Whatever is held, in order; what is missing between is lost."""
        ready: list[bytes] = []
        while self._held:
            ready += self._skip()
        return ready

    def overdue(self, now: float, tick_s: float = 0.0) -> bool:
        """Whether packets are held for longer than :data:`PATIENCE_S`.

        Args:
            now: as for :meth:`push`.
            tick_s: in how many seconds this is asked again; so it may be said half of that too soon
                rather than too late.
        """
        return self.waiting and now + tick_s / 2 - self._held_since > PATIENCE_S

    def _begin(self, packet: Packet) -> None:
        self.expected, self.ssrc = packet.sequence, packet.ssrc

    def _begin_with(self, packet: Packet) -> list[bytes]:
        self._begin(packet)
        return self._advance(packet.payload)

    def _distance(self, sequence: int) -> int:
        """How far a number is ahead of the one expected, over the 16-bit wrap."""
        return ((sequence - (self.expected or 0) + 0x8000) & 0xFFFF) - 0x8000

    def _take(self, packet: Packet, ahead: int, now: float) -> list[bytes]:
        if ahead == 0:
            self.reordered += bool(self._held)
            self._held_since = now  # what stays held waits for another gap, that began now
            return self._advance(packet.payload)
        if not self._held:
            self._held_since = now
        self._held[packet.sequence] = packet.payload
        ready: list[bytes] = []
        while self._held and max(map(self._distance, self._held)) >= WINDOW:
            ready += self._skip()
        return ready

    def _advance(self, payload: bytes) -> list[bytes]:
        """This payload, and those held that follow it without a gap."""
        ready = [payload]
        self._step(1)
        while (held := self._held.pop(self.expected or 0, None)) is not None:
            ready.append(held)
            self._step(1)
        return ready

    def _skip(self) -> list[bytes]:
        """Give up what is missing before the first packet held."""
        gap = min(map(self._distance, self._held))
        self.lost += gap
        self._step(gap)
        return self._advance(self._held.pop(self.expected or 0))

    def _step(self, count: int) -> None:
        self.expected = ((self.expected or 0) + count) & 0xFFFF


def in_order(
    headers: npt.NDArray[np.void], firsts: npt.NDArray[np.intp], sequencers: list[Sequencer]
) -> bool:
    """Whether runs of plain headers, one run a source, each carry on their source's sequence.

    Args:
        headers: all runs, end to end.
        firsts: the index of each run's first header.
        sequencers: the sequencer of each run's source.
    """
    if not (headers["flags"] == PLAIN_FLAGS).all():
        return False
    if any(s.expected is None or s.waiting for s in sequencers):
        return False
    sequence = headers["sequence"].astype(np.uint16)
    ssrc = headers["ssrc"].astype(np.uint32)
    expected = np.empty_like(sequence)
    expected[1:] = sequence[:-1] + np.uint16(1)
    expected[firsts] = [s.expected or 0 for s in sequencers]
    wanted = np.empty_like(ssrc)
    wanted[1:] = ssrc[:-1]
    wanted[firsts] = [s.ssrc for s in sequencers]
    return bool((sequence == expected).all() and (ssrc == wanted).all())
