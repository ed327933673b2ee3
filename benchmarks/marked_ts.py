"""Valid MPEG-TS that says by itself which datagram of which flow it is, cheap enough for Gbit/s.

A datagram is seven packets; its last sixteen bytes are a mark. All else repeats every
:data:`CYCLE` datagrams (six packets of the video PID and one null packet: after eight datagrams
the continuity counter is where it was), but for those few that carry a PCR and a PAT or PMT.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

PACKET = 188
PACKETS = 7
DATAGRAM = PACKET * PACKETS
MARK = np.dtype([("magic", "S4"), ("flow", ">u4"), ("sequence", ">u8")])
MAGIC = b"SEQ1"
BODY = DATAGRAM - MARK.itemsize
CYCLE = 8
_PID, _PMT_PID = 0x100, 0x1000
_PAT = bytes.fromhex("00b00d0001c100000001f000")
_PMT = bytes.fromhex("02b0120001c10000e100f00006e100f000")


def plain(index: int) -> bytes:
    """The body of a usual datagram whose number leaves ``index`` when divided by :data:`CYCLE`."""
    return b"".join(_packets(index))


def with_tables(number: int, pcr: int, occasion: int) -> bytes:
    """The body of datagram ``number`` with a PCR (27 MHz), and a PAT or PMT instead of a null.

    Args:
        number: the datagram's in its flow.
        pcr: its PCR.
        occasion: how many such bodies the flow had before; even ones have the PAT.
    """
    packets = _packets(number % CYCLE)
    field = ((pcr // 300 % (1 << 33)) << 15 | 0x7E00 | pcr % 300).to_bytes(6, "big")
    head = bytearray(packets[0][:4])
    head[3] |= 0x20
    packets[0] = bytes(head) + b"\x07\x10" + field + packets[0][12:]
    pid, table = (_PMT_PID, _PMT) if occasion % 2 else (0, _PAT)
    section = b"\0" + table + _crc(table).to_bytes(4, "big")
    packets[1] = (_head(pid | 0x4000, occasion // 2) + section).ljust(PACKET, b"\xff")
    return b"".join(packets)


def _packets(index: int) -> list[bytes]:
    counters = iter(range(index * (PACKETS - 1), 16 * PACKETS))
    filling = bytes(0x80 | n & 0x3F for n in range(PACKET - 4))
    packets = [
        _head(0x1FFF, 0) + filling if slot == 1 else _head(_PID, next(counters)) + filling
        for slot in range(PACKETS)
    ]
    packets[-1] = packets[-1][: -MARK.itemsize]
    return packets


def _head(pid: int, counter: int) -> bytes:
    return bytes((0x47, pid >> 8, pid & 0xFF, 0x10 | counter & 15))


def _crc(data: bytes) -> int:
    """CRC-32 of MPEG-2 tables (ISO/IEC 13818-1 annex A)."""
    crc = 0xFFFFFFFF
    for bit in np.unpackbits(np.frombuffer(data, np.uint8)):
        crc = (crc << 1 ^ (0x04C11DB7 if (crc >> 31) ^ int(bit) else 0)) & 0xFFFFFFFF
    return crc


@attrs.frozen
class Found:
    """What of one flow is in its files."""

    datagrams: int = 0
    first: int = -1
    """The sequence number of the first datagram; -1 if there is none."""
    last: int = -1
    first_gap: int = -1
    """The number after which the first one is missing or out of turn; -1 if that is nowhere."""
    strange: int = 0
    """Packets without a sync byte, datagrams of another flow, bytes that are no whole packet."""

    @property
    def lost(self) -> int:
        """Datagrams that are missing between the first and the last."""
        return self.last - self.first + 1 - self.datagrams if self.datagrams else 0


def find(paths: list[Path], flow: int) -> Found:
    """Read a flow's files, taken as one stream."""
    parts = [_marks(path) for path in paths]
    marks = np.concatenate([part for part, _ in parts]) if parts else np.zeros(0, MARK)
    strange = sum(bad for _, bad in parts) + int((marks["flow"] != flow).sum())
    if not marks.size:
        return Found(strange=strange)
    sequence = marks["sequence"].astype(np.int64)
    gaps = np.flatnonzero(np.diff(sequence) != 1)
    return Found(
        datagrams=int(np.unique(sequence).size) if gaps.size else sequence.size,
        first=int(sequence.min()),
        last=int(sequence.max()),
        first_gap=int(sequence[gaps[0]]) if gaps.size else -1,
        strange=strange,
    )


def _marks(path: Path) -> tuple[npt.NDArray[np.void], int]:
    size = path.stat().st_size
    packets = size // PACKET
    if not packets:
        return np.zeros(0, MARK), size
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        rows = np.frombuffer(memory, np.uint8, packets * PACKET).reshape(packets, PACKET)
        unsynchronised = int((rows[:, 0] != 0x47).sum())
        tails = rows[:, -MARK.itemsize :].copy().view(MARK).reshape(packets)
        del rows
    return tails[tails["magic"] == MAGIC], unsynchronised + size % PACKET
