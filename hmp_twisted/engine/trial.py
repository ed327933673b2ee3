"""Tries whether a source can be received, before it is saved: opens it, listens, tells what came.

Meant for a source that is not received anyway. It reads a few seconds only, and looks into packets
only until it knows the programmes, so that it takes little from the receiver's loop.
"""

from __future__ import annotations

import socket
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from . import rtp
from .inspection import psi
from .sockets import SourceSocket, open_source
from .sources import SourceAddress

TRIAL_S = 2.0
TICK_S = 0.02
MOST_PER_TICK = 500
"""Datagrams; more would hold the receiver's loop up."""
_PACKET = 188
_SYNC = 0x47
_LARGEST = 65_535


@attrs.define
class Programmes:
    """What the tables among some packets tell."""

    found: dict[int, psi.Programme] = attrs.field(factory=dict)
    _wanted: dict[int, int] = attrs.field(factory=dict)
    _assemblers: dict[int, psi.Assembler] = attrs.field(
        factory=lambda: {psi.PAT_PID: psi.Assembler()}
    )

    @property
    def complete(self) -> bool:
        """Whether every programme of the PAT is known."""
        return bool(self._wanted) and set(self._wanted) <= set(self.found)

    def feed(self, packet: bytes) -> None:
        """Take one packet."""
        pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
        assembler = self._assemblers.get(pid)
        for section in assembler.feed(packet) if assembler is not None else ():
            if len(section) > psi.SHORTEST and psi.crc_is_right(section):
                self._take(section)

    def _take(self, section: bytes) -> None:
        if section[0] == psi.PAT_TABLE:
            self._wanted |= psi.pat_of(section)
            for pid in self._wanted.values():
                self._assemblers.setdefault(pid, psi.Assembler())
        elif section[0] == psi.PMT_TABLE:
            programme = psi.pmt_of(section)
            self.found[programme.number] = programme


@attrs.define
class Heard:
    """What came."""

    datagrams: int = 0
    size: int = 0
    """Bytes."""
    packets: int = 0
    rtp: bool = False
    foreign: int = 0
    """Datagrams that held no MPEG-TS packet."""
    sender: str = ""
    """Who sent the last one."""
    programmes: Programmes = attrs.field(factory=Programmes)

    def take(self, datagram: bytes, sender: str) -> None:
        """Take one datagram."""
        self.datagrams += 1
        self.size += len(datagram)
        self.sender = sender
        wrapped = rtp.parse(datagram)
        payload = datagram if wrapped is None else wrapped.payload
        self.rtp = self.rtp or wrapped is not None
        if payload[:1] != b"\x47" or len(payload) < _PACKET:
            self.foreign += 1
            return
        self.packets += len(payload) // _PACKET
        if not self.programmes.complete:
            for at in range(0, len(payload) - _PACKET + 1, _PACKET):
                if payload[at] == _SYNC:
                    self.programmes.feed(payload[at : at + _PACKET])

    def report(self, seconds: float) -> dict[str, Any]:
        """What JSON can carry."""
        return {
            "seconds": round(seconds, 3),
            "datagrams": self.datagrams,
            "packets": self.packets,
            "foreign": self.foreign,
            "rtp": self.rtp,
            "sender": self.sender,
            "bits_per_second": round(self.size * 8 / seconds) if seconds else 0,
            "programmes": [
                {"number": each.number, "pcr_pid": each.pcr_pid, "streams": each.streams}
                for each in self.programmes.found.values()
            ],
        }


def try_reception(
    reactor: Any, address: SourceAddress, seconds: float = TRIAL_S
) -> Deferred[dict[str, Any]]:
    """Listen for so many seconds; fires with what came, in words of :meth:`Heard.report`.

    Raises:
        SourceUnusableError: the socket cannot be opened; the message says why.
    """
    opened = open_source(address)
    heard, done = Heard(), Deferred[dict[str, Any]]()
    began = reactor.seconds()

    def look() -> None:
        _drain(opened, heard)
        elapsed = reactor.seconds() - began
        if elapsed >= seconds:
            loop.stop()
            opened.close()
            done.callback(heard.report(elapsed))

    loop = LoopingCall(look)
    loop.clock = reactor
    loop.start(TICK_S).addErrback(done.errback)
    return done


def _drain(opened: SourceSocket, heard: Heard) -> None:
    with socket.fromfd(opened.descriptor, socket.AF_INET, socket.SOCK_DGRAM) as own:
        for _ in range(MOST_PER_TICK):
            try:
                datagram, (host, port) = own.recvfrom(_LARGEST, socket.MSG_DONTWAIT)
            except OSError:  # none is left, or an ICMP error in the place of one
                return
            heard.take(datagram, f"{host}:{port}")
