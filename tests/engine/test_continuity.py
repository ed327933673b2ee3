"""Continuity counters, by tables from ISO/IEC 13818-1 2.4.3.3 and against a plain reference."""

from __future__ import annotations

import itertools

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmp_twisted.engine import ts
from hmp_twisted.engine.checks import Checks
from hmp_twisted.engine.continuity import Continuity
from hmp_twisted.engine.runs import Runs

Packet = bytes


def packet(
    counter: int,
    *,
    pid: int = 0x100,
    payload: bool = True,
    field: str = "",
    body: int = 0,
    damaged: bool = False,
) -> Packet:
    """A packet; ``field`` is ``""``, ``plain``, ``jump`` (discontinuity) or ``pcr``."""
    control = (0x10 if payload else 0) | (0x20 if field else 0)
    head = bytes([0x47, pid >> 8 | (0x80 if damaged else 0), pid & 0xFF, control | counter])
    flags = {"": b"", "plain": b"\x07\x00", "jump": b"\x07\x80", "pcr": b"\x07\x10"}[field]
    return (head + flags + bytes([body]) * 6).ljust(ts.PACKET, b"\xff")


def one_source(packets: int) -> Runs:
    """All packets are one source's."""
    return Runs(np.zeros(1, np.uint32), np.array([packets]))


def errors_in(packets: list[Packet]) -> int:
    """What one source's packets, all at once, are judged to be."""
    continuity = Continuity()
    continuity.reserve(1)
    words = ts.words_of(b"".join(packets))
    continuity.check(words, one_source(len(packets)))
    return int(continuity.errors[0])


TABLE = [
    ("one after the other", [packet(3), packet(4), packet(5)], 0),
    ("over the wrap", [packet(14), packet(15), packet(0)], 0),
    ("one missing", [packet(3), packet(5)], 1),
    ("a gap of many counts once", [packet(3), packet(12), packet(13)], 1),
    ("two gaps", [packet(3), packet(5), packet(7)], 2),
    ("without payload it stays", [packet(3), packet(3, payload=False, field="plain")], 0),
    ("and goes on after", [packet(3), packet(3, payload=False, field="plain"), packet(4)], 0),
    ("without payload it must not go up", [packet(3), packet(4, payload=False, field="plain")], 1),
    ("sent twice", [packet(3, body=7), packet(3, body=7), packet(4)], 0),
    ("sent three times", [packet(3), packet(3), packet(3), packet(4)], 1),
    ("the same counter, other bytes", [packet(3, body=7), packet(3, body=8)], 1),
    (
        "twice, the PCR brought up to date",
        [packet(3, field="pcr"), packet(3, field="pcr", body=9)],
        0,
    ),
    ("other bytes late in the head", [packet(3), packet(3)[:10] + b"\x01" + packet(3)[11:]], 1),
    ("twice each", [packet(3), packet(3), packet(4), packet(4)], 0),
    ("a jump announced", [packet(3), packet(9, field="jump"), packet(10)], 0),
    ("null packets do not count", [packet(3, pid=0x1FFF), packet(9, pid=0x1FFF)], 0),
    ("each PID by itself", [packet(3), packet(9, pid=0x200), packet(4), packet(10, pid=0x200)], 0),
    ("a damaged packet is a gap", [packet(3), packet(4, damaged=True), packet(5)], 1),
    ("a damaged PID is no PID", [packet(3), packet(9, pid=0x300, damaged=True), packet(4)], 0),
]


@pytest.mark.parametrize(("what", "packets", "errors"), TABLE, ids=[row[0] for row in TABLE])
def test_gaps_are_counted_as_the_standard_says(
    what: str, packets: list[Packet], errors: int
) -> None:
    """The same, whether the packets come at once or one at a time."""
    assert errors_in(packets) == errors, what
    continuity = Continuity()
    continuity.reserve(1)
    for one in packets:
        continuity.check(ts.words_of(one), one_source(1))
    assert continuity.errors[0] == errors, what


@attrs.define
class Reference:
    """The rules, one packet at a time."""

    errors: int = 0
    _last: dict[int, tuple[Packet, bool]] = attrs.field(factory=dict)

    def take(self, one: Packet) -> None:
        pid = (one[1] & 0x1F) << 8 | one[2]
        if one[1] & 0x80 or pid == ts.NULL_PID:
            return
        before = self._last.get(pid)
        repeated = False
        if before is not None:
            last, was_repeated = before
            repeated = self._is_copy(last, one)
            follows = one[3] & 15 == (last[3] + bool(one[3] & 0x10)) & 15
            jump = one[3] & 0x20 and one[4] and one[5] & 0x80
            if not follows and not jump and (was_repeated or not repeated):
                self.errors += 1
        self._last[pid] = (one, repeated)

    def _is_copy(self, last: Packet, one: Packet) -> bool:
        if not one[3] & 0x10:
            return False
        has_pcr = bool(one[3] & 0x20 and one[4] and one[5] & 0x10)
        return last[:6] == one[:6] and (has_pcr or last[6:12] == one[6:12])


