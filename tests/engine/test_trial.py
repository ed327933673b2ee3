"""A reception is tried: what came is told, and why nothing came."""

from __future__ import annotations

import socket
import zlib

import pytest
import pytest_twisted
from twisted.internet import reactor

from hmp_twisted.engine.sources import SourceAddress
from hmp_twisted.engine.trial import Heard, try_reception
from hmp_twisted.errors import SourceUnusableError
from tests.harness.ports import free_udp_port


def section(table: int, body: bytes) -> bytes:
    """A long section with its CRC."""
    size = len(body) + 4
    head = bytes([table, 0xB0 | size >> 8, size & 0xFF]) + body
    turn = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    crc = zlib.crc32(head.translate(turn)) ^ 0xFFFFFFFF
    return head + int(f"{crc:032b}"[::-1], 2).to_bytes(4, "big")


def packet(pid: int, payload: bytes) -> bytes:
    """A packet that begins a section."""
    head = bytes([0x47, 0x40 | pid >> 8, pid & 0xFF, 0x10, 0])
    return (head + payload).ljust(188, b"\xff")


PAT = packet(0, section(0, b"\0\1\xc1\0\0" + b"\0\7\xe1\0"))
PMT = packet(
    0x100, section(2, b"\0\7\xc1\0\0\xe1\x01\xf0\0" + b"\x1b\xe1\x01\xf0\0\x0f\xe1\x02\xf0\0")
)
RTP = b"\x80\x21\0\1" + b"\0" * 8


def test_programmes_are_read_from_the_tables() -> None:
    """Number, PCR PID, and each stream's PID and type."""
    heard = Heard()
    heard.take(PMT, "a:1")
    assert not heard.programmes.complete
    heard.take(PAT + PMT, "a:1")
    heard.take(PAT, "a:1")
    report = heard.report(2.0)
    assert report["programmes"] == [
        {"number": 7, "pcr_pid": 0x101, "streams": ((0x101, 0x1B), (0x102, 0x0F))}
    ]
    assert report["packets"] == 4
    assert report["bits_per_second"] == 4 * 188 * 8 / 2


def test_rtp_and_what_is_no_mpeg_ts_are_told_apart() -> None:
    """A datagram of something else is counted as that."""
    heard = Heard()
    heard.take(RTP + PAT, "a:1")
    heard.take(b"hello", "a:1")
    assert (heard.rtp, heard.foreign, heard.packets) == (True, 1, 1)


def test_damaged_tables_are_not_believed() -> None:
    """Their CRC is wrong."""
    heard = Heard()
    heard.take(PAT[:15] + b"\x55" + PAT[16:] + PMT, "a:1")
    assert heard.report(1)["programmes"] == []


@pytest_twisted.ensureDeferred
async def test_what_is_sent_is_heard() -> None:
    """Over a real socket, which is closed afterwards."""
    port = free_udp_port()
    tried = try_reception(reactor, SourceAddress("udp", "127.0.0.1", port), 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in (PAT, PMT):
            sender.sendto(datagram, ("127.0.0.1", port))
    report = await tried
    assert report["datagrams"] == 2
    assert report["sender"].startswith("127.0.0.1:")
    assert len(report["programmes"]) == 1
    assert (await try_reception(reactor, SourceAddress("udp", "127.0.0.1", port), 0))[
        "packets"
    ] == 0


def test_an_address_that_cannot_be_opened_is_refused() -> None:
    """It is no address of this machine."""
    with pytest.raises(SourceUnusableError):
        try_reception(reactor, SourceAddress("udp", "192.0.2.1", 5000))
