"""The recordings in progress, and the steps that every change to one of them is made of.

:mod:`.recorder` makes commands of these steps, :mod:`.upkeep` what time brings, :mod:`.carry_on`
what a restart asks for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from ..errors import InvalidValueError, SourceUnusableError
from ..logs import Logger
from . import manifest
from .active import ActiveFolder
from .certifier import Certifier
from .disk import DiskThreads
from .lane import Target
from .live import LiveRecording, LiveTrack, RecordingClock
from .receiver import POOL_BYTES, Receiver
from .segments import SegmentFile, is_disk_full
from .source import Source
from .sources import SourceAddress
from .syncing import Syncing
from .writer import Writer

log = Logger()

OnEnded = Callable[[manifest.Recording], None]


class LiveSet:
    """The recordings in progress with all that they share: receiver, writer, disk threads."""

    def __init__(
        self,
        reactor: Any,
        recordings: Path,
        on_ended: OnEnded,
        every_tick: Callable[[float], None],
        *,
        pool_bytes: int = POOL_BYTES,
    ) -> None:
        """Args:
        reactor: runs it all.
        recordings: the folder that holds a folder for each recording.
        on_ended: told of each recording that ends by itself.
        every_tick: called after each tick of the receiver with its time.
        pool_bytes: how much may wait to be written, and as much again for files that hang.
        """
        self.reactor = reactor
        self.active = ActiveFolder(recordings)
        self.disk = DiskThreads(reactor)
        self.certifier = Certifier(reactor, recordings)
        self.writer = Writer(self._segment_failed, pool_bytes)
        self.syncing = Syncing(self.disk.run, self._segment_failed)
        self.receiver = Receiver(reactor, self.writer, every_tick, pool_bytes=pool_bytes)
        self._on_ended = on_ended
        self._recordings: dict[str, LiveRecording] = {}

    def __iter__(self) -> Iterator[LiveRecording]:
        return iter(list(self._recordings.values()))

    def __len__(self) -> int:
        return len(self._recordings)

    def get(self, recording_id: str) -> LiveRecording | None:
        """The recording in progress with this ID, unless it has ended already."""
        live = self._recordings.get(recording_id)
        return None if live is None or live.ended else live

    def acquire(self, tracks: Iterable[manifest.Track], *, patient: bool = False) -> list[Source]:
        """Hold the sources of these tracks, all or none.

        Args:
            tracks: whose sources.
            patient: sources that cannot be opened are tried again each second.

        Raises:
            SourceUnusableError: one of them cannot be received; the message says which and why.
        """
        held: list[Source] = []
        try:
            for track in tracks:
                address = SourceAddress.parse(track.url, track.interface)
                held.append(self.receiver.acquire(address, patient=patient))
        except InvalidValueError as error:
            self.release(held)
            raise SourceUnusableError(str(error)) from error
        except BaseException:
            self.release(held)
            raise
        return held

    def release(self, sources: Iterable[Source]) -> None:
        """Hold these sources no more."""
        for source in sources:
            self.receiver.release(source)

    def add(
        self,
        recording: manifest.Recording,
        sources: list[Source],
        clock: RecordingClock,
        next_numbers: dict[int, int],
    ) -> LiveRecording:
        """Have a recording in progress; it does not run yet.

        Args:
            recording: what is known of it.
            sources: held for its tracks, in their order.
            clock: its clock.
            next_numbers: the number of each track's next segment, by track; 1 where none is given.
        """
        folder = manifest.folder_of(self.active.recordings, recording.id)
        live = LiveRecording(folder, recording, clock)
        for track, source in zip(recording.tracks, sources, strict=True):
            number = next_numbers.get(track.number, 1)
            on_segment = self._saver(live)
            live.tracks.append(
                LiveTrack(folder, track, source, clock, number, on_segment, self.writer, live.lane)
            )
        self._recordings[live.id] = live
        return live

    def watch(self, now: float) -> None:
        """See to it that a file that hangs costs no recording but its own; called each tick."""
        pool = self.receiver.pool
        self.writer.watch(now, hurry=pool.in_use > pool.limit // 2)

    def run(self, live: LiveRecording) -> None:
        """Record from this moment on: nothing that came before, everything that comes after."""
        live.run(self.receiver.cut(live.sources), self.receiver.counts)

    def hold(self, live: LiveRecording) -> list[SegmentFile]:
        """Record up to this moment; gives the segments that :meth:`close` is for."""
        return live.hold(self.receiver.cut(live.sources), self.receiver.counts)

    def snapshot(self, live: LiveRecording) -> manifest.Recording:
        """The recording as its manifest has it now."""
        return live.snapshot(time.monotonic(), self.receiver.counts)

    async def close(self, live: LiveRecording, segments: list[SegmentFile]) -> str:
        """Close a recording's segments when all that was given to the writer is written, durably.

        Returns:
            Why one of them could not be; empty if all were.
        """
        written: Deferred[None] = Deferred()
        self.writer.when_written(
            live.lane, lambda: self.reactor.callFromThread(written.callback, None)
        )
        await written
        return await self.disk.run(_close_all, segments)

    async def save(self, live: LiveRecording) -> None:
        """Replace ``recording.json``, durably.

        Raises:
            OSError: it cannot be written.
        """
        await live.saving.run(lambda: self.disk.run(self.active.save, self.snapshot(live)))

    async def end(
        self, live: LiveRecording, state: manifest.State, reason: str
    ) -> manifest.Recording:
        """End a recording with all that it has.

        Call it with the recording's lock held.

        Args:
            live: the recording, not ended yet.
            state: FINISHED or ERROR; what cannot be written makes it ERROR.
            reason: why it is ERROR.

        Raises:
            OSError: ``recording.json`` cannot be written. The marker stays, so that the next start
                of the engine finishes the recording.
        """
        live.ended = True
        segments = self.hold(live)
        self.release(track.source for track in live.tracks)
        try:
            trouble = await self.close(live, segments)
            await live.repaired
            live.state = "ERROR" if trouble else state
            live.reason = reason or trouble
            recording = self.snapshot(live)
            await self.disk.run(self.active.save, recording)
            await self.disk.run(self.certifier.remember, live.id)
            await self.disk.run(self.active.unmark, live.id)
        finally:
            self.forget(live)
        self.certifier.want(live.id)
        return recording

    def forget(self, live: LiveRecording) -> None:
        """The recording is no longer in progress here."""
        live.ended = True
        self._recordings.pop(live.id, None)

    def fail(self, live: LiveRecording, reason: str) -> Deferred[None]:
        """End a recording by itself, in the state ERROR, and tell of it."""
        return live.lock.run(Deferred.fromCoroutine, self._fail(live, reason))

    def told(self, recording: manifest.Recording) -> None:
        """Tell of a recording that ended by itself."""
        self._on_ended(recording)

    async def _fail(self, live: LiveRecording, reason: str) -> None:
        if live.ended:
            return
        log.error("recording {id}: ends with what it has: {reason}", id=live.id, reason=reason)
        try:
            recording = await self.end(live, "ERROR", reason)
        except OSError as error:
            log.error(
                "recording {id}: {folder}/recording.json cannot be replaced: {why}; the next start "
                "of the engine finishes it",
                id=live.id,
                folder=str(live.folder),
                why=error.strerror,
            )
            recording = self.snapshot(live)
        self.told(recording)

    def segment_failed(self, target: Target, error: OSError) -> None:
        """End the recording that a segment belongs to, because it cannot be written."""
        for live in self._recordings.values():
            for track in live.tracks:
                if track.segment is not None and track.segment is target:
                    self.fail(live, why_not_written(track.segment.path, error))

    def _segment_failed(self, target: Target, error: OSError) -> None:
        self.reactor.callFromThread(self.segment_failed, target, error)

    def _saver(self, live: LiveRecording) -> Callable[[], None]:
        """What has the manifest replaced soon, once however many segments begin meanwhile."""

        async def save() -> None:
            live.save_wanted = False
            if live.ended:
                return
            try:
                await self.save(live)
            except OSError as error:
                reason = why_not_written(live.folder / manifest.NAME, error)
                self.reactor.callLater(0, self.fail, live, reason)

        def wanted() -> None:
            if not live.save_wanted:
                live.save_wanted = True
                live.lock.run(lambda: Deferred.fromCoroutine(save()))

        return wanted


def why_not_written(path: Path, error: OSError) -> str:
    """A failed write in words."""
    if is_disk_full(error):
        return f"the disk is full: {path} cannot be written ({error.strerror})"
    return f"{path} cannot be written: {error.strerror}"


def _close_all(segments: list[SegmentFile]) -> str:
    trouble = ""
    for segment in segments:
        try:
            segment.close()
        except OSError as error:
            trouble = why_not_written(segment.path, error)
        if segment.failure is not None:
            trouble = why_not_written(segment.path, segment.failure)
    return trouble
