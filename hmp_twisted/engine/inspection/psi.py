"""Program specific information: sections, their CRC, PAT and PMT (ISO/IEC 13818-1 2.4.4). Pure."""

from __future__ import annotations

import zlib

import attrs

PAT_PID = 0x0000
CAT_PID = 0x0001
SI_PIDS = (0x0010, 0x0011, 0x0012, 0x0014)
"""NIT, SDT and BAT, EIT, TOT (EN 300 468): their CRC counts, their content is not read."""
PAT_TABLE, CAT_TABLE, PMT_TABLE = 0x00, 0x01, 0x02
TABLES_WITHOUT_CRC = frozenset({0x70, 0x71, 0x72, 0x7E})
"""TDT, RST, ST, DIT."""
VIDEO_TYPES = frozenset(
    {0x01, 0x02, 0x10, 0x1B, 0x1E, 0x1F, 0x20, 0x21, 0x24, 0x25, 0x33, 0x42, 0xD1}
)
"""MPEG-1, 2 and 4, AVC, JPEG 2000, HEVC, VVC, AVS, Dirac (ISO/IEC 13818-1 table 2-34)."""
AUDIO_TYPES = frozenset({0x03, 0x04, 0x0F, 0x11, 0x1C, 0x2D, 0x81, 0x87})
"""MPEG-1 and 2, AAC, raw, MPEG-H; AC-3 and E-AC-3 of ATSC."""
SHORTEST = 11
"""Bytes of a section of the long form with nothing in it, less one."""
_LONGEST = 4096
_HEADER = 3
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc_is_right(section: bytes) -> bool:
    """Whether a section with its CRC_32 (annex A) is whole.

    That CRC is zlib's, every byte and the result with their bits in reverse, and not inverted at
    the end: a whole section so turned has a remainder that is always the same.
    """
    return zlib.crc32(section.translate(_REVERSED)) ^ 0xFFFFFFFF == 0


@attrs.define
class Assembler:
    """Puts the sections of one PID together. A section that its packets do not end is dropped."""

    _rest: bytes = b""
    _begun: bool = False

    @property
    def waiting(self) -> bool:
        """Whether a section is begun and not ended: packets that only continue are needed."""
        return self._begun

    def feed(self, packet: bytes) -> list[bytes]:
        """The sections that end in this packet."""
        payload = payload_of(packet)
        if not payload:
            return []
        if not packet[1] & 0x40:
            return self._go_on(payload) if self._begun else []
        pointer = payload[0]
        ended = self._go_on(payload[1 : 1 + pointer]) if self._begun else []
        self._rest, self._begun = b"", True
        return ended + self._go_on(payload[1 + pointer :])

    def _go_on(self, data: bytes) -> list[bytes]:
        rest = self._rest + data
        whole: list[bytes] = []
        while len(rest) >= _HEADER and rest[0] != 0xFF:
            size = _HEADER + (int.from_bytes(rest[1:3], "big") & 0x0FFF)
            if len(rest) < size:
                break
            whole.append(rest[:size])
            rest = rest[size:]
        self._begun = bool(rest) and rest[0] != 0xFF and len(rest) < _LONGEST
        self._rest = rest if self._begun else b""
        return whole


def payload_of(packet: bytes) -> bytes:
    """A packet's payload; empty if it has none."""
    if not packet[3] & 0x10:
        return b""
    return packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]


@attrs.frozen
class Programme:
    """What a PMT says."""

    number: int
    pcr_pid: int
    streams: tuple[tuple[int, int], ...]
    """PID and stream type of each elementary stream."""

    def compared(self, before: Programme) -> str:
        """What is different from before, in words."""
        gone = [f"{_told(s)} gone" for s in before.streams if s not in self.streams]
        new = [f"{_told(s)} new" for s in self.streams if s not in before.streams]
        clock = f"PCR on 0x{self.pcr_pid:04x}, was on 0x{before.pcr_pid:04x}"
        moved = [clock] if self.pcr_pid != before.pcr_pid else []
        changes = [*gone, *new, *moved] or ["the order of its streams"]
        return f"programme {self.number}: {', '.join(changes)}"


def pat_of(section: bytes) -> dict[int, int]:
    """The PID of each programme's PMT, by programme number, from a whole PAT section."""
    entries = section[8:-4]
    pairs = [entries[at : at + 4] for at in range(0, len(entries) - 3, 4)]
    numbers = (int.from_bytes(pair[:2], "big") for pair in pairs)
    pids = (int.from_bytes(pair[2:], "big") & 0x1FFF for pair in pairs)
    return {number: pid for number, pid in zip(numbers, pids, strict=True) if number}


def pmt_of(section: bytes) -> Programme:
    """What a whole PMT section says; a loop that its lengths carry out of it is cut."""
    info = int.from_bytes(section[10:12], "big") & 0x0FFF
    streams: list[tuple[int, int]] = []
    at, end = 12 + info, len(section) - 4
    while at + 5 <= end:
        streams.append((int.from_bytes(section[at + 1 : at + 3], "big") & 0x1FFF, section[at]))
        at += 5 + (int.from_bytes(section[at + 3 : at + 5], "big") & 0x0FFF)
    return Programme(
        number=int.from_bytes(section[3:5], "big"),
        pcr_pid=int.from_bytes(section[8:10], "big") & 0x1FFF,
        streams=tuple(streams),
    )


def _told(stream: tuple[int, int]) -> str:
    return f"0x{stream[0]:04x} (type 0x{stream[1]:02x})"
