"""What is kept of one track besides its bytes: its index, its events, the worst of its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..logs import Logger
from . import events, index_file, ts
from .events import Event
from .inspection.references import Extremes
from .lane import Lane
from .report import Report
from .segments import SegmentFile
from .source_watch import Happening
from .writer import Writer

log = Logger()


class IndexOf:
    """A segment's index, as what the writer appends to after the segment's own bytes."""

    def __init__(self, segment: SegmentFile, append: Callable[[Path, Any], None]) -> None:
        """``append`` adds records to the file of an index."""
        self.lane = segment.lane
        self._segment, self._append = segment, append

    def __str__(self) -> str:
        return str(index_file.path_of(self._segment.path))

    def write(self, data: Any) -> None:
        """Append records, by where their packets have come to be in the segment."""
        records = self._segment.placed(np.frombuffer(data, index_file.RECORD))
        if records.size:
            self._append(index_file.path_of(self._segment.path), records)

    def miss(self, count: int) -> None:
        """Nothing: between two records it is reckoned."""

    skip = miss


class TrackRecord:
    """Writes, off the loop, what reports tell of a track."""

    def __init__(
        self,
        folder: Path,
        track: int,
        clock: Callable[[float], float],
        writer: Writer,
        lane: Lane,
    ) -> None:
        """Args:
        folder: the recording's.
        track: the track's number.
        clock: gives what the recording's clock shows at a time of the receiver's clock.
        writer: appends to the files.
        lane: the recording's.
        """
        self.extremes = Extremes()
        self._folder, self._track = folder, track
        self._clock, self._writer, self._lane = clock, writer, lane
        self._first_packet = 0
        self._told = 0
        self._failed = False

    def begin(self, packets: int) -> None:
        """The next packet to be recorded is the source's ``packets``-th, counted from 0."""
        self._first_packet = packets

    def take(self, report: Report, segment: SegmentFile | None) -> None:
        """Take what was found of what is recorded into ``segment``."""
        self.extremes = self.extremes.worst(report.extremes)
        if segment is not None and report.marks.size:
            records = self._records(report, segment)
            index = IndexOf(segment, partial(self._append, index_file.append))
            self._writer.give(index, records.tobytes())
        self.tell(report.happenings, report.wall_ahead)

    def tell(self, happenings: Iterable[Happening], wall_ahead: float) -> None:
        """Add to the events; ``wall_ahead`` as in a report."""
        told = [self._event(one, wall_ahead) for one in happenings]
        told, self._told = told[: max(0, events.MOST - self._told)], self._told + len(told)
        if told:
            append = partial(self._append, events.append, self._folder, told)
            self._writer.when_written(self._lane, append)

    def _records(self, report: Report, segment: SegmentFile) -> index_file.Records:
        marks = report.marks[report.marks["number"] >= self._first_packet]
        records = np.zeros(marks.size, index_file.RECORD)
        # A time within the tick that began the segment may be reckoned to be before its beginning.
        at = np.maximum(marks["at"], segment.first_at)
        records["wall_us"] = np.rint((at + report.wall_ahead) * 1e6)
        records["clock_us"] = np.rint((at - segment.first_at + segment.offset_s) * 1e6)
        records["offset"] = (marks["number"] - self._first_packet) * ts.PACKET
        records["pcr"], records["pid"] = marks["pcr"], marks["pid"]
        records["flags"] = marks["flags"]
        return records

    def _event(self, happening: Happening, wall_ahead: float) -> Event:
        return Event(
            at=happening.at + wall_ahead,
            clock_s=self._clock(happening.at),
            track=self._track,
            kind=happening.kind,
            text=happening.text,
            seconds=happening.seconds,
        )

    def _append(self, append: Callable[[Path, Any], None], path: Path, what: Any) -> None:
        """On the writer's thread. The media goes on without it: an index is made again."""
        try:
            append(path, what)
        except OSError as error:
            if not self._failed:
                log.warn("{path}: cannot be written: {why}", path=str(path), why=error.strerror)
            self._failed = True
