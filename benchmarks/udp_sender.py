"""Sends marked MPEG-TS (:mod:`.marked_ts`) to this machine, evenly or ever faster.

    python -m benchmarks.udp_sender --port 5000 --flows 50 --rate 400e6 --seconds 2
    python -m benchmarks.udp_sender --port 5000 --ramp 1e9:1.1:0.2:12e9

Flow ``n`` goes to port ``--port + n``. One ``sendmmsg`` sends many datagrams; with ``--segments``
each message is cut into so many datagrams by the kernel (``UDP_SEGMENT``). On loopback the sender
also does the kernel's share of receiving, so give it a processor of its own (``--cpu``). Prints
one JSON object at the end, and before it, when ``--lead`` seconds are over, how much was sent.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import socket
import sys
import time
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from . import marked_ts
from .machine import udp_sockets

_SLOTS = 196
"""Datagrams in one ``sendmmsg`` at most: four messages of 49, which are 64 KiB each."""
_PAUSE_S = 0.0001
_FORGIVEN_S = 0.01
"""A sender that is so late does not catch up: it would send a burst that nobody asked for."""
_TABLES_EVERY_S = 0.04
_UDP_SEGMENT = 103
_PASSING = (errno.ECONNREFUSED, errno.EAGAIN, errno.ENOBUFS, errno.EINTR)
_PR_SET_TIMERSLACK = 29
_IOVEC = np.dtype([("base", "u8"), ("len", "u8")])
_HEADER = np.dtype(
    [
        ("name", "u8"),
        ("namelen", "u8"),
        ("iov", "u8"),
        ("iovlen", "u8"),
        ("control", "u8"),
        ("controllen", "u8"),
        ("flags", "u8"),
        ("len", "u8"),
    ]
)
_libc = ctypes.CDLL(None, use_errno=True)
_libc.sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)


def _address(array: npt.NDArray[Any]) -> int:
    return int(array.ctypes.data)


class Flows:
    """The next datagrams of all flows, in turns: every flow's first, every flow's second, ..."""

    def __init__(self, port: int, flows: int, segments: int, bits_per_second: float) -> None:
        self._flows, self._segments = flows, segments
        self._pace = bits_per_second / 8 / marked_ts.DATAGRAM / flows
        self._tables_every = max(marked_ts.CYCLE, int(self._pace * _TABLES_EVERY_S))
        cycle = b"".join(map(marked_ts.plain, range(marked_ts.CYCLE)))
        self._bodies = np.frombuffer(bytearray(cycle), np.uint8)
        self._with_tables = np.zeros(marked_ts.BODY, np.uint8)
        self._marks = np.zeros(_SLOTS, marked_ts.MARK)
        self._marks["magic"] = marked_ts.MAGIC
        self._names = _names(port, flows)
        self._vectors = np.zeros((_SLOTS, 2), _IOVEC)
        self._vectors["len"] = marked_ts.BODY, marked_ts.MARK.itemsize
        places = np.arange(_SLOTS, dtype=np.uint64)
        self._vectors["base"][:, 1] = _address(self._marks) + places * marked_ts.MARK.itemsize
        self._headers = np.zeros(_SLOTS // segments, _HEADER)
        firsts = np.arange(len(self._headers), dtype=np.uint64) * segments
        self._headers["iov"] = _address(self._vectors) + firsts * 2 * _IOVEC.itemsize
        self._headers["iovlen"] = 2 * segments
        self._headers["namelen"] = self._names.itemsize
        self._socket = _open(segments)
        self.sent = 0
        """Datagrams sent, of all flows together."""

    def send(self, wanted: int) -> bool:
        """Send up to ``wanted`` of the next datagrams; whether so many could be sent at all."""
        # Of several flows one turn at a time: its datagrams differ in their marks alone.
        room = self._tables_every if self._flows == 1 else self._flows - self.sent % self._flows
        count = min(wanted, room, _SLOTS) // self._segments * self._segments
        if count <= 0:
            return False
        numbers = np.arange(self.sent, self.sent + count, dtype=np.uint64)
        turns, flows = np.divmod(numbers, np.uint64(self._flows))
        self._marks["sequence"][:count] = turns
        self._marks["flow"][:count] = flows
        bodies = turns % np.uint64(marked_ts.CYCLE) * np.uint64(marked_ts.BODY)
        self._vectors["base"][:count, 0] = bodies + np.uint64(_address(self._bodies))
        self._put_tables(turns)
        messages = count // self._segments
        names = flows[:: self._segments] * np.uint64(self._names.itemsize)
        self._headers["name"][:messages] = names + np.uint64(_address(self._names))
        self._transmit(messages)
        self.sent += count
        return True

    def sent_of(self, flow: int) -> int:
        """Datagrams sent of one flow."""
        whole, rest = divmod(self.sent, self._flows)
        return whole + (flow < rest)

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()

    def _put_tables(self, turns: npt.NDArray[np.uint64]) -> None:
        occasion = -(-int(turns[0]) // self._tables_every)
        number = occasion * self._tables_every
        if number <= int(turns[-1]):
            body = marked_ts.with_tables(number, int(number / self._pace * 27e6), occasion)
            self._with_tables[:] = np.frombuffer(body, np.uint8)
            here = np.flatnonzero(turns == number)
            self._vectors["base"][here, 0] = _address(self._with_tables)

    def _transmit(self, messages: int) -> None:
        done = 0
        while done < messages:
            at = _address(self._headers) + done * _HEADER.itemsize
            count = _libc.sendmmsg(self._socket.fileno(), at, messages - done, 0)
            if count >= 0:
                done += count
            elif ctypes.get_errno() not in _PASSING:
                raise OSError(ctypes.get_errno(), "sendmmsg")


def _names(port: int, flows: int) -> npt.NDArray[np.void]:
    """The socket addresses of all flows, as ``sendmmsg`` takes them."""
    names = np.zeros(
        flows, np.dtype([("family", "u2"), ("port", ">u2"), ("host", "S4"), ("", "u8")])
    )
    names["family"] = socket.AF_INET
    names["port"] = port + np.arange(flows)
    names["host"] = socket.inet_aton("127.0.0.1")
    return names


def _open(segments: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    if segments > 1:
        sock.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, marked_ts.DATAGRAM)
    return sock


class Pace:
    """How many datagrams are due; a sender that is late by more than a little forgives itself."""

    def __init__(self, bits_per_second: float, sent: int) -> None:
        self._rate = bits_per_second / 8 / marked_ts.DATAGRAM
        self._since, self._base = time.monotonic(), sent
        self.forgiven = 0

    def due(self, sent: int) -> int:
        """How many are to be sent now."""
        now = time.monotonic()
        due = self._base + int((now - self._since) * self._rate) - sent
        if due > _FORGIVEN_S * self._rate + 1:
            self._since, self._base, due = now, sent, 1
            self.forgiven += 1
        return due


def run(flows: Flows, pace: Pace, seconds: float) -> float:
    """Send evenly for so long; gives the rate that was reached, in bits a second."""
    begun, before = time.monotonic(), flows.sent
    end = begun + seconds
    while (now := time.monotonic()) < end:
        if not flows.send(pace.due(flows.sent)):
            time.sleep(_PAUSE_S)
    return (flows.sent - before) * 8 * marked_ts.DATAGRAM / (now - begun)


@attrs.frozen
class Step:
    """One rate of a ramp."""

    wanted: float
    reached: float
    end: int
    """Datagrams sent when it ended."""
    drops: int
    """What the receiver's socket had dropped by then."""


