"""SCTE-35 sections: their ``pts_adjustment`` takes the constant that splicing adds to the clock.

A section is known by its own checksum (CRC-32/MPEG-2 over the whole of it, ANSI/SCTE 35, 9.2), so
that no PMT has to be read and nothing else can be taken for one. Chunks of packets are cut so that
they hold a section whole (:func:`end_of_whole_sections`).
"""

from __future__ import annotations

import numpy as np

from .packets import (
    PACKET,
    STAMP_WRAP,
    Integers,
    Packets,
    find_unit_starts,
    payload_offsets,
    pids_of,
)

TABLE_ID = 0xFC
_HEADER = 3
_ADJUSTMENT = 4
"""Where the 33 bits of ``pts_adjustment`` begin: the last bit of this byte and the next four."""
_SHORTEST = 20


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32_mpeg(data: bytes) -> int:
    """CRC-32/MPEG-2; 0 over a section with its own checksum at its end."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def shift_sections(packets: Packets, ticks: int) -> int:
    """Add ``ticks`` of 90 kHz to every section's adjustment; how many sections were changed."""
    index, offset = _candidates(packets)
    changed = 0
    for first, start in zip(index.tolist(), offset.tolist(), strict=True):
        places = _bytes_of_section(packets, first, start)
        if places is not None:
            changed += _shift_section(packets, places, ticks)
    return changed


def end_of_whole_sections(packets: Packets) -> int:
    """How many of the packets to take so that no section begins among them and ends behind them."""
    index, offset = _candidates(packets)
    for first, start in zip(index.tolist(), offset.tolist(), strict=True):
        wanted, rows, _ = _extent(packets, first, start)
        if sum(map(len, rows)) < wanted and not _is_cut_off(packets, first):
            return int(first)
    return len(packets)


def _candidates(packets: Packets) -> tuple[Integers, Integers]:
    """Where sections with the table ID begin (a pointer field may put them off)."""
    index, offset = find_unit_starts(packets)
    start = offset + 1 + packets[index, offset]
    inside = start < PACKET - _HEADER
    index, start = index[inside], start[inside]
    is_ours = packets[index, start] == TABLE_ID
    return index[is_ours], start[is_ours]


def _extent(packets: Packets, first: int, start: int) -> tuple[int, list[Integers], list[Integers]]:
    """How long the section is, and the packets and offsets of as much of it as there is."""
    head = packets[first, start : start + _HEADER]
    wanted = _HEADER + (int(head[1] & 0x0F) << 8 | int(head[2]))
    rows, columns, found = [np.full(PACKET - start, first)], [np.arange(start, PACKET)], 0
    for row in _later(packets, first):
        found += len(rows[-1])
        if found >= wanted or packets[row, 1] & 0x40:
            break
        begin = int(payload_offsets(packets[row : row + 1])[0])
        rows.append(np.full(max(0, PACKET - begin), row))
        columns.append(np.arange(begin, PACKET))
    return wanted, rows, columns


def _later(packets: Packets, first: int) -> list[int]:
    """The packets of the same PID behind one."""
    same = pids_of(packets[first + 1 :]) == pids_of(packets[first : first + 1])
    later: list[int] = (first + 1 + np.flatnonzero(same)).tolist()
    return later


def _is_cut_off(packets: Packets, first: int) -> bool:
    """Whether another unit of the PID begins behind: then a section that is not whole was lost."""
    return any(packets[row, 1] & 0x40 for row in _later(packets, first))


def _bytes_of_section(packets: Packets, first: int, start: int) -> tuple[Integers, Integers] | None:
    """Packet and offset of each byte of the section, or none if its end is not there."""
    wanted, rows, columns = _extent(packets, first, start)
    if not _SHORTEST <= wanted <= sum(map(len, rows)):
        return None
    return np.concatenate(rows)[:wanted], np.concatenate(columns)[:wanted]


def _shift_section(packets: Packets, places: tuple[Integers, Integers], ticks: int) -> bool:
    section = packets[places].tobytes()
    if crc32_mpeg(section):
        return False
    field = int.from_bytes(section[_ADJUSTMENT : _ADJUSTMENT + 5], "big")
    adjusted = field & ~(STAMP_WRAP - 1) | (field + ticks) % STAMP_WRAP
    body = section[:_ADJUSTMENT] + adjusted.to_bytes(5, "big") + section[_ADJUSTMENT + 5 : -4]
    packets[places] = np.frombuffer(body + crc32_mpeg(body).to_bytes(4, "big"), np.uint8)
    return True
