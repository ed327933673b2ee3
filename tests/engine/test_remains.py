"""What a segment begins with of a picture that began before it: left out behind a joint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.pacer.joints import Splicer
from hmp_twisted.engine.pacer.packets import NULL_PID, Packets, find_pcrs, pids_of

from .packet_maker import counters, packet, packets, pes

VIDEO, OTHER, AUDIO, SECTIONS = 0x100, 0x110, 0x101, 0x30


def after_a_joint() -> Splicer:
    """Pictures of two cameras were sent, a frame of sound, and a section; all counters are at 4."""
    splicer = Splicer()
    splicer.splice(
        packets(
            packet(VIDEO, 4, pes(9000), starts=True),
            packet(OTHER, 4, pes(9000, stream_id=0xEF), starts=True),
            packet(AUDIO, 4, pes(9000, stream_id=0xC0), starts=True),
            packet(SECTIONS, 4, b"\0" + b"s" * 183, starts=True),
        )
    )
    splicer.join(0)
    return splicer


def test_the_rest_of_a_picture_becomes_null_packets() -> None:
    """Of each PID with pictures up to the first that begins here; its counter goes on there."""
    rest, picture = packet(VIDEO, 9, b"r" * 184), packet(VIDEO, 11, pes(12_600), starts=True)
    others = packet(OTHER, 0, b"r" * 184), packet(OTHER, 1, pes(12_600), starts=True)
    given_packets = packets(
        rest, others[0], packet(VIDEO, 10, b"r" * 184), picture, others[1], packet(VIDEO, 12, b"p")
    )
    sent = after_a_joint().splice(given_packets.copy())
    assert pids_of(sent).tolist() == [NULL_PID, NULL_PID, NULL_PID, VIDEO, OTHER, VIDEO]
    assert sent[3:, 4:].tobytes() == given_packets[3:, 4:].tobytes()
    assert counters(sent, VIDEO) == [5, 6]
    assert counters(sent, OTHER) == [5]


def test_it_is_so_at_each_joint() -> None:
    """A loop comes round again and again, a seek may go anywhere."""
    splicer = after_a_joint()
    for counter in (5, 6):
        rest, picture = packet(VIDEO, 1, b"r" * 184), packet(VIDEO, 2, pes(12_600), starts=True)
        sent = splicer.splice(packets(rest, picture))
        assert pids_of(sent).tolist() == [NULL_PID, VIDEO]
        assert counters(sent, VIDEO) == [counter]
        splicer.join(0)


@pytest.mark.parametrize(("byte", "value"), [(0, 0x48), (1, 0xC1)])
def test_a_damaged_beginning_is_none(byte: int, value: int) -> None:
    """Who gets it throws it away, and would have the rest of it end the picture before."""
    damaged = packets(packet(VIDEO, 9, pes(12_600), starts=True))
    damaged[:, byte] = value
    rest, picture = packet(VIDEO, 10, b"r" * 184), packet(VIDEO, 11, pes(16_200), starts=True)
    given_packets = np.concatenate((damaged, packets(rest, picture)))
    assert pids_of(after_a_joint().splice(given_packets)).tolist() == [NULL_PID, NULL_PID, VIDEO]


def test_its_clock_stays_where_it_was() -> None:
    """A packet with a PCR keeps it alone, and its counter stands still."""
    sent = after_a_joint().splice(
        packets(
            packet(VIDEO, 9, b"r" * 100, pcr=2_700_000),
            packet(VIDEO, 9, pcr=2_800_000),
            packet(VIDEO, 10, pes(12_600), starts=True),
        )
    )
    assert find_pcrs(sent).value.tolist() == [2_700_000, 2_800_000]
    assert (sent[:2, 3] & 0x30 == 0x20).all()
    assert (sent[:2, 4] == 183).all()
    assert (sent[:2, 12:] == 0xFF).all()
    assert (sent[:, 3] & 0x0F).tolist() == [4, 4, 5]


def test_it_may_take_longer_than_a_window() -> None:
    """What is read at once may hold nothing but the rest of one large picture."""
    splicer = after_a_joint()
    for count in (9, 10):
        assert pids_of(splicer.splice(packets(packet(VIDEO, count, b"r" * 184)))) == [NULL_PID]
    after = splicer.copy()
    for one in (splicer, after):
        sent = one.splice(packets(packet(VIDEO, 11, pes(12_600), starts=True)))
        assert counters(sent, VIDEO) == [5]
        assert pids_of(one.splice(packets(packet(VIDEO, 12, b"p" * 184)))) == [VIDEO]


def test_all_else_is_sent_whole() -> None:
    """Frames of sound can be played; a section has a checksum; of other PIDs nothing is known."""
    given_packets = packets(
        packet(AUDIO, 9, b"r" * 184), packet(SECTIONS, 9, b"r" * 184), packet(0x99, 2, b"?" * 184)
    )
    sent = after_a_joint().splice(given_packets.copy())
    assert pids_of(sent).tolist() == [AUDIO, SECTIONS, 0x99]
    assert sent[:, 4:].tobytes() == given_packets[:, 4:].tobytes()
    assert counters(sent, AUDIO) == counters(sent, SECTIONS) == [5]


def test_nothing_is_left_out_of_the_first_segment() -> None:
    """A receiver that comes in the middle of a broadcast meets such a rest, too."""
    given_packets = packets(packet(VIDEO, 9, b"r" * 184), packet(VIDEO, 10, pes(1), starts=True))
    assert np.array_equal(Splicer().splice(given_packets.copy()), given_packets)


KINDS = st.sampled_from(["rest", "clock", "rest and clock", "picture"])


@given(st.lists(st.tuples(st.sampled_from([VIDEO, OTHER]), KINDS), max_size=40), st.integers(0, 40))
def test_no_picture_gets_the_end_of_another(made: list[tuple[int, str]], cut: int) -> None:
    """However it is mixed and in whatever windows it is read: whole pictures, counters without gap,
    every PCR, and as many packets as there were."""
    given_packets = packets(*_packets(made))
    splicer = after_a_joint()
    windows = [given_packets[:cut], given_packets[cut:]]
    sent = np.concatenate([splicer.splice(window.copy()) for window in windows])
    assert len(sent) == len(given_packets)
    assert np.array_equal(find_pcrs(sent).value, find_pcrs(given_packets).value)
    for pid in (VIDEO, OTHER):
        expected = _payloads_from_first_start(given_packets, pid)
        assert _payloads(sent, pid) == expected
        assert counters(sent, pid) == [(5 + n) % 16 for n in range(len(expected))]


def _packets(made: list[tuple[int, str]]) -> list[bytes]:
    count = {VIDEO: 0, OTHER: 7}
    found = []
    for n, (pid, kind) in enumerate(made):
        payload = {"clock": b"", "picture": pes(n)}.get(kind, b"r" * 50)
        count[pid] += bool(payload)
        clock = n * 1000 if "clock" in kind else None
        found.append(packet(pid, count[pid], payload, pcr=clock, starts=kind == "picture"))
    return found


def _payloads(given_packets: Packets, pid: int) -> list[bytes]:
    found = []
    for one in given_packets[pids_of(given_packets) == pid]:
        begin = 5 + one[4] if one[3] & 0x20 else 4
        if one[3] & 0x10:
            found.append(one[begin:].tobytes())
    return found


def _payloads_from_first_start(given_packets: Packets, pid: int) -> list[bytes]:
    mine = given_packets[pids_of(given_packets) == pid]
    for n, one in enumerate(mine):
        if one[1] & 0x40:
            return _payloads(mine[n:], pid)
    return []


@pytest.mark.parametrize("scrambled", [0x80, 0xC0])
def test_what_is_scrambled_is_sent_whole(scrambled: int) -> None:
    """Where its pictures begin is told in the clear, but not that it has any."""
    splicer = Splicer()
    first = packets(packet(VIDEO, 4, pes(9000), starts=True))
    rest = packets(packet(VIDEO, 9, b"r" * 184))
    for one in (first, rest):
        one[:, 3] |= scrambled
    splicer.splice(first)
    splicer.join(0)
    assert pids_of(splicer.splice(rest)) == [VIDEO]
