"""A recording in progress: its clock, its tracks, and what its manifest says at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredLock, succeed

from ..clocks import wall_ahead
from ..logs import Logger
from . import manifest
from .counts import Counts
from .lane import Lane, Target
from .report import Report
from .segments import SegmentFile
from .source import Source
from .source_watch import Happening
from .track_record import TrackRecord
from .writer import Writer

CountsOf = Callable[[Source], Counts]

log = Logger()


class RecordingClock:
    """Runs while the recording does, pauses left out. Its times are a monotonic clock's."""

    def __init__(self, base_s: float) -> None:
        self._base_s = base_s
        self._since: float | None = None

    def run(self, now: float) -> None:
        """Go on."""
        if self._since is None:
            self._since = now

    def hold(self, now: float) -> None:
        """Stand still."""
        self._base_s, self._since = self.at(now), None

    def at(self, now: float) -> float:
        """What it shows, in seconds."""
        return self._base_s if self._since is None else self._base_s + max(0.0, now - self._since)


class LiveTrack:
    """What one source gives to the recording; a sink of that source while the recording runs."""

    def __init__(
        self,
        folder: Path,
        before: manifest.Track,
        source: Source,
        clock: RecordingClock,
        next_number: int,
        on_segment: Callable[[], None],
        writer: Writer,
        lane: Lane,
    ) -> None:
        """Args:
        folder: the recording's.
        before: what the track has already.
        source: held for this track.
        clock: the recording's.
        next_number: of its next segment.
        on_segment: called as each segment begins.
        writer: appends to its files.
        lane: the recording's.
        """
        self.before = before
        """What it had before this life of the engine; replaced when that is repaired."""
        self.first_number = next_number
        self.source = source
        self._folder, self._clock, self._lane = folder, clock, lane
        self._next_number = next_number
        self._on_segment = on_segment
        self._segment: SegmentFile | None = None
        self._closed: list[SegmentFile] = []
        self._counted = Counts()
        self._since: Counts | None = None
        self._record = TrackRecord(folder, before.number, clock.at, writer, lane)

    @property
    def segment(self) -> SegmentFile | None:
        """The segment that is written at present."""
        return self._segment

    def segment_at(self, now: float) -> SegmentFile:
        """The segment that bytes received at ``now`` are appended to; begun if there is none."""
        segment = self._segment
        if segment is None:
            segment = self._begin(now)
        segment.last_at = now
        return segment

    def arrived(self, when: float) -> None:
        """The last of what was appended came at ``when``."""
        segment = self._segment
        # Within the last tick; further off, the wall clock was set between the two.
        if segment is not None and segment.last_at - 1.0 < when < segment.last_at:
            segment.last_at = max(segment.first_at, when)

    def take(self, report: Report) -> None:
        """Take what was found of what was received."""
        self._record.take(report, self._segment)

    @property
    def missed(self) -> int:
        """Datagrams that were lost because its files hung; of the source's mean size."""
        missed = sum(file.missed for file in self._files)
        return round(missed * self.source.datagrams / self.source.bytes) if missed else 0

    def tell(self, happening: Happening) -> None:
        """Have something among the recording's events that its source knows nothing of."""
        self._record.tell([happening], wall_ahead())

    def attach(self, counts: Counts) -> None:
        """Take what the source receives from now on."""
        self._record.begin(counts.packets)
        self._since = counts
        self.source.sinks.append(self)

    def detach(self, counts: Counts) -> SegmentFile | None:
        """Take no more; gives the segment that is to be closed, if there is one."""
        if self._since is not None:
            self._counted += counts - self._since
            self._since = None
            self.source.sinks.remove(self)
        segment, self._segment = self._segment, None
        if segment is not None:
            self._closed.append(segment)
        return segment

    def entry(self, counts: Counts) -> manifest.Track:
        """What the manifest says of it, the source's counters being ``counts``."""
        counted = self._counted + (counts - self._since if self._since is not None else Counts())
        if missed := self.missed:
            counted.inspected["thrown_away"] += missed
        # A segment begun, of which nothing has reached the disk, is as good as none.
        begun = tuple(file.entry() for file in self._files if file.written)
        before = self.before
        # Spelled out, because it is done for every track each second.
        return manifest.Track(
            number=before.number,
            source_id=before.source_id,
            source_name=before.source_name,
            url=before.url,
            interface=before.interface,
            segments=before.segments + begun,
            bytes=before.bytes + sum(segment.bytes for segment in begun),
            datagrams=before.datagrams + counted.datagrams - missed,
            lost_datagrams=before.lost_datagrams + counted.lost_datagrams + missed,
            left_out_bytes=before.left_out_bytes + counted.left_out_bytes,
            continuity_errors=before.continuity_errors + counted.continuity_errors,
            integrity=before.integrity.plus(
                counted.inspected, counted.continuity_by_pid, self._record.extremes
            ),
        )

    @property
    def _files(self) -> list[SegmentFile]:
        return [*self._closed, *([self._segment] if self._segment is not None else [])]

    def _begin(self, now: float) -> SegmentFile:
        number = self._next_number
        self._next_number += 1
        self._segment = SegmentFile(
            manifest.segment_path(self._folder, self.before.number, number),
            number,
            started=wall_ahead() + now,
            offset_s=self._clock.at(now),
            now=now,
            lane=self._lane,
        )
        self._on_segment()
        return self._segment


