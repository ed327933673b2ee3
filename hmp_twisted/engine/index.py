"""Reads the index: from a time of day or a recording's clock to a place in its files, and back.

A place is a segment and an offset of a whole packet in it. Between two records places and times are
interpolated; where an index is missing, between the ends of the segment. Nothing here needs more
than a few milliseconds in a recording of 24 hours: the index is mapped, and searched by halving.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import attrs
import numpy as np

from . import index_file, manifest, ts
from .index_file import RANDOM_ACCESS, IndexDamagedError, Records

_LOOK_BACK = 4096
"""Records looked at together in search of a random access point."""

Clock = Literal["wall_us", "clock_us"]


@attrs.frozen
class Place:
    """Where in a track's files."""

    segment: int
    """The segment's number."""
    offset: int
    """Bytes before the packet, a multiple of 188."""


class SegmentIndex:
    """The index of one segment. Times are microseconds, of the wall clock or the recording's."""

    def __init__(self, segment: manifest.Segment, records: Records) -> None:
        """``records`` are :func:`.index_file.read`'s; none are good enough."""
        self.segment = segment
        self.records = records
        length = round(segment.duration_s * 1e6)
        self._starts = {
            "wall_us": round(segment.started * 1e6),
            "clock_us": round(segment.offset_s * 1e6),
        }
        self._ends = {name: start + length for name, start in self._starts.items()}

    @classmethod
    def open(cls, folder: Path, track: int, segment: manifest.Segment) -> SegmentIndex:
        """The index of a segment in a recording's folder; one without records if there is none."""
        path = index_file.path_of(manifest.segment_path(folder, track, segment.number))
        try:
            records = index_file.read(path, segment.bytes)
        except IndexDamagedError:
            records = np.zeros(0, index_file.RECORD)
        return cls(segment, records)

    def start(self, clock: Clock) -> int:
        """When its first packet came."""
        return self._starts[clock]

    def end(self, clock: Clock) -> int:
        """When its last packet came."""
        return self._ends[clock]

    def offset_at(self, clock: Clock, time_us: int) -> int:
        """Where the packet is that came at a time, or the first one after it."""
        if time_us <= self._starts[clock]:
            return 0
        if time_us >= self._ends[clock]:
            return self.segment.bytes
        return self._between(clock, "offset", time_us) // ts.PACKET * ts.PACKET

    def time_at(self, clock: Clock, offset: int) -> int:
        """When the packet at an offset came."""
        return self._between("offset", clock, offset)

    def random_access_before(self, offset: int) -> int | None:
        """The last offset, not after this one, from which decoding can begin."""
        end = bisect_right(self.records["offset"], offset)
        while end:
            begin = max(0, end - _LOOK_BACK)
            found = np.flatnonzero(self.records["flags"][begin:end] & RANDOM_ACCESS)
            if found.size:
                return int(self.records["offset"][begin + found[-1]])
            end = begin
        return None

    def _between(self, known: str, wanted: str, value: int) -> int:
        """Interpolate one field at a value of another; both only grow."""
        after = bisect_right(self.records[known], value)
        x0, y0 = self._point(after - 1, known), self._point(after - 1, wanted)
        x1, y1 = self._point(after, known), self._point(after, wanted)
        if x1 <= x0:
            return y0
        return y0 + (min(max(value, x0), x1) - x0) * (y1 - y0) // (x1 - x0)

    def _point(self, number: int, field: str) -> int:
        """A field of a record; the segment's ends stand before the first and after the last."""
        if 0 <= number < self.records.size:
            return int(self.records[field][number])
        if field == "offset":
            return 0 if number < 0 else self.segment.bytes
        return self._starts[field] if number < 0 else self._ends[field]


class TrackIndex:
    """The index of a track, over all its segments. Times are seconds."""

    def __init__(self, segments: Sequence[SegmentIndex]) -> None:
        """``segments`` in their order; there must be one."""
        self.segments = segments

    @classmethod
    def open(cls, folder: Path, track: manifest.Track) -> TrackIndex:
        """The index of a track in a recording's folder. It must have a segment."""
        return cls([SegmentIndex.open(folder, track.number, one) for one in track.segments])

    def at_clock(self, seconds: float) -> Place:
        """Where the recording's clock showed so much, or the first place after that."""
        return self._at("clock_us", seconds)

    def at_wall(self, seconds: float) -> Place:
        """Where it was so late, in Unix seconds, or the first place after that.

        A time that came twice, because the clock was set back, gives one of its places.
        """
        return self._at("wall_us", seconds)

    def clock_at(self, place: Place) -> float:
        """What the recording's clock showed when the packet at a place came."""
        return self._of(place.segment).time_at("clock_us", place.offset) / 1e6

    def wall_at(self, place: Place) -> float:
        """When the packet at a place came, in Unix seconds."""
        return self._of(place.segment).time_at("wall_us", place.offset) / 1e6

    def random_access_before(self, place: Place) -> Place | None:
        """The last place, not after this one, from which decoding can begin, if one is known."""
        for one in reversed(self.segments):
            if one.segment.number <= place.segment:
                here = one.segment.number == place.segment
                offset = one.random_access_before(place.offset if here else one.segment.bytes)
                if offset is not None:
                    return Place(one.segment.number, offset)
        return None

    def _at(self, clock: Clock, seconds: float) -> Place:
        time_us = round(seconds * 1e6)
        for one in self.segments:
            if time_us < one.end(clock):
                return Place(one.segment.number, one.offset_at(clock, time_us))
        last = self.segments[-1]
        return Place(last.segment.number, last.segment.bytes)

    def _of(self, number: int) -> SegmentIndex:
        return next(one for one in self.segments if one.segment.number == number)
