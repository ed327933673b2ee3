"""Facts about MPEG-TS packets (ISO/IEC 13818-1 2.4.3), over whole batches at once.

Pure: no I/O, no clock. What is looked at is a packet's *head*, its first twelve bytes, as three
little-endian words in a row of an array: they hold the header and, where there is one, the PCR.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

PACKET = 188
"""Bytes of a transport packet."""
SYNC = 0x47
"""Its first byte."""
PACKETS_PER_DATAGRAM = 7
DATAGRAM = PACKET * PACKETS_PER_DATAGRAM
"""Bytes of the usual datagram: as many packets as an Ethernet frame holds."""
TRANSPORT_ERROR = 0x8000
"""The transport error indicator in a head's first word."""
NULL_PID = 0x1FFF
PIDS = 0x2000

Words = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


def take_heads(data: Any, packets: int, offset: int, columns: Words) -> None:
    """Copy the heads of packets that lie end to end in a buffer.

    Args:
        data: the buffer.
        packets: how many.
        offset: where in ``data`` the first one begins.
        columns: three rows, for the first words of the heads, the second, and the third.
    """
    shape, strides = (3, packets), (4, PACKET)
    columns[:] = np.ndarray(shape, np.uint32, buffer=data, offset=offset, strides=strides)


def words_of(data: Any) -> Words:
    """The heads of all whole packets that lie end to end in ``data``, as rows of three words."""
    packets = len(data) // PACKET
    if not packets:
        return np.empty((0, 3), np.uint32)
    columns = np.empty((3, packets), np.uint32)
    take_heads(data, packets, 0, columns)
    return columns.T


def synchronised(words: Words) -> bool:
    """Whether every packet begins with the sync byte."""
    return bool(((words[:, 0] & np.uint32(0xFF)) == SYNC).all())


def pids(headers: Words) -> Words:
    """The PID of each packet, from the big-endian value of its first four bytes."""
    return (headers >> np.uint32(8)) & np.uint32(0x1FFF)


def transport_errors(headers: Words) -> Flags:
    """Which packets carry the transport error indicator: a demodulator knew them to be damaged."""
    found: Flags = (headers & np.uint32(0x00800000)) != 0
    return found


def has_payload(headers: Words) -> Flags:
    """Which packets carry payload (adaptation field control 01 or 11)."""
    found: Flags = (headers & np.uint32(0x10)) != 0
    return found


def has_adaptation(headers: Words) -> Flags:
    """Which packets carry an adaptation field (adaptation field control 10 or 11)."""
    found: Flags = (headers & np.uint32(0x20)) != 0
    return found


def with_adaptation(words: Words) -> npt.NDArray[np.intp]:
    """The indices of the packets that carry an adaptation field, from their heads."""
    return (words[:, 0] & np.uint32(0x20000000)).nonzero()[0]  # little-endian, as they lie


def adaptation_flag(headers: Words, second: Words, flag: int) -> Flags:
    """Which packets have a flag set in their adaptation field: 0x80 discontinuity, 0x10 PCR.

    Args:
        headers: the first four bytes of each packet, as big-endian values.
        second: the next four, likewise.
        flag: the bit.
    """
    long_enough = (second >> np.uint32(24)) > 0
    found: Flags = has_adaptation(headers) & long_enough & ((second & np.uint32(flag << 16)) != 0)
    return found