def climb(flows: Flows, port: int, first: float, factor: float, step_s: float, most: float) -> Any:
    """Send faster step by step until something is dropped, or it goes no faster."""
    steps: list[Step] = []
    rate, tries = first, 0
    while rate <= most and tries < 3:
        reached = run(flows, Pace(rate, flows.sent), step_s)
        drops = sum(found.drops for found in udp_sockets({port}).values())
        steps.append(Step(rate, reached, flows.sent, drops))
        if drops:
            break
        # A step that the sender itself was too slow for is tried again: others may have disturbed.
        slow = reached < 0.95 * rate
        tries, rate = (tries + 1, rate) if slow else (0, rate * factor)
    return steps


def main() -> None:
    """Send as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--flows", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0, help="bits a second, of all flows")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--lead", type=float, default=0.0, help="seconds sent before --seconds")
    parser.add_argument("--ramp", default="", help="FIRST:FACTOR:STEP_SECONDS:MOST instead")
    parser.add_argument("--segments", type=int, default=1)
    parser.add_argument("--cpu", type=int, default=-1)
    args = parser.parse_args()
    if args.cpu >= 0:
        os.sched_setaffinity(0, {args.cpu})
    _libc.prctl(_PR_SET_TIMERSLACK, 1000, 0, 0, 0)
    ramp = tuple(map(float, args.ramp.split(":"))) if args.ramp else ()
    flows = Flows(args.port, args.flows, args.segments, args.rate or ramp[0])
    pace, steps = Pace(args.rate or ramp[0], 0), []
    run(flows, pace, args.lead)
    print(flows.sent, flush=True)
    begun, used = time.monotonic(), time.process_time()
    if ramp:
        steps = climb(flows, args.port, *ramp)
    else:
        run(flows, pace, args.seconds)
    flows.close()
    json.dump(
        {
            "sent": [flows.sent_of(flow) for flow in range(args.flows)],
            "seconds": time.monotonic() - begun,
            "cpu_s": time.process_time() - used,
            "forgiven": pace.forgiven,
            "steps": [attrs.asdict(step) for step in steps],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