packets_strategy = st.builds(
    packet,
    st.integers(0, 15),
    pid=st.sampled_from([0x100, 0x101, 0x1FFF]),
    payload=st.booleans(),
    field=st.sampled_from(["plain", "jump", "pcr", "plain", "pcr"]),
    body=st.integers(0, 1),
    damaged=st.sampled_from([False, False, False, True]),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Packet]:
    """Packets of which most follow the one before: the rules are met, and not only broken."""
    made: list[Packet] = []
    counters: dict[int, int] = {}
    for kind in draw(st.lists(st.sampled_from("nnnnnccgo"), max_size=60)):
        if kind == "o":
            made.append(draw(packets_strategy))
            continue
        if kind == "c" and made:
            made.append(made[-1])
            continue
        pid = draw(st.sampled_from([0x100, 0x101]))
        counters[pid] = (counters.get(pid, 0) + (2 if kind == "g" else 1)) % 16
        made.append(packet(counters[pid], pid=pid, body=draw(st.integers(0, 1))))
    return made


@settings(max_examples=80, deadline=None)
@given(
    st.lists(streams(), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=8),
)
def test_whole_batches_are_judged_as_one_packet_at_a_time(
    sources: list[list[Packet]], cuts: list[tuple[int, bool]]
) -> None:
    """Several sources, cut into batches anywhere: the same counts as the plain reference gives."""
    checks = Checks()
    slots = [checks.open_slot() for _ in sources]
    references = [Reference() for _ in sources]
    rest = [list(source) for source in sources]
    for size, analyse in itertools.cycle(cuts):
        if not any(rest):
            break
        for slot, reference, left in zip(slots, references, rest, strict=True):
            batch, left[:] = left[:size], left[size:]
            if batch:
                assert checks.gather(b"".join(batch), 0, [slot], [len(batch)], len(batch), 1.0)
            for one in batch:
                reference.take(one)
        if analyse:
            checks.analyse()
    checks.analyse()
    assert [checks.counters(slot)["continuity_errors"] for slot in slots] == [
        r.errors for r in references
    ]


def test_a_slot_begins_anew_for_another_source() -> None:
    """What a source that is gone had seen does not count against the next one."""
    checks = Checks()
    slot = checks.open_slot()
    checks.gather(packet(3) + packet(5), 0, [slot], [2], 2, 1.0)
    checks.close_slot(slot)
    again = checks.open_slot()
    assert again == slot
    checks.gather(packet(9) + packet(10), 0, [again], [2], 2, 1.0)
    checks.analyse()
    assert checks.counters(again)["continuity_errors"] == 0


def test_more_sources_than_there_was_room_for() -> None:
    """Room is made for them, and what is known of the others stays."""
    checks = Checks()
    slots = [checks.open_slot() for _ in range(16)]
    for slot in slots:
        checks.gather(packet(3), 0, [slot], [1], 1, 1.0)
    checks.analyse()
    more = checks.open_slot()
    for slot in slots:
        checks.gather(packet(5), 0, [slot], [1], 1, 1.0)
    checks.analyse()
    assert [checks.counters(slot)["continuity_errors"] for slot in slots] == [1] * 16
    assert checks.counters(more)["continuity_errors"] == 0


def test_packets_without_sync_bytes_are_not_taken() -> None:
    """Gathering says that something is wrong, and takes nothing."""
    checks = Checks()
    slot = checks.open_slot()
    assert not checks.gather(packet(3) + b"\x00" * ts.PACKET, 0, [slot], [2], 2, 1.0)
    checks.gather(packet(7), 0, [slot], [1], 1, 1.0)
    checks.analyse()
    assert checks.counters(slot)["continuity_errors"] == 0


def test_transport_errors_and_pcrs_are_counted() -> None:
    """Each source has its own counters."""
    checks = Checks()
    one, two = checks.open_slot(), checks.open_slot()
    data = packet(1, damaged=True) + packet(1, field="pcr") + packet(2, field="pcr")
    checks.gather(data, 0, [one, two], [1, 2], 3, 1.0)
    checks.analyse()
    assert (checks.counters(one)["transport_errors"], checks.counters(two)["transport_errors"]) == (
        1,
        0,
    )
    assert [checks.counters(slot)["pcrs"] for slot in (one, two)] == [0, 2]
