"""When datagrams are due: tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.pacer.pacing import JUMP, Timeline
from hmp_twisted.engine.pacer.packets import PCR_WRAP, Packets, find_pcrs

from .packet_maker import packet, packets, run

STEP = 4_000
"""Ticks from packet to packet in these runs: 10 Mbit/s."""


def due_of(
    given_packets: Packets, timeline: Timeline | None = None, *, is_last: bool = True
) -> list[float]:
    """What a plan says."""
    timeline = timeline or Timeline(STEP)
    return timeline.plan(find_pcrs(given_packets), len(given_packets), is_last=is_last).due.tolist()


def test_a_datagram_leaves_at_the_time_of_the_pcr_in_it() -> None:
    """PCRs in packets 0, 10 and 20: datagrams 0, 1 and 2 leave at 0, 10 and 20 packets' time."""
    assert due_of(run(21, pcr_every=10, ticks=STEP)) == pytest.approx([0, 10 * STEP, 20 * STEP])


def test_datagrams_between_pcrs_are_evenly_spread() -> None:
    """With a PCR each 70 packets, the ten datagrams between two of them are a tenth apart."""
    assert due_of(run(141, pcr_every=70, ticks=STEP)) == pytest.approx(
        [k * 7 * STEP for k in range(21)]
    )


def test_the_wrap_of_the_pcr_is_no_jump() -> None:
    """A PCR that passes its 33rd bit goes on as if it had not."""
    wrapping = run(141, pcr_every=70, ticks=STEP, first_pcr=PCR_WRAP - 80 * STEP)
    assert due_of(wrapping) == pytest.approx([k * 7 * STEP for k in range(21)])


@pytest.mark.parametrize("jump", [-5 * JUMP, -STEP, 2 * JUMP, 3600 * JUMP])
def test_a_jump_is_passed_at_the_running_rate(jump: int) -> None:
    """Whatever way the PCR jumps, the datagrams go on as they went."""
    first = run(70, pcr_every=14, ticks=STEP, first_pcr=10**9)
    later = run(70, pcr_every=14, ticks=STEP, first_pcr=10**9 + 70 * STEP + jump * 15)
    due = due_of(np.concatenate((first, later)))
    assert due == pytest.approx([k * 7 * STEP for k in range(20)])


def test_without_a_pcr_the_recorded_duration_gives_the_pace() -> None:
    """No PCR at all: a constant rate, the one the timeline was made with."""
    plain = packets(*(packet(0x100, k, b"z" * 184) for k in range(15)))
    assert due_of(plain, Timeline(5_000.0)) == pytest.approx([0, 35_000, 70_000])


def test_less_than_a_datagram_is_one_short_datagram() -> None:
    """Three packets are due at once, as one."""
    assert due_of(run(3, pcr_every=10, ticks=STEP)) == [0.0]


def test_windows_join_without_a_seam() -> None:
    """Planned in windows or at once: the same times, nothing left out."""
    whole = run(7 * 300, pcr_every=33, ticks=STEP)
    timeline, at, due = Timeline(STEP), 0, []
    while at < len(whole):
        window = whole[at : at + 7 * 40]
        plan = timeline.plan(find_pcrs(window), len(window), is_last=at + len(window) >= len(whole))
        assert plan.count > 0
        at += plan.count
        due += plan.due.tolist()
    assert due == pytest.approx(due_of(whole))


def test_null_packets_take_their_time() -> None:
    """After 10 packets, 11 null packets begin one datagram, at packet 14; the axis moves by all."""
    timeline = Timeline(STEP)
    timeline.plan(find_pcrs(run(10, pcr_every=20, ticks=STEP)), 10, is_last=True)
    assert timeline.fill(10, 11).tolist() == pytest.approx([14 * STEP])
    assert timeline.ticks == pytest.approx(21 * STEP)


@given(st.lists(st.integers(0, PCR_WRAP - 1), min_size=1, max_size=30), st.integers(1, 60))
def test_times_never_step_back_whatever_the_pcrs_say(values: list[int], apart: int) -> None:
    """Any PCRs at all: due times are finite and never decrease."""
    made = [
        packet(0x100, 0, b"q" * 50, pcr=values[k // apart] if k % apart == 0 else None)
        for k in range(len(values) * apart)
    ]
    due = np.array(due_of(packets(*made)))
    assert np.isfinite(due).all()
    assert (np.diff(due) >= 0).all()
