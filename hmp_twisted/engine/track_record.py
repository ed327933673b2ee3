"""What is kept of one track besides its bytes: its index, its events, the worst of its clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..logs import Logger
from . import events, index_file, ts
from .events import Event
from .inspection.references import Extremes
from .report import Report
from .segments import SegmentFile
from .source_watch import Happening

Later = Callable[[Callable[[], None]], None]
"""Has something done by the writer's thread, after all that was given to it before."""

log = Logger()


class TrackRecord:
    """Writes, off the loop, what reports tell of a track."""

    def __init__(
        self, folder: Path, track: int, clock: Callable[[float], float], later: Later
    ) -> None:
        """Args:
        folder: the recording's.
        track: the track's number.
        clock: gives what the recording's clock shows at a time of the receiver's clock.
        later: has files written.
        """
        self.extremes = Extremes()
        self._folder, self._track = folder, track
        self._clock, self._later = clock, later
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
            self._write(index_file.append, index_file.path_of(segment.path), records)
        told = [self._event(one, report.wall_ahead) for one in report.happenings]
        told, self._told = told[: max(0, events.MOST - self._told)], self._told + len(told)
        if told:
            self._write(events.append, self._folder, told)

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

    def _write(self, append: Callable[[Path, Any], None], path: Path, what: Any) -> None:
        self._later(partial(self._append, append, path, what))

    def _append(self, append: Callable[[Path, Any], None], path: Path, what: Any) -> None:
        """On the writer's thread. The media goes on without it: an index is made again."""
        try:
            append(path, what)
        except OSError as error:
            if not self._failed:
                log.warn("{path}: cannot be written: {why}", path=str(path), why=error.strerror)
            self._failed = True
