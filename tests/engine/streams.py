"""Whole little transport streams by hand, with tables, PCR and PTS, to be inspected."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from hmp_twisted.engine import pcr

from .packet_maker import packet, pes

PMT_PID, VIDEO, AUDIO = 0x20, 0x100, 0x101
AVC, AAC = 0x1B, 0x0F
_POLYNOMIAL = 0x04C11DB7


def crc(data: bytes) -> bytes:
    """CRC_32 bit by bit, as annex A of ISO/IEC 13818-1 draws its registers."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = value << 1 ^ _POLYNOMIAL if value & 0x80000000 else value << 1
            value &= 0xFFFFFFFF
    return value.to_bytes(4, "big")


def section(
    table: int, body: bytes, *, extension: int = 1, number: int = 0, last: int = 0
) -> bytes:
    """A section of the long form with its CRC."""
    rest = extension.to_bytes(2, "big") + bytes([0xC1, number, last]) + body
    length = len(rest) + 4
    head = bytes([table, 0xB0 | length >> 8, length & 0xFF])
    return head + rest + crc(head + rest)


def pat(programmes: dict[int, int]) -> bytes:
    """A PAT section: PIDs of PMTs by programme number."""
    pairs = (
        (n.to_bytes(2, "big") + (0xE000 | pid).to_bytes(2, "big")) for n, pid in programmes.items()
    )
    return section(0, b"".join(pairs))


def pmt(
    streams: dict[int, int], *, programme: int = 1, clock: int = VIDEO, info: bytes = b""
) -> bytes:
    """A PMT section: stream types by PID."""
    body = (0xE000 | clock).to_bytes(2, "big") + (0xF000 | len(info)).to_bytes(2, "big") + info
    for pid, kind in streams.items():
        body += bytes([kind]) + (0xE000 | pid).to_bytes(2, "big") + b"\xf0\x00"
    return section(2, body, extension=programme)


def table_packet(pid: int, counter: int, *sections: bytes, scrambled: bool = False) -> bytes:
    """A packet that holds whole sections from its beginning."""
    payload = (b"\0" + b"".join(sections)).ljust(184, b"\xff")
    made = bytearray(packet(pid, counter, payload, starts=True))
    made[3] |= 0xC0 if scrambled else 0
    return bytes(made)


def random_access(counter: int, pid: int = VIDEO) -> bytes:
    """A packet that says that decoding can begin with it."""
    made = bytearray(packet(pid, counter, pes(0), starts=True))
    made[5] |= 0x40
    return bytes(made)


@attrs.define
class Multiplex:
    """A stream of constant rate, made in slices of ten milliseconds.

    Everything comes as often as it should: PAT and PMT each 0.1 s, PCR each 0.03 s, pictures each
    0.04 s, one in 25 a random access point. What is named in ``without`` is left out.
    """

    packets_per_slice: int = 30
    without: set[str] = attrs.field(factory=set)
    streams: dict[int, int] = attrs.field(factory=lambda: {VIDEO: AVC, AUDIO: AAC})
    slices: int = 0
    _counters: dict[int, int] = attrs.field(factory=dict)

    def seconds(self, seconds: float) -> Iterator[bytes]:
        """So much of the stream, slice by slice."""
        for _ in range(round(seconds * 100)):
            yield b"".join(self._slice())
            self.slices += 1

    def _slice(self) -> Iterator[bytes]:
        n, made = self.slices, 0
        for name, every, make in (
            ("pcr", 3, self._clock),
            ("pat", 10, lambda: table_packet(0, self._next(0), pat({1: PMT_PID}))),
            ("pmt", 10, lambda: table_packet(PMT_PID, self._next(PMT_PID), pmt(self.streams))),
            ("video", 4, self._picture),
            ("audio", 4, lambda: packet(AUDIO, self._next(AUDIO), pes(n), starts=True)),
        ):
            if n % every == 0 and name not in self.without:
                made += 1
                yield make()
        pid = AUDIO if "video" in self.without else VIDEO
        for _ in range(self.packets_per_slice - made):
            yield packet(pid, self._next(pid), b"y" * 184)

    def _clock(self) -> bytes:
        # The first packet of each slice: a slice is ten milliseconds to the tick.
        ticks = self.slices * (pcr.HZ // 100) % pcr.WRAP
        counter = self._counters.get(VIDEO, 15)  # no payload: the counter stays
        return packet(VIDEO, counter, pcr=ticks)

    def _picture(self) -> bytes:
        counter = self._next(VIDEO)
        if self.slices % 100 == 0:
            return random_access(counter)
        return packet(VIDEO, counter, pes(self.slices), starts=True)

    def _next(self, pid: int) -> int:
        self._counters[pid] = (self._counters.get(pid, 15) + 1) % 16
        return self._counters[pid]
