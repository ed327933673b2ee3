"""Where things are drawn, and what the table lists."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest

from hmp_twisted.engine.events import Event
from hmp_twisted.engine.manifest import Recording
from hmp_twisted.web.integrity import timeline
from hmp_twisted.web.integrity.scale import Scale
from hmp_twisted.web.integrity.timeline import Span, Timeline

from .recordings import certified, event, recording, segment, track


def drawn(found: Recording, *told: Event) -> Timeline:
    """Its timeline."""
    return timeline.draw(found, certified(found, *told))


def spans(shown: Timeline, band: str, line: int = 0) -> list[tuple[float, float]]:
    """Where something is drawn on a line: from and to, in percent."""
    return [
        (span.at, pytest.approx(span.at + span.width, abs=0.01))  # type: ignore[misc]  # compares as a float
        for span in shown.lines[line].spans
        if span.band == band
    ]


def test_what_was_recorded_is_drawn_to_scale() -> None:
    """A source that came late, and one that was there throughout."""
    found = recording(track(segment(1, 0, 100)), track(segment(1, 25, 50), number=2))
    shown = drawn(found)
    assert spans(shown, "recorded") == [(0, 100)]
    assert spans(shown, "recorded", 1) == [(25, 75)]
    assert shown.pauses == 0
    assert not shown.is_shortened


def test_a_pause_has_a_place_between() -> None:
    """As long as it was; all tracks have it, and the next segment begins after it."""
    found = recording(track(segment(1, 0, 40), segment(2, 40, 60, paused_s=5)))
    shown = drawn(found)
    whole = 105
    assert spans(shown, "pause") == [(pytest.approx(4000 / whole, abs=0.01), 4500 / whole)]
    assert shown.lines[0].cuts == (pytest.approx(4500 / whole, abs=0.01),)
    assert spans(shown, "recorded")[1][0] == shown.lines[0].cuts[0]


def test_a_long_pause_is_shortened_and_said_to_be() -> None:
    """A night between two minutes leaves the minutes to be seen."""
    found = recording(track(segment(1, 0, 50), segment(2, 50, 50, paused_s=36_000)))
    shown = drawn(found)
    assert shown.is_shortened
    assert spans(shown, "pause") == [(pytest.approx(5000 / 110, abs=0.01), 6000 / 110)]
    assert "paused at 0:50 for 10 h 0 min" in shown.lines[0].words


def test_a_restart_of_the_engine_is_a_gap_and_no_pause() -> None:
    """The clock ran on meanwhile."""
    found = recording(track(segment(1, 0, 40), segment(2, 50, 50)))
    shown = drawn(found, event("outage", 40, 10))
    assert shown.pauses == 0
    assert spans(shown, "gap") == [(40, 50)]


def test_a_gap_over_a_pause_ends_where_the_source_came_back() -> None:
    """Its seconds are the time of day's; the pause is not counted twice."""
    found = recording(track(segment(1, 0, 40), segment(2, 60, 40, paused_s=10)))
    other = track(segment(1, 0, 50), segment(2, 50, 50, paused_s=10), number=2)
    shown = drawn(attrs.evolve(found, tracks=(*found.tracks, other)), event("gap", 40, 30))
    assert spans(shown, "gap") == [(pytest.approx(4000 / 110, abs=0.01), 7000 / 110)]


def test_an_episode_is_drawn_once() -> None:
    """It is told when it begins and when it is over; without the end it is said to be open."""
    found = recording(track(segment(1, 0, 100)))
    shown = drawn(found, event("lost", 20), event("lost", 20, 10), event("continuity", 60))
    assert spans(shown, "loss") == [(19, 30), (59, 60)]
    assert spans(shown, "since") == [(60, 100)]
    assert [(one.what, one.seconds) for one in shown.incidents] == [
        ("Datagrams lost", 10),
        ("Continuity errors", 0),
    ]


def test_what_is_too_short_to_see_is_widened() -> None:
    """Also at the very end, and nothing leaves the drawing."""
    found = recording(track(segment(1, 0, 100_000)), seconds=100_000)
    shown = drawn(found, event("lost", 100_000), event("lost", 100_000, 0.1))
    for line in shown.lines:
        for span in line.spans:
            assert span.at >= 0
            assert span.at + span.width <= 100.001
            assert span.width >= timeline.LEAST
    assert isinstance(shown.lines[0].spans[0], Span)


@pytest.mark.parametrize("seconds", [0.4, 3, 59, 600, 5000, 90_000, 4_000_000])
def test_an_axis_has_a_few_round_labels(seconds: float) -> None:
    """Whatever the length; beside each other, so that none covers the next."""
    ticks = Scale(max(1.0, seconds), ()).ticks()
    assert 1 <= len(ticks) <= 7
    assert ticks[0].label == "0:00"
    places = [tick.at for tick in ticks]
    assert all(b - a > 10 for a, b in pairwise(places))


def test_what_is_told_but_no_problem_is_in_the_table_alone() -> None:
    """A new kind of event, too, by its own name; silence is told as the gap that it was."""
    found = recording(track(segment(1, 0, 100)))
    shown = drawn(
        found, event("format", 1), event("eclipse", 2), event("silent", 3), event("gap", 3, 4)
    )
    assert [one.what for one in shown.incidents] == ["Format", "Eclipse", "Gap"]
    assert [one.band for one in shown.incidents] == [None, None, "gap"]
    assert shown.bands == {"recorded", "gap"}


def test_ten_thousand_events_are_a_drawing_of_a_few_hundred_parts() -> None:
    """What lies in one place is one part, with their number; said are the first few."""
    found = recording(track(segment(1, 0, 50_000)), seconds=50_000)
    many = [event("lost", 5.0 * n, 2.0) for n in range(10_000)]
    shown = drawn(found, *(one for e in many for one in (attrs.evolve(e, seconds=0.0), e)))
    (line,) = shown.lines
    assert len(line.spans) < 1000
    assert "more beside it" in line.spans[-1].words
    assert len(line.words) < 2000
    assert len(shown.incidents) == 10_000
