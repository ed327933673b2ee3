"""Whole packets are found in whatever a datagram is; the rest is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine import ts
from hmp_twisted.engine.sift import Sieve, whole_packets

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
