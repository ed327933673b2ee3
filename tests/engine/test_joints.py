"""Splicing, on packets made by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.pacer.joints import LONGEST_GAP, Joint, Splicer, joint
from hmp_twisted.engine.pacer.packets import (
    NULL_PID,
    PCR_WRAP,
    STAMP_WRAP,
    find_pcrs,
    find_stamps,
    null_packets,
    put_pcrs,
    shift_opcrs,
    shift_stamps,
)
from hmp_twisted.engine.pacer.scte35 import (
    crc32_mpeg,
    end_of_whole_sections,
    shift_sections,
)

from .packet_maker import counters, packet, packets, pes

VIDEO, AUDIO = 0x100, 0x101


def test_the_first_segment_is_not_changed() -> None:
    """Not a byte of what is sent first."""
    given_packets = packets(
        packet(VIDEO, 5, pes(1000, 900), starts=True), packet(AUDIO, 3, b"a" * 184)
    )
    before = given_packets.tobytes()
    assert Splicer().splice(given_packets).tobytes() == before


@pytest.mark.parametrize("seed", [0, 7, 15])
def test_counters_go_on_over_a_joint(seed: int) -> None:
    """Each PID's counter goes on by one; a packet without payload repeats it (2.4.3.3)."""
    splicer = Splicer()
    splicer.splice(packets(packet(VIDEO, 14, b"v" * 184), packet(AUDIO, 2, b"a" * 184)))
    splicer.join(0)
    later = packets(
        packet(AUDIO, seed),
        packet(VIDEO, seed, b"v" * 184),
        packet(VIDEO, seed + 1, b"v" * 184),
        packet(AUDIO, seed + 1, b"a" * 184),
    )
    spliced = splicer.splice(later)
    assert counters(spliced, VIDEO) == [15, 0]
    assert counters(spliced, AUDIO) == [3]
    assert spliced[0, 3] & 0x0F == 2


def test_a_loss_within_a_segment_stays_one() -> None:
    """Renumbering moves all counters of a PID alike: it hides nothing but the joint."""
    splicer = Splicer()
    splicer.splice(packets(packet(VIDEO, 0, b"v" * 184)))
    splicer.join(0)
    lossy = packets(packet(VIDEO, 9, b"v" * 184), packet(VIDEO, 12, b"v" * 184))
    assert counters(splicer.splice(lossy), VIDEO) == [1, 4]


@given(
    st.lists(st.tuples(st.sampled_from([VIDEO, AUDIO, 0x30]), st.booleans()), max_size=60),
    st.data(),
)
def test_no_cut_leaves_a_discontinuity(kinds: list[tuple[int, bool]], data: st.DataObject) -> None:
    """Segments that begin with any counters, cut anywhere, come out without a gap in any PID."""
    splicer, last = Splicer(), dict[int, int]()
    cuts = data.draw(st.lists(st.integers(0, len(kinds)), max_size=3))
    edges = [0, *sorted(cuts), len(kinds)]
    for start, end in pairwise(edges):
        count = {pid: data.draw(st.integers(0, 15)) for pid in (VIDEO, AUDIO, 0x30)}
        made = []
        for pid, has_payload in kinds[start:end]:
            count[pid] += has_payload
            made.append(packet(pid, count[pid], b"p" * 184 if has_payload else b""))
        for one in splicer.splice(packets(*made)):
            pid, counter, has_payload = (
                int(one[1] & 31) << 8 | int(one[2]),
                int(one[3] & 15),
                int(one[3]) >> 4 & 1,
            )
            assert counter == (last.get(pid, (counter - has_payload) % 16) + has_payload) % 16
            last[pid] = counter
        splicer.join(0)


@given(
    st.integers(0, STAMP_WRAP - 1), st.integers(0, STAMP_WRAP - 1), st.integers(-(10**15), 10**15)
)
def test_stamps_shift_modulo_the_wrap(pts: int, dts: int, ticks: int) -> None:
    """PTS and DTS get the same, nothing else changes, and the inverse undoes it."""
    given_packets = packets(packet(VIDEO, 0, pes(pts, dts), starts=True))
    before = given_packets.tobytes()
    found = find_stamps(given_packets)
    assert (int(found.pts[0]), int(found.dts[0])) == (pts, dts)
    shift_stamps(given_packets, found, ticks)
    again = find_stamps(given_packets)
    assert (int(again.pts[0]), int(again.dts[0])) == (
        (pts + ticks) % STAMP_WRAP,
        (dts + ticks) % STAMP_WRAP,
    )
    shift_stamps(given_packets, again, -ticks)
    assert given_packets.tobytes() == before


