"""How long the receiver sleeps between two looks into the sockets."""

from __future__ import annotations

import pytest

from hmp_twisted.engine.tick_length import (
    LONGEST_S,
    LONGEST_WITH_RTP_S,
    SHORTEST_S,
    TARGET_FILL,
    USUAL_S,
    TickLength,
)


def test_a_socket_that_fills_faster_shortens_it_at_once() -> None:
    """So that the next tick finds no more than the target; never below the shortest."""
    length = TickLength()
    assert length.adapt(4 * TARGET_FILL) == pytest.approx(USUAL_S / 4)
    assert length.adapt(1000.0) == SHORTEST_S


def test_it_grows_by_and_by_once_the_flood_is_over() -> None:
    """Up to what is usual, in more than one step."""
    length = TickLength()
    length.adapt(10 * TARGET_FILL)
    grown = [length.adapt(0.0) for _ in range(30)]
    assert grown == sorted(grown)
    assert grown[0] < grown[5] < USUAL_S
    assert grown[-1] == USUAL_S


def test_between_target_and_half_of_it_nothing_changes() -> None:
    """Lest it swing."""
    length = TickLength()
    before = length.adapt(2 * TARGET_FILL)
    assert length.adapt(0.75 * TARGET_FILL) == before


@pytest.mark.parametrize(
    ("sources", "longest_s"),
    [(1, USUAL_S), (16, USUAL_S), (40, 0.12), (50, LONGEST_S), (500, 0.15)],
)
def test_many_sources_are_looked_at_less_often(sources: int, longest_s: float) -> None:
    """A tick costs the same for each of them; it comes back when they are gone."""
    length = TickLength()
    length.allow(sources)
    assert [length.adapt(0.0) for _ in range(30)][-1] == pytest.approx(longest_s)
    length.allow(sources, rtp=True)
    assert length.adapt(0.0) <= LONGEST_WITH_RTP_S
    length.allow(1)
    assert length.adapt(0.0) == USUAL_S
