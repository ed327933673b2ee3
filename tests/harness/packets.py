"""An MPEG-TS made by rule: what was sent under a number can be made again, byte for byte.

Every datagram is seven packets: a video PID with a PCR in the first of each datagram, its
continuity counter running on, and in each packet's payload the datagram's number, so that a file
tells by itself what it holds.
"""

from __future__ import annotations

import hashlib
import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray

PACKET = 188
PACKETS = 7
DATAGRAM = PACKET * PACKETS
_FIRST = PACKET - 4 - 8
NUMBER_AT = 4 + 8
"""Where in a datagram its number is, as eight bytes in network order."""


@cache
def _body(seed: int) -> NDArray[np.uint8]:
    """The filling of one datagram; no byte of it looks like a sync byte."""
    noise = np.random.default_rng(seed).integers(0, 256, DATAGRAM, dtype=np.uint8)
    noise[noise == 0x47] = 0x48
    return noise


def datagrams(first: int, count: int, *, seed: int = 1, bitrate: int = 4_000_000) -> bytes:
    """The datagrams ``first`` to ``first + count - 1`` (counted from 0) of stream ``seed``.

    The PCR is that of a stream of ``bitrate`` bits a second.
    """
    number = np.arange(first, first + count, dtype=np.uint64)
    block = np.tile(_body(seed), (count, 1)).reshape(count, PACKETS, PACKET)
    pid = 0x100 + seed % 0x1000
    block[:, :, 0] = 0x47
    block[:, :, 1] = pid >> 8
    block[:, :, 2] = pid & 0xFF
    counter = number[:, None] * np.uint64(PACKETS) + np.arange(PACKETS, dtype=np.uint64)
    block[:, :, 3] = (counter & np.uint64(15)).astype(np.uint8) | 0x10
    block[:, 0, 3] |= 0x20
    block[:, 0, 4] = 7
    block[:, 0, 5] = 0x10
    block[:, 0, 6:12] = _pcr(number, bitrate)
    marks = number.astype(">u8").view(np.uint8).reshape(count, 8)
    block[:, 0, NUMBER_AT : NUMBER_AT + 8] = marks
    return block.tobytes()


def _pcr(number: NDArray[np.uint64], bitrate: int) -> NDArray[np.uint8]:
    """The PCR fields (ISO/IEC 13818-1, 2.4.3.5) of these datagrams."""
    ticks = (number.astype(np.float64) * (DATAGRAM * 8 * 27_000_000 / bitrate)).astype(np.uint64)
    base, extension = ticks // np.uint64(300), ticks % np.uint64(300)
    whole = (base << np.uint64(15)) | np.uint64(0x7E00) | extension
    field: NDArray[np.uint8] = whole.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    return field


def number_of(datagram: bytes) -> int:
    """The number of a datagram that :func:`datagrams` made."""
    return int.from_bytes(datagram[NUMBER_AT : NUMBER_AT + 8])


def numbers(data: bytes) -> list[int]:
    """The numbers of the datagrams in ``data``, which must be whole."""
    assert len(data) % DATAGRAM == 0, f"{len(data)} bytes are no whole datagrams of {DATAGRAM}"
    block = np.frombuffer(data, np.uint8).reshape(-1, DATAGRAM)[:, NUMBER_AT : NUMBER_AT + 8]
    return [int(n) for n in np.ascontiguousarray(block).view(">u8").ravel()]


def sha256(data: bytes) -> str:
    """The SHA-256 of ``data`` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def assert_unbroken(data: bytes, *, seed: int = 1, bitrate: int = 4_000_000) -> tuple[int, int]:
    """Hold that ``data`` is what was sent from one datagram to another, byte for byte.

    Returns the numbers of the first and the last.
    """
    assert data, "no media at all"
    found = numbers(data)
    gaps = [(a, b) for a, b in itertools.pairwise(found) if b != a + 1]
    assert not gaps, f"datagrams missing or out of order between {gaps[:5]}"
    wanted = datagrams(found[0], len(found), seed=seed, bitrate=bitrate)
    assert sha256(data) == sha256(wanted), "the right datagrams, but not the bytes that were sent"
    return found[0], found[-1]
