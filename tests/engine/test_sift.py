"""Whole packets are found in whatever a datagram is; the rest is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine import ts
from hmp_twisted.engine.sift import Sieve, Synchronisation, whole_packets

from ..harness import packets
from .test_rtp import datagram

SEVEN = packets.datagrams(0, 1)
PACKET = SEVEN[: ts.PACKET]
BROKEN = b"\x00" + PACKET[1:]


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        (SEVEN, SEVEN),
        (PACKET, PACKET),
        (SEVEN + SEVEN, SEVEN + SEVEN),
        (SEVEN[:-1], SEVEN[: 6 * ts.PACKET]),
        (PACKET + PACKET[:100], PACKET),
        (PACKET + BROKEN + PACKET, PACKET + PACKET),
        (PACKET[50:] + SEVEN, SEVEN),
        (PACKET[50:] + PACKET + PACKET[:60], PACKET),
        (b"", b""),
        (b"x" * 1316, b""),
        (PACKET[:187], b""),
        (b"".join(b"\x80\0\0\1" + PACKET for _ in range(7)), PACKET * 7),
        (b"".join(PACKET + b"\x55" * 16 for _ in range(7)), PACKET * 7),
        (b"\0\0\0\1" + PACKET, PACKET),
        (PACKET + b"\x55" * 16, PACKET),
        ((PACKET * 44)[:8192], PACKET * 43),
        ((PACKET * 60)[100 : 100 + 8192], PACKET * 43),
        (b"".join(b"\0\0\0\1" + PACKET for _ in range(44))[60 : 60 + 8192], PACKET * 41),
        (b"".join(PACKET + b"\x55" * 16 for _ in range(44))[60 : 60 + 8192], PACKET * 39),
    ],
)
def test_whole_packets_are_kept(payload: bytes, kept: bytes) -> None:
    """Torn packets, and those without a sync byte, are left out; the others keep their order."""
    assert whole_packets(payload) == kept


@given(st.binary(max_size=1500))
def test_what_is_kept_is_packets(payload: bytes) -> None:
    """Whatever the bytes, what comes out is whole packets with their sync bytes."""
    kept = whole_packets(payload)
    assert len(kept) % ts.PACKET == 0
    assert all(byte == ts.SYNC for byte in kept[:: ts.PACKET])


def test_rtp_is_recognised_and_ordered() -> None:
    """Headers come off; sequence numbers, not arrival, make the order."""
    sieve = Sieve()
    numbered = [packets.datagrams(n, 1) for n in range(3)]
    out = b"".join(sieve.sift(datagram(n, numbered[n]), 0.0) for n in (0, 2, 1))
    assert out == b"".join(numbered)
    assert sieve.is_rtp
    assert sieve.left_out_bytes == 0


def test_garbage_is_counted_and_does_not_disturb_rtp() -> None:
    """Something that looks like RTP but holds no MPEG-TS does not reset the sequence."""
    sieve = Sieve()
    sieve.sift(datagram(100, SEVEN), 0.0)
    assert sieve.sift(datagram(9, b"no sync byte", ssrc=99), 0.0) == b""
    assert sieve.sift(datagram(101, SEVEN), 0.0) == SEVEN
    assert sieve.sequencer.lost == 0
    assert sieve.foreign_datagrams == 1
    assert sieve.left_out_bytes == len(b"no sync byte") + 12


def test_a_repetition_counts_as_left_out() -> None:
    """Each packet of a sequence is recorded once."""
    sieve = Sieve()
    sieve.sift(datagram(1, SEVEN), 0.0)
    assert sieve.sift(datagram(1, SEVEN), 0.0) == b""
    assert sieve.left_out_bytes == len(SEVEN)


def test_wrapped_packets_are_told_by_their_size() -> None:
    """192 and 204 bytes are recognised, also if the first byte looks like RTP's; 188 are kept."""
    sieve = Sieve()
    stamped = b"".join(b"\x80\x21\0\1" + PACKET for _ in range(7))
    assert sieve.sift(stamped, 0.0) == PACKET * 7
    assert (sieve.packet_size, sieve.is_rtp, sieve.left_out_bytes) == (192, False, 7 * 4)
    assert sieve.sift((PACKET + b"\x55" * 16) * 7, 0.0) == PACKET * 7
    assert (sieve.packet_size, sieve.left_out_bytes) == (204, 7 * 4 + 7 * 16)
    assert (sieve.sync.losses, sieve.sync.byte_errors) == (0, 0)


@pytest.mark.parametrize(
    ("what", "firsts", "losses", "errors"),
    [
        ("nothing wrong", "rrrrrrr", 0, 0),
        ("one alone is no loss", "rrwrrwr", 0, 2),
        ("two in a row are", "rrwwrrr", 1, 2),
        ("once, until five in a row are right", "wwrrrrwwrr", 1, 4),
        ("then again", "wwrrrrrwwrr", 2, 4),
        ("many in a row are one", "wwwwwww", 1, 7),
    ],
)
def test_sync_is_lost_and_found_as_tr_101_290_says(
    what: str, firsts: str, losses: int, errors: int
) -> None:
    """1.1: two or more in a row lose it, five find it; 1.2: each counts. However it is cut."""
    whole, cut = Synchronisation(), Synchronisation()
    data = firsts.replace("r", "G").replace("w", "x").encode()
    whole.feed(data)
    for at in range(len(data)):
        cut.feed(data[at : at + 1])
    for found in (whole, cut):
        assert (found.losses, found.byte_errors) == (losses, errors), what


def test_whole_datagrams_between_find_the_sync() -> None:
    """Those that were received but not sifted were in order, so another loss is another one."""
    sieve = Sieve()
    for received in (0, 1, 5):
        sieve.begin(received, 1)
        sieve.sift(b"x" * 1316, 0.0)
    assert (sieve.sync.losses, sieve.foreign_datagrams) == (2, 3)
