"""Packets by hand, for tests of what is said about them: written plainly, from ISO/IEC 13818-1."""

from __future__ import annotations

import numpy as np

from hmp_twisted.engine.pacer.packets import Packets, as_packets


def packet(
    pid: int,
    counter: int = 0,
    payload: bytes = b"",
    *,
    pcr: int | None = None,
    starts: bool = False,
) -> bytes:
    """A transport packet; with no payload it has an adaptation field only."""
    field = b""
    if pcr is not None:
        base, extension = divmod(pcr, 300)
        field = b"\x10" + (base << 15 | 0x7E00 | extension).to_bytes(6, "big")
    if not payload or pcr is not None or len(payload) < 184:
        missing = 183 - len(payload) - len(field)
        field = bytes([183 - len(payload)]) + (field or b"\0" * (missing > 0))
        field += b"\xff" * (184 - len(payload) - len(field))
    control = (0x20 if field else 0) | (0x10 if payload else 0)
    head = bytes([0x47, (0x40 if starts else 0) | pid >> 8, pid & 0xFF, control | counter % 16])
    return head + field + payload


def stamp(prefix: int, ticks: int) -> bytes:
    """A PTS or DTS field (table 2-21)."""
    bits = prefix << 36 | (ticks >> 30 & 7) << 33 | 1 << 32
    bits |= (ticks >> 15 & 0x7FFF) << 17 | 1 << 16 | (ticks & 0x7FFF) << 1 | 1
    return bits.to_bytes(5, "big")


def pes(
    pts: int, dts: int | None = None, payload: bytes = b"x" * 20, stream_id: int = 0xE0
) -> bytes:
    """A PES packet with time stamps of 90 kHz."""
    stamps = stamp(2, pts) if dts is None else stamp(3, pts) + stamp(1, dts)
    flags = 0x80 if dts is None else 0xC0
    return b"\0\0\1" + bytes([stream_id, 0, 0, 0x80, flags, len(stamps)]) + stamps + payload


def packets(*given: bytes) -> Packets:
    """Packets as the pacer has them."""
    return as_packets(b"".join(given))


def run(count: int, *, pcr_every: int, ticks: int, first_pcr: int = 0, pid: int = 0x100) -> Packets:
    """Packets of one PID, each ``pcr_every``-th with a PCR, ``ticks`` after the former packet's."""
    made = (
        packet(
            pid,
            k,
            b"y" * 100,
            pcr=(first_pcr + k * ticks) % ((1 << 33) * 300) if k % pcr_every == 0 else None,
        )
        for k in range(count)
    )
    return packets(*made)


def counters(given: Packets, pid: int) -> list[int]:
    """The continuity counters of a PID's packets with payload, in order."""
    of_pid = ((given[:, 1].astype(np.int64) & 0x1F) << 8 | given[:, 2]) == pid
    with_payload = (given[:, 3] & 0x10) != 0
    return [int(value) & 0x0F for value in given[of_pid & with_payload, 3]]
