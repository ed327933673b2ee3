"""The drawing: a line a track, with what was recorded, pauses, gaps, and what went wrong, to scale.

It knows places and words, no markup.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from ...engine import manifest
from ...engine.certificate import Certificate, TrackCertificate
from ...engine.events import Event
from ..formats import clock, lasting
from .scale import Scale, Tick

_Moment = tuple[float, float]
"""A time of day in Unix seconds, and what the recording's clock showed then."""
LEAST = 0.5
"""Percent of the width: what is shorter could not be seen."""
_TOLD_WITHIN_S = 1.0
"""An episode's beginning is told at the end of the second in which it was."""
_SAME_S = 0.5
"""An episode's beginning and its end are told with the same time, but for rounding."""
Band = Literal["recorded", "pause", "gap", "loss", "damage", "since"]

MOST_SAID = 12
"""Things on a line that a screen reader says; the table lists all."""
_PROBLEMS: dict[str, tuple[Band, str]] = {
    "lost": ("loss", "Datagrams lost"),
    "continuity": ("loss", "Continuity errors"),
    "damaged": ("damage", "Marked as damaged"),
    "sync": ("damage", "Synchronisation lost"),
    "foreign": ("damage", "No MPEG-TS"),
    "clock": ("damage", "Programme clock jumped"),
}
"""Where an event's kind is drawn, and what it is called. Others are told, but not drawn."""
_TOLD = {
    "gap": "Gap",
    "outage": "Engine gone",
    "format": "Format",
    "sender": "Other sender",
    "senders": "Two senders",
    "programmes": "Programmes changed",
    "pids": "New PIDs",
    "rate": "Bit rate changed",
}


@attrs.frozen
class Span:
    """Something with a beginning and an end; both in percent of the width."""

    band: Band
    at: float
    width: float
    words: str


@attrs.frozen
class Incident:
    """A line of the table: what happened, when, for how long."""

    clock_s: float
    track: int
    what: str
    words: str
    seconds: float
    band: Band | None
    """Where it is drawn; what is only told is nothing bad."""


@attrs.frozen
class Line:
    """One track."""

    number: int
    name: str
    words: str
    """What a screen reader says of it."""
    spans: tuple[Span, ...]
    cuts: tuple[float, ...]
    """Where a segment begins, the first one's left out."""


@attrs.frozen
class Timeline:
    """All of it."""

    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    pauses: int
    is_shortened: bool
    incidents: tuple[Incident, ...]

    @property
    def bands(self) -> frozenset[Band]:
        """What is drawn, for the legend."""
        return frozenset(span.band for line in self.lines for span in line.spans)


def draw(recording: manifest.Recording, certificate: Certificate) -> Timeline:
    """The timeline of a recording, and what happened in it, the earliest first."""
    scale = Scale.of(recording)
    pairs = tuple(zip(recording.tracks, certificate.tracks, strict=True))
    incidents = [one for told in certificate.tracks for one in _incidents(told)]
    return Timeline(
        lines=tuple(_line(track, told, scale) for track, told in pairs),
        ticks=scale.ticks(),
        pauses=len(scale.pauses),
        is_shortened=scale.is_shortened,
        incidents=tuple(sorted(incidents, key=lambda one: (one.clock_s, one.track))),
    )


def _line(track: manifest.Track, told: TrackCertificate, scale: Scale) -> Line:
    bands = (_recorded(track, scale), _pauses(scale), _happened(track, told, scale))
    spans = tuple(span for band in bands for span in _merged(band))
    kept = [segment for segment in track.segments if segment.bytes]
    seconds = sum(segment.duration_s for segment in kept)
    words = [span.words for span in spans if span.band != "recorded"]
    more = [f"and {len(words) - MOST_SAID} more"] if len(words) > MOST_SAID else []
    return Line(
        number=track.number,
        name=track.source_name,
        words="; ".join([f"{lasting(seconds)} received", *words[:MOST_SAID], *more]) + ".",
        spans=spans,
        cuts=tuple(scale.begin(segment.offset_s) for segment in kept[1:]),
    )


