"""Memory that the kernel writes datagrams into, laid out so that nothing need be copied.

A buffer has :data:`SLOTS` slots, each of a usual datagram's size, end to end: full datagrams
received one after the other are one run of bytes, which one ``write`` puts on disk. What is longer
than a slot goes on in an overflow area that all buffers share, because it is looked at before the
next call. A second layout over the same slots takes twelve bytes of RTP header aside.
"""

from __future__ import annotations

import ctypes
import mmap
import socket
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import rtp, ts

SLOTS = 512
BUFFER_BYTES = SLOTS * ts.DATAGRAM
_OVERFLOW = 1 << 16
"""More than a UDP datagram holds, so none is ever cut."""
_KEPT = 64
"""Free buffers that are kept; a new one costs half of what filling it does, in a hurry."""
_FLAGS = socket.MSG_DONTWAIT | socket.MSG_TRUNC


class _IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class _MsgHdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _MMsgHdr(ctypes.Structure):
    _fields_ = [("hdr", _MsgHdr), ("len", ctypes.c_uint)]


_HEADER_BYTES = ctypes.sizeof(_MMsgHdr)
_libc = ctypes.CDLL(None)
_recvmmsg = _libc.recvmmsg
_recvmmsg.argtypes = (
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_void_p,
)
_recvmmsg.restype = ctypes.c_int
_memcmp = _libc.memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp.restype = ctypes.c_int


class Overflow:
    """Where what is longer than a slot goes on; lazily touched, so usually it costs nothing."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, SLOTS * _OVERFLOW)
        self.address = _address_of(self.memory)


class Layout:
    """One way to spread datagrams over a buffer's slots."""

    def __init__(self, buffer: mmap.mmap, overflow: Overflow, *, rtp_aside: bool) -> None:
        self.size = ts.DATAGRAM + (rtp.HEADER.itemsize if rtp_aside else 0)
        """Bytes of the datagram that fills a slot and no more."""
        self._buffer, self._overflow = buffer, overflow
        self._aside = np.zeros((SLOTS, rtp.HEADER.itemsize), np.uint8)
        self.rtp_headers: npt.NDArray[np.void] = self._aside.view(rtp.HEADER).reshape(SLOTS)
        self._vectors = self._spread(rtp_aside)
        self._headers = np.zeros(SLOTS * _HEADER_BYTES, np.uint8)
        headers = self._headers.view(np.dtype(_MMsgHdr))
        headers["hdr"]["iov"] = _addresses(self._vectors)
        headers["hdr"]["iovlen"] = self._vectors.shape[1]
        self.lengths: npt.NDArray[np.uint32] = headers["len"]
        self.lengths[:] = self.size
        self._when_full = self._headers.copy()
        self._first = int(self._headers.ctypes.data)
        self._first_when_full = int(self._when_full.ctypes.data)
        self.rtp_aside = rtp_aside

    def receive(self, descriptor: int, slot: int, most: int = SLOTS) -> int:
        """Take what waits in a socket into the slots from ``slot`` on; how many, or -1 for none."""
        first, room = self._first + slot * _HEADER_BYTES, SLOTS - slot
        count: int = _recvmmsg(descriptor, first, most if most < room else room, _FLAGS, None)
        return count

    def full(self, start: int, end: int) -> bool:
        """Whether each of these datagrams fills its slot and no more."""
        # All that the kernel writes here is known then. Comparing the lengths alone, which lie
        # scattered, takes five times as long.
        at, size = start * _HEADER_BYTES, (end - start) * _HEADER_BYTES
        return not _memcmp(self._first + at, self._first_when_full + at, size)

    def datagram(self, slot: int) -> bytes:
        """A copy of the whole datagram in a slot, put together from where it was spread."""
        length = int(self.lengths[slot])
        aside = bytes(self._aside[slot]) if self.rtp_aside else b""
        at, over = slot * ts.DATAGRAM, slot * _OVERFLOW
        whole = aside + self._buffer[at : at + ts.DATAGRAM]
        if length > len(whole):
            whole += self._overflow.memory[over : over + length - len(whole)]
        return whole[:length]

    def _spread(self, rtp_aside: bool) -> npt.NDArray[np.void]:
        slots = np.arange(SLOTS, dtype=np.uint64)
        vectors = np.zeros((SLOTS, 3 if rtp_aside else 2), np.dtype(_IoVec))
        if rtp_aside:
            vectors[:, 0]["base"] = _addresses(self._aside)
            vectors[:, 0]["len"] = rtp.HEADER.itemsize
        vectors[:, -2]["base"] = _address_of(self._buffer) + slots * np.uint64(ts.DATAGRAM)
        vectors[:, -2]["len"] = ts.DATAGRAM
        vectors[:, -1]["base"] = self._overflow.address + slots * np.uint64(_OVERFLOW)
        vectors[:, -1]["len"] = _OVERFLOW
        return vectors


class Buffer:
    """Slots, filled from the first on by the receiver, and emptied by the writer's thread."""

    def __init__(self, overflow: Overflow) -> None:
        self.memory = mmap.mmap(-1, BUFFER_BYTES)
        self.view = memoryview(self.memory)
        self.packets: npt.NDArray[np.uint8] = np.frombuffer(self.memory, np.uint8).reshape(
            SLOTS, ts.PACKETS_PER_DATAGRAM, ts.PACKET
        )
        self._overflow = overflow
        self.plain = Layout(self.memory, overflow, rtp_aside=False)
        self.used = 0
        """Slots that hold datagrams."""
        # Each is counted up by one thread alone, so neither needs a lock.
        self.queued = 0
        """Jobs that refer to it, counted by the receiver."""
        self.written = 0
        """Jobs done, counted by the writer's thread."""

    @cached_property
    def rtp(self) -> Layout:
        """The layout for RTP; made when it is wanted, because a buffer is made in a hurry."""
        return Layout(self.memory, self._overflow, rtp_aside=True)

    @property
    def idle(self) -> bool:
        """Whether all that was queued is written."""
        return self.queued == self.written


class Pool:
    """Buffers up to a bound, the one that was used last first, because it is still in the cache."""

    def __init__(self, buffers: int) -> None:
        self.limit = buffers
        """Buffers there may be."""
        self._overflow = Overflow()
        self._free: list[Buffer] = []
        self._busy: list[Buffer] = []
        self.scratch = Buffer(self._overflow)
        """Where datagrams go that are received only to be thrown away."""

    @property
    def in_use(self) -> int:
        """Buffers that wait to be written."""
        return len(self._busy)

    def take(self) -> Buffer | None:
        """An empty buffer, or ``None`` when all wait to be written."""
        self._reclaim()
        if self._free:
            buffer = self._free.pop()
        elif len(self._busy) < self.limit:
            buffer = Buffer(self._overflow)
        else:
            return None
        buffer.used = 0
        self._busy.append(buffer)
        return buffer

    def _reclaim(self) -> None:
        done = [buffer for buffer in self._busy if buffer.idle]
        if done:
            self._busy = [buffer for buffer in self._busy if not buffer.idle]
            # What a stalled disk made the pool grow to is given back to the system.
            self._free = (self._free + done)[:_KEPT]


def _address_of(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _addresses(array: npt.NDArray[np.generic]) -> npt.NDArray[np.uint64]:
    """The address of each row of an array."""
    rows = np.arange(array.shape[0], dtype=np.uint64)
    return np.uint64(array.ctypes.data) + rows * np.uint64(array.strides[0])
