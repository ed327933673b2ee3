"""Facts about MPEG-TS packets, and the few fields that splicing changes: pure, vectorised.

Packets are an array of bytes of shape (n, 188). Field positions are those of ISO/IEC 13818-1,
2.4.3 (transport packet, adaptation field) and 2.4.3.6 (PES packet). Nothing here reads a file.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from ..ts import DATAGRAM, NULL_PID, PACKET, PIDS
from ..ts import PACKETS_PER_DATAGRAM as GROUP

__all__ = ["DATAGRAM", "GROUP", "NULL_PID", "PACKET", "PIDS"]

PCR_HZ = 27_000_000
"""PCR ticks a second."""
PCR_WRAP = (1 << 33) * 300
"""PCRs count modulo this many ticks, 26.5 hours."""
STAMP_WRAP = 1 << 33
"""PTS and DTS count modulo this many ticks of 90 kHz."""
PCR_PER_STAMP = 300

Packets = NDArray[np.uint8]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# PES stream IDs whose packets have no optional header, so no time stamps (table 2-21).
_PLAIN_STREAM_IDS = np.array([0xBC, 0xBE, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF], np.uint8)
_STAMP_BYTES = 5
_PCR_AT, _OPCR_AT = 6, 12
_PES_FIXED = 9
"""Bytes of a PES header before its optional fields: the PTS begins here."""
_STREAM_ID_AT = 3


@attrs.frozen
class Pcrs:
    """The packets that carry a PCR."""

    index: Integers
    value: Integers
    """In 27 MHz ticks."""
    pid: Integers

    def of(self, pid: int) -> Pcrs:
        """Those of one PID."""
        mine = self.pid == pid
        return Pcrs(self.index[mine], self.value[mine], self.pid[mine])

    def commonest_pid(self) -> int | None:
        """The PID with the most PCRs, the lowest of several; none if there is no PCR."""
        if not len(self.pid):
            return None
        return int(np.bincount(self.pid).argmax())


@attrs.frozen
class Stamps:
    """The packets in which a PES header with time stamps stands."""

    index: Integers
    offset: Integers
    """Where in the packet the PTS field begins; a DTS field follows it."""
    pid: Integers
    pts: Integers
    """In 90 kHz ticks."""
    dts: Integers
    """The PTS where there is no DTS of its own (2.4.3.7)."""
    has_dts: Flags

    @property
    def id_offset(self) -> Integers:
        """Where in the packet the stream ID stands."""
        return self.offset - _PES_FIXED + _STREAM_ID_AT

    def least_lead(self, pids: Integers) -> Integers:
        """For each of these PIDs, its least PTS less its first DTS: below 0 in an open group."""
        leads = []
        for pid in pids.tolist():
            mine = self.pid == pid
            leads.append(int(apart(self.pts[mine], self.dts[mine][0]).min()))
        return np.array(leads, np.int64)


def apart(later: Integers, earlier: Integers | int) -> Integers:
    """How much later one time stamp is than another, of the two ways round the shorter."""
    difference: Integers = (later - earlier + STAMP_WRAP // 2) % STAMP_WRAP - STAMP_WRAP // 2
    return difference


def as_packets(data: bytes | memoryview) -> Packets:
    """Whole packets of ``data`` as an array that may be written to."""
    count = len(data) // PACKET
    return np.frombuffer(data, np.uint8, count * PACKET).reshape(count, PACKET).copy()


def null_packets(count: int) -> Packets:
    """That many null packets (2.4.3.3)."""
    packets = np.full((count, PACKET), 0xFF, np.uint8)
    packets[:, :4] = (0x47, 0x1F, 0xFF, 0x10)
    return packets


def pcr_packets(count: int, pid: int, counter: int) -> Packets:
    """That many packets of nothing but a PCR; the counter does not count them (2.4.3.3)."""
    packets = np.full((count, PACKET), 0xFF, np.uint8)
    packets[:, :6] = (0x47, pid >> 8, pid & 0xFF, 0x20 | counter, 183, 0x10)
    return packets


def pids_of(packets: Packets) -> Integers:
    """Every packet's PID."""
    return (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]


def find_pcrs(packets: Packets) -> Pcrs:
    """All PCRs, in order (2.4.3.5); those of damaged and of null packets do not count."""
    index = np.flatnonzero((packets[:, 3] & 0x20) != 0)
    head = packets[index, :12]
    has_pcr = (head[:, 4] >= 7) & ((head[:, 5] & 0x10) != 0)
    sound = (head[:, 0] == 0x47) & ((head[:, 1] & 0x80) == 0)
    pid = pids_of(head)
    keep = has_pcr & sound & (pid != NULL_PID)
    return Pcrs(index[keep], _read_clocks(head[keep, 6:12]), pid[keep])