def _merged(spans: Iterable[Span]) -> Iterable[Span]:
    """Those of a band that cover each other as one: a drawing has no room for ten thousand."""
    last: Span | None = None
    count = 1
    for span in sorted(spans, key=lambda one: (one.band, one.at)):
        if last is not None and span.band == last.band and span.at < last.at + last.width:
            end = max(last.at + last.width, span.at + span.width)
            last, count = attrs.evolve(last, width=round(end - last.at, 3)), count + 1
            continue
        if last is not None:
            yield _counted(last, count)
        last, count = span, 1
    if last is not None:
        yield _counted(last, count)


def _counted(span: Span, count: int) -> Span:
    more = f"; {count - 1:,} more beside it" if count > 1 else ""
    return attrs.evolve(span, words=span.words + more)


def _recorded(track: manifest.Track, scale: Scale) -> Iterable[Span]:
    for segment in track.segments:
        if segment.bytes:
            end = segment.offset_s + segment.duration_s
            words = f"Segment {segment.number}, {clock(segment.offset_s)} to {clock(end)}"
            yield _span("recorded", scale.begin(segment.offset_s), scale.end(end), words)


def _pauses(scale: Scale) -> Iterable[Span]:
    for pause in scale.pauses:
        words = f"paused at {clock(pause.clock_s)} for {lasting(pause.seconds)}"
        yield _span("pause", scale.end(pause.clock_s), scale.begin(pause.clock_s), words)


def _happened(track: manifest.Track, told: TrackCertificate, scale: Scale) -> Iterable[Span]:
    starts = sorted((one.started, one.offset_s) for one in track.segments if one.bytes)
    for gap in told.gaps:
        begin, end = _extent(gap, starts, scale)
        yield _span("gap", scale.begin(begin), scale.end(end), _words(gap))
    for event, is_over in _episodes(told.events):
        band, _ = _PROBLEMS[event.kind]
        begin, end = _extent(event, starts, scale)
        yield _span(band, scale.begin(begin - _TOLD_WITHIN_S), scale.end(end), _words(event))
        if not is_over:
            words = "it was not over when the recording ended"
            yield _span("since", scale.end(end), scale.end(scale.length_s), words)


def _words(event: Event) -> str:
    what = _PROBLEMS[event.kind][1] if event.kind in _PROBLEMS else _TOLD[event.kind]
    return f"{what} at {clock(event.clock_s)}: {_plain(event)}"


def _plain(event: Event) -> str:
    """What it says, without what only matters to who reads it as it happens."""
    return event.text.removeprefix("over: ")


def _span(band: Band, begin: float, end: float, words: str) -> Span:
    width = max(end - begin, LEAST)
    return Span(band, round(min(max(begin, 0.0), 100 - width), 3), round(width, 3), words)


def _extent(event: Event, starts: Sequence[_Moment], scale: Scale) -> tuple[float, float]:
    """The recording's clock at an event's beginning and end; its seconds are the time of day's."""
    end = event.at + event.seconds
    before = bisect_right(starts, (end, math.inf))
    since = max((event.at, event.clock_s), *starts[max(0, before - 1) : before])
    return event.clock_s, max(event.clock_s, scale.clock_of(end, since))


def _episodes(events: Iterable[Event]) -> Iterable[tuple[Event, bool]]:
    """What went wrong, each once, and whether it is known when it was over."""
    begun: dict[str, Event] = {}
    for event in events:
        if event.kind not in _PROBLEMS:
            continue
        first = begun.pop(event.kind, None)
        if first is not None and abs(first.at - event.at) < _SAME_S:
            yield attrs.evolve(event, clock_s=first.clock_s, text=event.text), True
            continue
        if first is not None:
            yield first, False
        begun[event.kind] = event
    for event in begun.values():
        yield event, False


def _incidents(told: TrackCertificate) -> Iterable[Incident]:
    for gap in told.gaps:
        yield _incident(gap, _TOLD[gap.kind], "gap")
    for event, _ in _episodes(told.events):
        band, what = _PROBLEMS[event.kind]
        yield _incident(event, what, band)
    for event in told.events:
        if event.kind not in _PROBLEMS and event.kind != "silent":  # a gap tells of that
            yield _incident(event, _TOLD.get(event.kind, event.kind.capitalize()), None)


def _incident(event: Event, what: str, band: Band | None) -> Incident:
    return Incident(event.clock_s, event.track, what, _plain(event), event.seconds, band)