@given(st.integers(0, PCR_WRAP - 1), st.integers(-(10**15), 10**15))
def test_pcrs_shift_modulo_the_wrap(value: int, ticks: int) -> None:
    """A PCR is found as it was written, and again after a shift."""
    given_packets = packets(packet(VIDEO, 0, b"v" * 100, pcr=value))
    found = find_pcrs(given_packets)
    assert found.value.tolist() == [value]
    put_pcrs(given_packets, found.index, found.value + ticks)
    assert find_pcrs(given_packets).value.tolist() == [(value + ticks) % PCR_WRAP]


@pytest.mark.parametrize(
    ("pcr_shift", "dts_shift", "sent", "expected"),
    [
        pytest.param(3000, None, 7, Joint(3000, 0), id="nothing to make room for"),
        pytest.param(3000, -9000, 7, Joint(3000, 0), id="DTS have room enough"),
        pytest.param(
            3000, 3000 + 7000, 7, Joint(3000 + 8400, 7), id="room made by whole datagrams"
        ),
        pytest.param(3000, None, 5, Joint(3000 + 2400, 2), id="a datagram filled up"),
        pytest.param(3000, 3000 + 1200, 5, Joint(3000 + 2400, 2), id="filling up is room enough"),
        pytest.param(None, 4000, 7, Joint(4200, 0), id="no PCR: the DTS alone"),
        pytest.param(None, None, 3, Joint(0, 4), id="no clock at all"),
        pytest.param(
            -(10**13), None, 7, Joint(-(10**13) // 300 * 300 + 300, 0), id="a pause left out"
        ),
    ],
)
def test_joint(pcr_shift: int | None, dts_shift: int | None, sent: int, expected: Joint) -> None:
    """At 1200 ticks a packet; shifts are multiples of 300, so PTS and DTS take them exactly."""
    assert joint(pcr_shift, dts_shift, 1200.0, sent) == expected


def test_a_gap_is_at_most_a_fifth_of_a_second() -> None:
    """More is not filled, whatever the DTS ask for."""
    found = joint(0, 27_000_000, 1200.0, 7)
    assert LONGEST_GAP <= found.shift <= LONGEST_GAP + 7 * 1200
    assert found.nulls % 7 == 0


def test_dts_decide_the_shift() -> None:
    """Video ends at DTS 3600 with frames of 3600, audio at 5000: the larger need counts."""
    splicer = Splicer()
    splicer.splice(
        packets(
            packet(VIDEO, 0, pes(9000, 0), starts=True),
            packet(VIDEO, 1, pes(9000, 3600), starts=True),
            packet(AUDIO, 0, pes(5000), starts=True),
        )
    )
    head = packets(
        packet(AUDIO, 0, pes(101_000), starts=True),
        packet(VIDEO, 0, pes(109_000, 100_000), starts=True),
    )
    assert splicer.dts_shift(head, -92_800 * 300) == (7200 - 100_000) * 300
    assert splicer.dts_shift(head, None) == (7200 - 100_000) * 300


def test_no_picture_is_shown_before_one_that_was_sent() -> None:
    """Cut between a picture and those that are shown before it: 80 ms are sent for ahead."""
    splicer = Splicer()
    frames = [(7200, 0), (14_400, 3600)]
    splicer.splice(packets(*(packet(VIDEO, k, pes(*f), starts=True) for k, f in enumerate(frames))))
    first, *leading = (107_200, 100_000), (103_600, 103_600)
    head = [packet(VIDEO, k, pes(*f), starts=True) for k, f in enumerate([first, *leading])]
    # By DTS 7200 would do; the picture shown first, at 103600, is to follow the one at 14400.
    assert splicer.dts_shift(packets(head[0]), None) == (14_400 + 3600 - 107_200) * 300
    assert splicer.dts_shift(packets(*head), None) == (14_400 + 3600 - 103_600) * 300


def test_an_original_clock_reference_is_shifted_with_the_clock() -> None:
    """Behind the PCR in the same field (2.4.3.5); one that is not there is not written."""
    given_packets = packets(packet(VIDEO, 0, pcr=1000), packet(VIDEO, 0, pcr=2000))
    given_packets[1, 5] |= 0x08
    put_pcrs(given_packets, np.array([1]), np.array([PCR_WRAP - 5]), at=12)
    before = given_packets.copy()
    shift_opcrs(given_packets, 300)
    assert np.array_equal(given_packets[0], before[0])
    put_pcrs(before, np.array([1]), np.array([295]), at=12)
    assert np.array_equal(given_packets, before)


def test_a_window_is_cut_before_a_section_that_ends_behind_it() -> None:
    """So that the next one holds it whole; one that was cut off by a loss is not waited for."""
    data = b"\0" + scte35(0, 300)
    parts = [data[at : at + 184].ljust(184, b"\xff") for at in range(0, len(data), 184)]
    section = [packet(500, k, part, starts=k == 0) for k, part in enumerate(parts)]
    video = packet(VIDEO, 0, b"v" * 184)
    assert end_of_whole_sections(packets(video, *section, video)) == len(section) + 2
    assert end_of_whole_sections(packets(video, section[0], video)) == 1
    assert end_of_whole_sections(packets(video, section[0], video, *section)) == len(section) + 3


def test_a_clock_of_another_kind_does_not_count() -> None:
    """A PID whose DTS would be a minute off has a clock of its own."""
    splicer = Splicer()
    splicer.splice(packets(packet(AUDIO, 0, pes(60 * 90_000), starts=True)))
    assert splicer.dts_shift(packets(packet(AUDIO, 0, pes(0), starts=True)), 0) is None


def test_dts_that_wrap_are_compared_rightly() -> None:
    """Just before the wrap and just after it are neighbours."""
    splicer = Splicer()
    splicer.splice(packets(packet(AUDIO, 0, pes(STAMP_WRAP - 10), starts=True)))
    assert splicer.dts_shift(packets(packet(AUDIO, 0, pes(5), starts=True)), 0) == -14 * 300


def test_a_scrambled_payload_is_not_touched() -> None:
    """What looks like a PES header in scrambled packets is none."""
    scrambled = packets(packet(VIDEO, 0, pes(1000), starts=True))
    scrambled[:, 3] |= 0x80
    assert len(find_stamps(scrambled).index) == 0


def scte35(adjustment: int, filler: int = 0) -> bytes:
    """A section with a splice_null and so many bytes of descriptors."""
    body = b"\0" + (0x7E00000000 | adjustment).to_bytes(5, "big") + b"\0\xff\xf0\0\0"
    body += filler.to_bytes(2, "big") + b"d" * filler
    section = b"\xfc" + (0x3000 | len(body) + 4).to_bytes(2, "big") + body
    return section + crc32_mpeg(section).to_bytes(4, "big")


@pytest.mark.parametrize("filler", [0, 100, 300])
@pytest.mark.parametrize("adjustment", [0, STAMP_WRAP - 1])
def test_scte35_sections_take_the_shift(filler: int, adjustment: int) -> None:
    """Also a section that needs several packets; its checksum is right again."""
    data = b"\0" + scte35(adjustment, filler)
    parts = [data[at : at + 184].ljust(184, b"\xff") for at in range(0, len(data), 184)]
    given_packets = packets(
        *(
            p
            for k, part in enumerate(parts)
            for p in (packet(500, k, part, starts=k == 0), packet(VIDEO, k, b"v" * 184))
        )
    )
    assert shift_sections(given_packets, 90_000) == 1
    sent = b"".join(one[4:].tobytes() for one in given_packets[::2])[1:]
    expected = scte35((adjustment + 90_000) % STAMP_WRAP, filler)
    assert sent[: len(expected)] == expected


def test_what_has_no_checksum_is_no_section() -> None:
    """A payload that merely begins like a section stays as it is."""
    given_packets = packets(
        packet(500, 0, (b"\0\xfc\x30\x20" + b"n" * 60).ljust(184, b"\xff"), starts=True)
    )
    before = given_packets.tobytes()
    assert shift_sections(given_packets, 90_000) == 0
    assert given_packets.tobytes() == before


def test_null_packets_are_null_packets() -> None:
    """PID 0x1FFF, payload only, and no PCR."""
    nulls = null_packets(3)
    assert nulls[:, :4].tolist() == [[0x47, 0x1F, 0xFF, 0x10]] * 3
    assert NULL_PID not in find_pcrs(nulls).pid
    assert np.array_equal(Splicer().splice(nulls.copy()), nulls)