def put_pcrs(packets: Packets, index: Integers, value: Integers, at: int = _PCR_AT) -> None:
    """Write PCRs into packets that have one; ``value`` is taken modulo the wrap."""
    base, extension = np.divmod(value % PCR_WRAP, PCR_PER_STAMP)
    for byte, content in enumerate(
        (
            base >> 25,
            base >> 17,
            base >> 9,
            base >> 1,
            (base & 1) << 7 | 0x7E | extension >> 8,
            extension,
        )
    ):
        packets[index, at + byte] = content & 0xFF


def shift_opcrs(packets: Packets, ticks: int) -> None:
    """Add ``ticks`` of 27 MHz to the original PCRs that stand behind a PCR (2.4.3.5).

    They tell the clock of the program that a stream was made from; so they keep their distance.
    """
    index = find_pcrs(packets).index
    has_opcr = (packets[index, 4] >= 13) & ((packets[index, 5] & 0x08) != 0)
    index = index[has_opcr]
    value = _read_clocks(packets[index, _OPCR_AT : _OPCR_AT + 6])
    put_pcrs(packets, index, value + ticks, _OPCR_AT)


def _read_clocks(field: Packets) -> Integers:
    """Rows of the six bytes of a PCR or OPCR, in 27 MHz ticks."""
    byte = field.astype(np.int64)
    base = byte[:, 0] << 25 | byte[:, 1] << 17 | byte[:, 2] << 9 | byte[:, 3] << 1 | byte[:, 4] >> 7
    clocks: Integers = base * PCR_PER_STAMP + ((byte[:, 4] & 1) << 8 | byte[:, 5])
    return clocks


def payload_offsets(packets: Packets) -> Integers:
    """Where each packet's payload begins; 188 or more if it has none."""
    length = packets[:, 4].astype(np.int64)
    offset = np.where(packets[:, 3] & 0x20, 5 + length, 4)
    return np.where(packets[:, 3] & 0x10, offset, PACKET)


def find_unit_starts(packets: Packets) -> tuple[Integers, Integers]:
    """Packets in which a clear PES packet or section starts, and where their payload begins."""
    sound = (
        (packets[:, 0] == 0x47) & ((packets[:, 1] & 0xC0) == 0x40) & ((packets[:, 3] & 0xC0) == 0)
    )
    index = np.flatnonzero(sound)
    offset = payload_offsets(packets[index])
    inside = offset < PACKET
    return index[inside], offset[inside]


def find_stamps(packets: Packets) -> Stamps:
    """All PES time stamps that stand whole in one packet, as they do wherever muxers put them."""
    index, offset = find_unit_starts(packets)
    room = offset + _PES_FIXED + _STAMP_BYTES <= PACKET
    index, offset = index[room], offset[room]
    head = packets[index[:, None], offset[:, None] + np.arange(_PES_FIXED)]
    is_pes = (head[:, :3] == (0, 0, 1)).all(axis=1) & (head[:, 6] >> 6 == 2)
    has_pts = (
        is_pes & ((head[:, 7] & 0x80) != 0) & ~np.isin(head[:, _STREAM_ID_AT], _PLAIN_STREAM_IDS)
    )
    index, offset, flags = index[has_pts], offset[has_pts] + _PES_FIXED, head[has_pts, 7]
    has_dts = ((flags & 0x40) != 0) & (offset + 2 * _STAMP_BYTES <= PACKET)
    pts = _read_stamps(packets, index, offset)
    dts = pts.copy()
    dts[has_dts] = _read_stamps(packets, index[has_dts], offset[has_dts] + _STAMP_BYTES)
    return Stamps(index, offset, pids_of(packets[index]), pts, dts, has_dts)


def shift_stamps(packets: Packets, stamps: Stamps, ticks: int) -> None:
    """Add ``ticks`` of 90 kHz to the time stamps found, modulo the wrap."""
    _write_stamps(packets, stamps.index, stamps.offset, stamps.pts + ticks)
    own = stamps.has_dts
    _write_stamps(
        packets, stamps.index[own], stamps.offset[own] + _STAMP_BYTES, stamps.dts[own] + ticks
    )


def _read_stamps(packets: Packets, index: Integers, offset: Integers) -> Integers:
    field = packets[index[:, None], offset[:, None] + np.arange(_STAMP_BYTES)].astype(np.int64)
    stamps: Integers = (
        (field[:, 0] & 0x0E) << 29
        | field[:, 1] << 22
        | (field[:, 2] & 0xFE) << 14
        | field[:, 3] << 7
        | field[:, 4] >> 1
    )
    return stamps


def _write_stamps(packets: Packets, index: Integers, offset: Integers, value: Integers) -> None:
    """The prefix and the marker bits stay as they are."""
    value = value % STAMP_WRAP
    first, third, fifth = (packets[index, offset + byte] for byte in (0, 2, 4))
    packets[index, offset] = first & 0xF1 | (value >> 29) & 0x0E
    packets[index, offset + 1] = value >> 22 & 0xFF
    packets[index, offset + 2] = third & 0x01 | (value >> 14) & 0xFE
    packets[index, offset + 3] = value >> 7 & 0xFF
    packets[index, offset + 4] = fifth & 0x01 | (value << 1) & 0xFE
