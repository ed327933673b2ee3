"""TR 101 290, priorities 1 and 2, by streams of which each lacks one thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmp_twisted.engine import pcr, ts
from hmp_twisted.engine.checks import Checks, Findings
from hmp_twisted.engine.inspection import psi
from hmp_twisted.engine.inspection.marks import NO_PCR, RANDOM_ACCESS

from .packet_maker import packet
from .streams import (
    AAC,
    AUDIO,
    AVC,
    PMT_PID,
    VIDEO,
    Multiplex,
    pat,
    pmt,
    section,
    table_packet,
)

NEUTRAL = {"pcrs"}


class Bench:
    """Checks with one source; slices of ten milliseconds go in at their time."""

    def __init__(self, tick_s: float = 0.01) -> None:
        self.tick_s = tick_s
        self.checks = Checks()
        self.slot = self.checks.open_slot()
        self.now = 100.0

    def feed(self, *slices: bytes) -> None:
        """Each slice comes a tick after the one before."""
        for data in slices:
            self.now += self.tick_s
            count = len(data) // ts.PACKET
            if count:
                assert self.checks.gather(data, 0, [self.slot], [count], count, self.now)
            self.checks.looked(self.now)
            if round(self.now * 100) % 10 == 0:
                self.checks.analyse()

    def found(self) -> dict[str, int]:
        """The counters that are not 0, those of nothing bad left out."""
        self.checks.analyse()
        counted = self.checks.counters(self.slot)
        return {name: count for name, count in counted.items() if count and name not in NEUTRAL}

    def findings(self) -> Findings:
        """What else was found."""
        return self.checks.take_findings()


def test_nothing_is_wrong_with_a_stream_that_keeps_all_rules() -> None:
    """No counter but that of PCRs moves; the clock is exact."""
    bench = Bench()
    bench.feed(*Multiplex().seconds(6))
    assert bench.found() == {}
    extremes = bench.findings().extremes[bench.slot]
    assert extremes.pcr_interval_s == pytest.approx(0.03)
    assert extremes.pcr_accuracy_s < 100e-9
    assert extremes.pcr_jitter_s < 0.011


@pytest.mark.parametrize(
    ("missing", "seconds", "counted"),
    [
        ({"pat"}, 1.3, {"pat_errors": 2}),
        ({"pmt"}, 1.3, {"pmt_errors": 2}),
        ({"audio"}, 6.0, {"pid_errors": 1, "pts_errors": 7}),
        ({"pcr"}, 1.0, {}),
    ],
)
def test_what_must_come_is_missed(
    missing: set[str], seconds: float, counted: dict[str, int]
) -> None:
    """1.3, 1.5, 1.6, 2.5: one error for each period that goes by without it."""
    bench, stream = Bench(), Multiplex()
    bench.feed(*stream.seconds(1))
    assert bench.found() == {}
    stream.without = missing
    bench.feed(*stream.seconds(seconds))
    assert bench.found() == counted


@pytest.mark.parametrize(("together", "errors"), [(1, 1), (15, 0)])
def test_what_comes_a_tick_too_late_may_have_come_in_time(together: int, errors: int) -> None:
    """So it counts where ticks are short alone: a PAT after 0.6 s, which half a second allows."""
    bench, stream = Bench(0.01 * together), Multiplex()
    slices = [*stream.seconds(3)]
    stream.without = {"pat"}
    slices += stream.seconds(0.5)
    stream.without = set()
    slices += stream.seconds(1.0)
    ticks = range(0, len(slices), together)
    bench.feed(*(b"".join(slices[at : at + together]) for at in ticks))
    assert bench.found() == ({"pat_errors": errors} if errors else {})


def test_a_silent_source_misses_nothing_but_has_a_gap() -> None:
    """A cable that was out is one gap, not a hundred errors of everything; its times are exact."""
    bench, stream = Bench(), Multiplex()
    bench.feed(*stream.seconds(1))
    left = bench.now
    bench.feed(*([b""] * 700))
    stream.slices += 700
    bench.feed(*stream.seconds(1))
    assert bench.found() == {"pcr_repetition_errors": 1}
    findings = bench.findings()
    (gap,) = findings.gaps
    assert (gap.begin, gap.end) == pytest.approx((left, left + 7.0), abs=0.051)
    assert bench.checks.take_findings().gaps == []
    # The index has the end of what came before, lest times be interpolated across the gap.
    at = findings.marks["at"]
    assert np.abs(at - gap.begin).min() < 1e-6


@pytest.mark.parametrize(
    ("what", "data", "counted"),
    [
        ("PAT with a wrong CRC", table_packet(0, 0, pat({1: 32})[:-1] + b"\0"), {"crc_errors": 1}),
        (
            "SDT with a wrong CRC",
            table_packet(0x11, 0, section(0x42, b"x")[:-1] + b"\0"),
            {"crc_errors": 1},
        ),
        ("another table on PID 0", table_packet(0, 0, pmt({})), {"pat_errors": 1}),
        ("another table on PID 1", table_packet(1, 0, pmt({})), {"cat_errors": 1}),
        ("a scrambled PAT", table_packet(0, 0, pat({1: 32}), scrambled=True), {"pat_errors": 1}),
        ("a TDT has no CRC", table_packet(0x14, 0, b"\x70\x70\x05abcde"), {}),
        (
            "a damaged packet",
            bytes([0x47, 0x80 | 1, 0, 0x10]).ljust(188, b"y"),
            {"transport_errors": 1},
        ),
        ("stuffing alone", table_packet(0, 0), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_that_are_wrong(what: str, data: bytes, counted: dict[str, int]) -> None:
    """1.3, 2.1, 2.2, 2.6; each time it comes."""
    bench = Bench()
    bench.feed(data)
    assert bench.found() == counted, what
    bench.feed(data[:3] + bytes([data[3] + 1]) + data[4:])
    assert bench.found() == {name: 2 * count for name, count in counted.items()}, what


def test_scrambled_packets_need_a_cat() -> None:
    """2.6: none in ten seconds is an error; one each second is none."""
    for cat, errors in ((False, {"cat_errors": 1}), (True, {})):
        bench, stream = Bench(), Multiplex()
        for n, data in enumerate(stream.seconds(12)):
            scrambled = bytearray(data)
            for at in range(0, len(data), ts.PACKET):
                if scrambled[at + 1] & 0x1F == AUDIO >> 8 and scrambled[at + 2] == AUDIO & 0xFF:
                    scrambled[at + 3] |= 0x80
            extra = table_packet(1, n // 100, section(1, b"")) if cat and n % 100 == 0 else b""
            bench.feed(bytes(scrambled) + extra)
        assert bench.found() == errors


def test_sections_over_several_packets() -> None:
    """A PMT too long for one packet is put together, from the second time it comes on."""
    streams = {0x100 + n: 6 for n in range(60)}
    long = pmt({VIDEO: AVC, **streams})
    assert len(long) > 184

    def packets(counter: int) -> bytes:
        whole = (b"\0" + long).ljust(-(-(len(long) + 1) // 184) * 184, b"\xff")
        parts = [whole[at : at + 184] for at in range(0, len(whole), 184)]
        made = (packet(PMT_PID, counter + n, part, starts=n == 0) for n, part in enumerate(parts))
        return b"".join(made)

    bench = Bench()
    for n in range(4):
        bench.feed(table_packet(0, n, pat({1: PMT_PID})) + packets(2 * n))
        bench.checks.analyse()
    bench.feed(*[packet(PMT_PID, 7, b"", pcr=None)] * 600)
    assert bench.found()["pid_errors"] == 60


def test_a_pmt_that_changes_is_told_of() -> None:
    """The streams that are gone are no longer waited for; the new ones are."""
    bench, stream = Bench(), Multiplex()
    bench.feed(*stream.seconds(1))
    assert bench.findings().programmes == []
    stream.streams = {VIDEO: AVC}
    stream.without = {"audio"}
    bench.feed(*stream.seconds(7))
    assert bench.found() == {}
    ((slot, text),) = bench.findings().programmes
    assert slot == bench.slot
    assert text == "programme 1: 0x0101 (type 0x0f) gone"


def test_new_pids_are_told_of_once_the_source_is_settled() -> None:
    """Not those that it begins with."""
    bench, stream = Bench(), Multiplex()
    bench.feed(*stream.seconds(11))
    assert bench.findings().pids == []
    bench.feed(packet(0x333, 0, b"z" * 184))
    assert bench.findings().pids == [(bench.slot, 0x333)]


def clock(*ticks: int, jump_at: int = -1) -> list[bytes]:
    """A packet with each PCR; at one of them the discontinuity indicator."""
    made = [bytearray(packet(VIDEO, 0, pcr=t % pcr.WRAP)) for t in ticks]
    if jump_at >= 0:
        made[jump_at][5] |= 0x80
    return [bytes(one) for one in made]


MS = pcr.HZ // 1000


@pytest.mark.parametrize(
    ("what", "packets", "counted"),
    [
        ("ten milliseconds each", clock(*(n * 10 * MS for n in range(9))), {}),
        ("over the wrap", clock(*(pcr.WRAP - 25 * MS + n * 10 * MS for n in range(9))), {}),
        ("a jump", clock(0, 10 * MS, 900 * MS, 910 * MS), {"pcr_discontinuity_errors": 1}),
        ("backwards", clock(900 * MS, 910 * MS, 10 * MS, 20 * MS), {"pcr_discontinuity_errors": 1}),
        ("a jump announced", clock(0, 10 * MS, 900 * MS, jump_at=2), {"pcr_discontinuities": 1}),
        ("sent twice", clock(0, 10 * MS, 10 * MS, 20 * MS), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pcrs_against_the_one_before(
    what: str, packets: list[bytes], counted: dict[str, int]
) -> None:
    """2.3b, whether they come in one inspection or each in one of its own."""
    together, apart = Bench(), Bench()
    together.feed(*packets)
    for one in packets:
        apart.feed(one)
        apart.checks.analyse()
    assert together.found() == counted, what
    assert apart.found() == counted, what


def test_a_pcr_that_comes_late_is_a_repetition_error() -> None:
    """2.3a: 150 ms in the clock and in time."""
    bench = Bench()
    first, second = clock(0, 150 * MS)
    bench.feed(first, *[packet(AUDIO, n, b"y" * 184) for n in range(14)], second)
    assert bench.found() == {"pcr_repetition_errors": 1}
    assert bench.findings().extremes[bench.slot].pcr_interval_s == pytest.approx(0.15)


def test_a_pcr_beside_its_place_is_inaccurate() -> None:
    """2.4: 600 ns at a constant rate is an error, 400 ns is none; a varying rate tells nothing."""
    for off, errors in ((int(600e-9 * pcr.HZ) + 1, {"pcr_accuracy_errors": 1}), (10, {})):
        bench = Bench()
        bench.feed(*clock(0, 10 * MS, 20 * MS, 30 * MS + off))
        assert bench.found() == errors
        worst = bench.findings().extremes[bench.slot].pcr_accuracy_s
        assert worst == pytest.approx(off / pcr.HZ)
    bench = Bench()
    bench.feed(*clock(0, 10 * MS, 21 * MS, 30 * MS))
    assert bench.found() == {}


def test_marks_say_where_the_clock_and_the_access_points_are() -> None:
    """One a tenth of a second with its PCR, one for each random access point of a video stream."""
    bench, stream = Bench(), Multiplex()
    began = bench.now
    bench.feed(*stream.seconds(3))
    marks = bench.findings().marks
    clocks = marks[marks["pcr"] != NO_PCR]
    assert 25 <= clocks.size <= 35
    expected = clocks["number"] / (30 * 100)
    assert np.allclose(clocks["pcr"] / pcr.HZ, expected, atol=1e-9)
    assert np.allclose(clocks["at"] - began, expected + 0.01, atol=0.011)
    access = marks[(marks["flags"] & RANDOM_ACCESS) != 0]
    # The first one comes before the PMT is known, which says that its PID is video.
    assert [int(n) // 3000 for n in access["number"]] == [1, 2]
    assert (np.diff(marks["number"]) >= 0).all()


def test_a_stream_without_pcr_is_marked_by_its_arrival_alone() -> None:
    """As many packets as had come at that time, at least each twentieth of a second."""
    bench, stream = Bench(), Multiplex(without={"pcr"})
    began = bench.now
    bench.feed(*stream.seconds(1))
    marks = bench.findings().marks
    timed = marks[(marks["flags"] & RANDOM_ACCESS) == 0]
    assert (timed["pcr"] == NO_PCR).all()
    assert timed["number"].tolist() == np.rint((timed["at"] - began) * 3000).tolist()
    assert 19 <= timed.size <= 30


@given(st.binary(max_size=60))
def test_crc_is_what_annex_a_says(body: bytes) -> None:
    """A section with the CRC worked out bit by bit is right; with any bit turned it is wrong."""
    whole = section(0x42, body)
    assert psi.crc_is_right(whole)
    turned = bytes([whole[0] ^ 1]) + whole[1:]
    assert not psi.crc_is_right(turned)


def test_pat_and_pmt_are_read_as_the_standard_has_them() -> None:
    """Tables 2-30 and 2-33; programme 0 is the NIT and no programme."""
    assert psi.pat_of(pat({0: 0x10, 1: 0x20, 7: 0x1FFE})) == {1: 0x20, 7: 0x1FFE}
    programme = psi.pmt_of(pmt({VIDEO: AVC, AUDIO: AAC}, info=b"\x05\x04HDMV"))
    assert programme == psi.Programme(1, VIDEO, ((VIDEO, AVC), (AUDIO, AAC)))


def test_a_table_that_lies_about_its_lengths_does_no_harm() -> None:
    """Whatever follows is not read."""
    for body in (b"", b"\xe1\x00\xff\xff", b"\xe1\x00\xf0\x00\x1b\xe1\x00\xff\xff\x01"):
        psi.pmt_of(section(2, body))
        psi.pat_of(section(0, body))
    bench = Bench()
    noise = np.random.default_rng(1)
    for n in range(200):
        payload = noise.integers(0, 256, 184, dtype=np.uint8).tobytes()
        bench.feed(packet(0, n, payload, starts=bool(n % 3)))
    assert bench.found()


class Reference:
    """The rules of the clock and of presence, one packet at a time."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self._last: dict[int, tuple[int, float]] = {}

    def take(self, data: bytes, at: float) -> None:
        """One packet, and when it came."""
        if not data[3] & 0x20 or data[4] < 7 or not data[5] & 0x10:
            return
        pid = (data[1] & 0x1F) << 8 | data[2]
        field = int.from_bytes(data[6:12], "big")
        ticks = (field >> 15) * 300 + (field & 0x1FF)
        self._count("pcrs")
        before = self._last.get(pid)
        self._last[pid] = ticks, at
        if before is None:
            return
        if data[5] & 0x80:
            self._count("pcr_discontinuities")
            return
        moved = pcr.elapsed(before[0], ticks) / pcr.HZ
        if 0 <= moved <= 0.1:
            return
        late = moved > 0.1 and abs(at - before[1] - moved) < 0.1
        self._count("pcr_repetition_errors" if late else "pcr_discontinuity_errors")

    def _count(self, name: str) -> None:
        self.found[name] = self.found.get(name, 0) + 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, 1]),
            st.sampled_from([10, 20, 50, 50, 150, -30, 4000, 10]),
            st.booleans(),
            st.sampled_from([False, False, False, True]),
        ),
        max_size=50,
    ),
    st.integers(0, pcr.WRAP - 1),
)
def test_clocks_of_whole_batches_are_judged_as_one_packet_at_a_time(
    steps: list[tuple[int, int, bool, bool]], start: int
) -> None:
    """Two PIDs, near the wrap or not, cut anywhere."""
    bench, reference = Bench(), Reference()
    ticks = [start, start]
    for which, milliseconds, analyse, announced in steps:
        ticks[which] = (ticks[which] + milliseconds * MS) % pcr.WRAP
        one = bytearray(packet(VIDEO + which, 0, pcr=ticks[which]))
        one[5] |= 0x80 if announced else 0
        bench.feed(bytes(one))
        reference.take(bytes(one), bench.now)
        if analyse:
            bench.checks.analyse()
    bench.checks.analyse()
    counted = bench.checks.counters(bench.slot)
    names = ("pcrs", "pcr_discontinuities", "pcr_repetition_errors", "pcr_discontinuity_errors")
    assert {n: counted[n] for n in names if counted[n]} == reference.found