class LiveRecording:
    """A recording in progress."""

    def __init__(self, folder: Path, recording: manifest.Recording, clock: RecordingClock) -> None:
        self.id = recording.id
        self.folder = folder
        self.created = recording.created
        self.state: manifest.State = recording.state
        self.reason = ""
        self.clock = clock
        self.lane = Lane(self._held_up, self._caught_up)
        self._missed_before: list[int] = []
        """What each track had lost when its files last began to hang."""
        self.tracks: list[LiveTrack] = []
        self.lock = DeferredLock()
        """Held by each command, so that one begins when the one before has ended."""
        self.saving = DeferredLock()
        """Held while ``recording.json`` is replaced, by a command or by a repair after a crash."""
        self.ended = False
        self.save_wanted = False
        self.repaired: Deferred[None] = succeed(None)
        """Fires when what a former life left has been closed."""

    @property
    def sources(self) -> list[Source]:
        """What its tracks are received from, in their order."""
        return [track.source for track in self.tracks]

    def run(self, now: float, counts_of: CountsOf) -> None:
        """Record from now on."""
        self.state = "RECORDING"
        self.clock.run(now)
        for track in self.tracks:
            track.attach(counts_of(track.source))

    def hold(self, now: float, counts_of: CountsOf) -> list[SegmentFile]:
        """Record no more, the state left as it is; gives the segments that are to be closed."""
        self.clock.hold(now)
        detached = [track.detach(counts_of(track.source)) for track in self.tracks]
        return [segment for segment in detached if segment is not None]

    def snapshot(self, now: float, counts_of: CountsOf) -> manifest.Recording:
        """The recording as its manifest has it."""
        return manifest.Recording(
            id=self.id,
            state=self.state,
            created=self.created,
            duration_s=self.clock.at(now),
            reason=self.reason,
            tracks=tuple(track.entry(counts_of(track.source)) for track in self.tracks),
        )

    def _held_up(self, target: Target) -> None:
        self._missed_before = [track.missed for track in self.tracks]
        log.error(
            "recording {id}: {file} takes nothing; the other recordings go on without it, and "
            "what comes for this one waits in memory. Is its disk or its server gone?",
            id=self.id,
            file=str(target),
        )
        for track in self.tracks:
            track.tell(Happening(time.monotonic(), "stalled", f"{target} takes nothing"))

    def _caught_up(self, seconds: float) -> None:
        lost = [
            track.missed - before
            for track, before in zip(self.tracks, self._missed_before, strict=True)
        ]
        text = "its files were written to again after {:.1f} s; {} datagrams were lost"
        log.warn(f"recording {{id}}: {text.format(seconds, sum(lost))}", id=self.id)
        for track, count in zip(self.tracks, lost, strict=True):
            at = time.monotonic() - seconds
            track.tell(Happening(at, "stall", text.format(seconds, count), seconds))
