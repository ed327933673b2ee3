"""Receives datagrams and when they came: the kernel's time stamps, many at a time.

On loopback the stamp (``SO_TIMESTAMPNS``) is taken as the sender sends, so how busy this process is
does not count. Of each datagram only what the figures need is kept, unless ``keep`` asks for all.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

DATAGRAM, PACKET = 1316, 188
_SLOT = 1536
_BATCH = 512
_CONTROL = 96
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS, _SO_RXQ_OVFL, _IP_PKTINFO, _SO_ATTACH_FILTER = 33, 35, 40, 8, 26
_MESSAGE = np.dtype(
    {
        "names": ["vector", "vectors", "control", "control_bytes", "length"],
        "formats": ["<u8", "<u8", "<u8", "<u8", "<u4"],
        "offsets": [16, 24, 32, 40, 56],
        "itemsize": 64,
    }
)
_libc = ctypes.CDLL(None, use_errno=True)


@attrs.frozen
class Arrivals:
    """Datagrams of one stream, in the order in which they came."""

    when: np.ndarray
    """Unix time in nanoseconds."""
    pcr: np.ndarray
    """In 27 MHz ticks, -1 for a datagram without."""


def _instruction(code: int, true: int, false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, true, false, value)


def _only_pcrs() -> bytes:
    """A socket filter that lets a datagram pass if one of its packets carries a PCR."""
    program = []
    for number in range(7):
        at = 8 + number * PACKET  # after the UDP header
        program += [
            _instruction(0x30, 0, 0, at + 3),  # load the byte with the adaptation field control
            _instruction(0x45, 0, 3, 0x20),
            _instruction(0x30, 0, 0, at + 5),  # the adaptation field's flags
            _instruction(0x45, 0, 1, 0x10),
            _instruction(0x06, 0, 0, 0xFFFF),  # keep
        ]
    return b"".join([*program, _instruction(0x06, 0, 0, 0)])


class Capture:
    """One socket; datagrams of many destination addresses are told apart by these."""

    def __init__(
        self,
        port: int,
        address: str = "0.0.0.0",
        *,
        default_buffer: bool = False,
        pcrs_only: bool = False,
        keep: bool = False,
    ) -> None:
        """Bind; ``default_buffer`` leaves the receive buffer as a simple receiver has it."""
        self._socket = one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if not default_buffer:
            _enlarge(one)
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        one.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        one.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        if pcrs_only:
            self._filter(_only_pcrs())
        one.bind((address, port))
        one.setblocking(False)
        self.port = one.getsockname()[1]
        self.dropped = 0
        """Datagrams that the receive buffer had no room for, as the kernel counts them."""
        self.data: list[bytes] = []
        self._keep = keep
        self._found: list[tuple[np.ndarray, ...]] = []
        self._slots = np.empty((_BATCH, _SLOT), np.uint8)
        self._control = np.zeros((_BATCH, _CONTROL), np.uint8)
        self._messages = self._vectors_over_slots()

    def _vectors_over_slots(self) -> np.ndarray:
        count = np.arange(_BATCH, dtype=np.uint64)
        self._vectors = np.empty((_BATCH, 2), np.uint64)
        self._vectors[:, 0] = self._slots.ctypes.data + _SLOT * count
        self._vectors[:, 1] = _SLOT
        messages = np.zeros(_BATCH, _MESSAGE)
        messages["vector"] = self._vectors.ctypes.data + 16 * count
        messages["vectors"] = 1
        messages["control"] = self._control.ctypes.data + _CONTROL * count
        return messages

    def _filter(self, program: bytes) -> None:
        held = ctypes.create_string_buffer(program)
        told = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, told)

    def drain(self) -> int:
        """Take what has come; how many datagrams that was."""
        total = 0
        while True:
            self._messages["control_bytes"] = _CONTROL
            got = _libc.recvmmsg(
                self._socket.fileno(),
                ctypes.c_void_p(self._messages.ctypes.data),
                _BATCH,
                socket.MSG_DONTWAIT,
                None,
            )
            if got <= 0:
                return total
            self._note(got)
            total += got
            if got < _BATCH:
                return total

    def _note(self, got: int) -> None:
        control = self._control[:got]
        stamp = control[:, 16:32].copy().view("<i8")
        words = control.view("<u4")
        # The time stamp is followed by the drops (20 bytes, only when not 0), then by the target.
        overflow = (words[:, 8] == 20) & (words[:, 11] == _SO_RXQ_OVFL)
        target = np.where(overflow, words[:, 20], words[:, 14])
        if overflow.any():
            self.dropped = int(words[overflow, 12].max())
        when = stamp[:, 0] * 1_000_000_000 + stamp[:, 1]
        self._found.append((when, target, _last_pcr(self._slots[:got])))
        if self._keep:
            lengths = self._messages["length"][:got].tolist()
            self.data += [self._slots[row, :length].tobytes() for row, length in enumerate(lengths)]

    def run(self, seconds: float, until: Callable[[], Any] = lambda: False) -> None:
        """Drain every 10 ms, as a simple receiver would at worst, for so long or until it is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            time.sleep(0.01)
            self.drain()

    def clear(self) -> None:
        """Forget what came so far."""
        self.drain()
        self._found.clear()
        self.data.clear()

    def arrivals(self) -> dict[str, Arrivals]:
        """What has come, by the address that it was sent to."""
        if not self._found:
            return {}
        when, target, pcr = (np.concatenate(part) for part in zip(*self._found, strict=True))
        found = {}
        for address in np.unique(target).tolist():
            mine = target == address
            name = socket.inet_ntoa(struct.pack("<I", address))
            found[name] = Arrivals(when[mine], pcr[mine])
        return found

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def _enlarge(one: socket.socket) -> None:
    try:
        one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    except PermissionError:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)


def _last_pcr(slots: np.ndarray) -> np.ndarray:
    """The last PCR in each datagram, -1 where there is none."""
    packets = slots[:, :DATAGRAM].reshape(len(slots), 7, PACKET)
    head = packets[:, :, :12].astype(np.int64)
    has = (head[:, :, 0] == 0x47) & (head[:, :, 3] & 0x20 != 0) & (head[:, :, 4] >= 7)
    has &= head[:, :, 5] & 0x10 != 0
    base = head[:, :, 6] << 25 | head[:, :, 7] << 17 | head[:, :, 8] << 9
    base |= head[:, :, 9] << 1 | head[:, :, 10] >> 7
    ticks = np.where(has, base * 300 + ((head[:, :, 10] & 1) << 8 | head[:, :, 11]), -1)
    return ticks.max(axis=1)


class Sink:
    """A port that takes everything and costs next to nothing: a filter lets no datagram in."""

    def __init__(self, port: int) -> None:
        """Bind to all addresses."""
        self._capture = Capture(port)
        self._capture._filter(_instruction(0x06, 0, 0, 0))
        self.port = self._capture.port

    def close(self) -> None:
        """Give the port back."""
        self._capture.close()
