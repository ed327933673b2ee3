"""RTP headers come off, and packets go into the order of their sequence numbers (RFC 3550)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.rtp import MISORDER, PATIENCE_S, WINDOW, Packet, Sequencer, parse
from hmp_twisted.engine.tick_length import LONGEST_WITH_RTP_S


def datagram(sequence: int, payload: bytes, *, flags: int = 0x80, ssrc: int = 7) -> bytes:
    """An RTP packet with a plain header but for its flags."""
    return struct.pack("!BBHII", flags, 33, sequence, 0, ssrc) + payload


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        (datagram(5, b"media"), b"media"),
        (datagram(5, b"SRC1SRC2media", flags=0x82), b"media"),
        (datagram(5, b"\xbe\xde\x00\x01EXT1media", flags=0x90), b"media"),
        (datagram(5, b"SRC1\xbe\xde\x00\x00media", flags=0x91), b"media"),
        (datagram(5, b"media\x00\x00\x03", flags=0xA0), b"media"),
        (datagram(5, b""), b""),
    ],
)
def test_header_extension_and_padding_come_off(data: bytes, payload: bytes) -> None:
    """Contributing sources, an extension and padding are no payload."""
    packet = parse(data)
    assert packet is not None
    assert (packet.sequence, packet.ssrc, packet.payload) == (5, 7, payload)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        datagram(5, b"x", flags=0x40),  # version 1
        datagram(5, b"x", flags=0x8F),  # more contributing sources than there are bytes
        datagram(5, b"\xbe\xde\xff\xff", flags=0x90),  # an extension longer than the datagram
        datagram(5, b"x\xff", flags=0xA0),  # more padding than payload
    ],
)
def test_what_is_no_rtp_is_not_taken_for_it(data: bytes) -> None:
    """A header that does not fit its datagram is none."""
    assert parse(data) is None


def run(sequencer: Sequencer, numbers: list[int], now: float = 0.0, ssrc: int = 7) -> list[bytes]:
    """What comes out, each payload being its number."""
    out: list[bytes] = []
    for number in numbers:
        out += sequencer.push(Packet(number & 0xFFFF, ssrc, str(number).encode()), now)
    return out


def texts(numbers: list[int]) -> list[bytes]:
    return [str(number).encode() for number in numbers]


def test_neighbours_are_put_in_order() -> None:
    """Packets that overtook each other leave in the order of their numbers; none is lost."""
    sequencer = Sequencer()
    assert run(sequencer, [10, 12, 11, 13]) == texts([10, 11, 12, 13])
    assert (sequencer.lost, sequencer.late) == (0, 0)
    assert sequencer.reordered == 1


def test_the_number_wraps_after_16_bits() -> None:
    """65535 is followed by 0, in order or not."""
    sequencer = Sequencer()
    assert run(sequencer, [65534, 65536, 65535, 65537]) == texts([65534, 65535, 65536, 65537])
    assert sequencer.lost == 0


def test_a_missing_packet_is_given_up_when_many_overtook_it() -> None:
    """It counts as lost, and what waited for it goes on."""
    sequencer = Sequencer()
    after = list(range(12, 12 + WINDOW))
    assert run(sequencer, [10, *after]) == texts([10, *after])
    assert sequencer.lost == 1


def test_a_missing_packet_is_not_waited_for_longer_than_a_moment() -> None:
    """Time alone ends the waiting too."""
    sequencer = Sequencer()
    run(sequencer, [10, 12], now=5.0)
    assert not sequencer.overdue(5.0 + PATIENCE_S / 2)
    assert sequencer.overdue(5.0 + PATIENCE_S * 2)
    assert sequencer.flush() == texts([12])
    assert sequencer.lost == 1


@pytest.mark.parametrize(("tick_s", "ticks"), [(0.001, 100), (0.05, 2), (LONGEST_WITH_RTP_S, 1)])
@pytest.mark.parametrize("jitter", [-0.02, 0.0, 0.02])
def test_a_tick_that_comes_a_little_early_does_not_cost_another(
    tick_s: float, ticks: int, jitter: float
) -> None:
    """What is held then goes at the tick that is the nearest to the end of all patience."""
    sequencer = Sequencer()
    run(sequencer, [1, 3], now=5.0)
    asked = [5.0 + tick_s * (tick + jitter) for tick in range(1, ticks + 1)]
    assert [sequencer.overdue(now, tick_s) for now in asked] == [False] * (ticks - 1) + [True]


def test_a_repeated_packet_is_thrown_away() -> None:
    """Twice the same number: once the same packet, whether its turn has come or not."""
    sequencer = Sequencer()
    assert run(sequencer, [10, 10, 12, 12, 11, 9]) == texts([10, 11, 12])
    assert (sequencer.late, sequencer.lost) == (3, 0)


def test_another_sender_begins_another_sequence() -> None:
    """Its numbers are believed; nothing counts as lost between the two."""
    sequencer = Sequencer()
    run(sequencer, [10, 11])
    assert run(sequencer, [40_000, 40_001], ssrc=8) == texts([40_000, 40_001])
    assert sequencer.lost == 0


def test_a_number_far_back_is_a_new_beginning() -> None:
    """A sender that was restarted with its identity kept is followed."""
    sequencer = Sequencer()
    run(sequencer, [5000, 5001])
    assert run(sequencer, [5001 - MISORDER - 5]) == texts([5001 - MISORDER - 5])


@given(st.integers(0, 0xFFFF), st.lists(st.integers(0, WINDOW // 2 - 1), min_size=1, max_size=200))
def test_bounded_disorder_loses_nothing(first: int, delays: list[int]) -> None:
    """However packets overtake each other within the window, all come out, once, in order."""
    wanted = list(range(first, first + len(delays)))
    order = sorted(wanted[1:], key=lambda n: (n + delays[n - first], n))
    sequencer = Sequencer()
    out = run(sequencer, [first, *order])
    assert out + sequencer.flush() == texts(wanted)
    assert (sequencer.lost, sequencer.late) == (0, 0)


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 300), max_size=60))
def test_every_number_that_is_missing_counts(first: int, missing: set[int]) -> None:
    """What comes out and what is lost make up what was sent, up to the last that came."""
    wanted = [first + i for i in range(302) if i not in missing]
    sequencer = Sequencer()
    out = run(sequencer, wanted)
    assert out + sequencer.flush() == texts(wanted)
    assert sequencer.lost == len(missing)
