"""Where a moment of a recording is on its timeline.

The timeline runs by the recording's clock, which stands still in pauses; each pause is given a
place of its own between, drawn as long as it was, but never longer than a tenth of the recording:
a night's pause must not hide the ten minutes around it.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...engine import manifest
from ..formats import clock

LONGEST_PAUSE = 0.1
"""Of the recording's length, as it is drawn."""
_LEAST_PAUSE_S = 0.5
"""Between two segments; less is how arrival times differ."""
_SLACK_S = 0.05
"""Tracks are cut at one moment, but by their own packets' arrival."""
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_DAY_S = 86_400
_MOST_TICKS = 6


@attrs.frozen
class Pause:
    """A time in which the recording's clock stood still."""

    clock_s: float
    """Where it stood."""
    wall_s: float
    """When it ran on, in Unix seconds."""
    seconds: float


@attrs.frozen
class Tick:
    """A labelled point of the axis."""

    at: float
    """In percent from the left."""
    label: str


@attrs.frozen
class Scale:
    """From the recording's clock to percent of the drawing's width."""

    length_s: float
    """The recording's, pauses left out."""
    pauses: tuple[Pause, ...]

    @classmethod
    def of(cls, recording: manifest.Recording) -> Scale:
        """The scale of all tracks together."""
        segments = [one for track in recording.tracks for one in track.segments if one.bytes]
        ends = (one.offset_s + one.duration_s for one in segments)
        length = max((recording.duration_s, *ends))
        return cls(max(length, 1.0), tuple(_pauses(segments)))

    @property
    def is_shortened(self) -> bool:
        """Whether a pause was longer than it is drawn."""
        return any(self.drawn(pause) < pause.seconds for pause in self.pauses)

    def drawn(self, pause: Pause) -> float:
        """How many seconds long a pause is drawn."""
        return min(pause.seconds, self.length_s * LONGEST_PAUSE)

    def begin(self, clock_s: float) -> float:
        """The place of what begins at this second: after a pause there."""
        return self._place(clock_s, clock_s + _SLACK_S)

    def end(self, clock_s: float) -> float:
        """The place of what ends at this second: before a pause there."""
        return self._place(clock_s, clock_s - _SLACK_S)

    def clock_of(self, wall_s: float, since: tuple[float, float]) -> float:
        """What the recording's clock showed at a time of day.

        Args:
            wall_s: in Unix seconds.
            since: an earlier one and what the clock showed then.
        """
        wall, shown = since
        following = [p.clock_s for p in self.pauses if p.wall_s > wall]
        return min(shown + wall_s - wall, *following[:1], self.length_s)

    def ticks(self) -> tuple[Tick, ...]:
        """The axis: round seconds of the recording's clock."""
        fitting = (step for step in _STEPS_S if self.length_s / step < _MOST_TICKS)
        days = _DAY_S * (1 + int(self.length_s / _DAY_S / _MOST_TICKS))
        step = next(fitting, days)
        seconds = range(0, int(self.length_s) + 1, step)
        return tuple(Tick(self.begin(second), clock(second)) for second in seconds)

    def _place(self, clock_s: float, limit: float) -> float:
        before = sum(self.drawn(pause) for pause in self.pauses if pause.clock_s <= limit)
        whole = self.length_s + sum(self.drawn(pause) for pause in self.pauses)
        return round(100 * min(max(0.0, clock_s) + before, whole) / whole, 3)


def _pauses(segments: Iterable[manifest.Segment]) -> Iterable[Pause]:
    """Where the time of day ran ahead of the recording's clock from one segment to the next."""
    began = None
    for segment in sorted(segments, key=lambda one: one.offset_s):
        begins = segment.started - segment.offset_s
        if began is not None and begins - began > _LEAST_PAUSE_S:
            yield Pause(segment.offset_s, segment.started, begins - began)
            began = begins
        began = begins if began is None else began
