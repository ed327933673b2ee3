"""Compares what should be (the store) with what is (the media engine), and acts on the difference.

The same comparison serves a server that was restarted, an engine that crashed, and a machine that
was rebooted. Every object is looked at under its own lock, so that an act that is going on is never
taken for a difference.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from .. import errors
from ..clocks import Clock
from ..logs import Logger
from ..store import queries
from ..store.pool import Store
from ..store.rows import PAUSED, RECORDING, STARTING, RecordingRow
from . import entries, stream_rows
from .endings import End, read_end, what_is_left
from .recordings import RecordingEngine, Recordings
from .streams import StreamEngine, Streams

log = Logger()

_KEPT = "Its files are kept; hmpctl recording import takes them into the catalogue"
_NO_MEDIA = "It held no media"

Held = dict[str, tuple[str, float]]
"""What the engine holds: state and clock in seconds, by recording ID."""


class ListingEngine(RecordingEngine, StreamEngine, Protocol):
    """What is asked of the media engine here; see :class:`hmp_twisted.bus.client.EngineClient`."""

    async def list_recordings(self) -> Held:
        """The active recordings."""

    async def list_streams(self) -> dict[str, float]:
        """The running streams."""


class Reconciler:
    """Brings the store and the media engine into line.

    Args:
        recordings_dir: where the media engine writes.
        resume_within_s: how long a server may have been away and still carry recordings on.
        away_s: for how long the server was away before this life, if it had a former one.
    """

    def __init__(
        self,
        store: Store,
        engine: ListingEngine,
        recordings: Recordings,
        streams: Streams,
        clock: Clock,
        *,
        recordings_dir: Path,
        resume_within_s: float,
        away_s: float | None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._recordings = recordings
        self._streams = streams
        self._clock = clock
        self._folder = recordings_dir
        self._resume_within_s = resume_within_s
        self._away_s = away_s
        self._is_first = True

    async def compare(self) -> None:
        """Compare once. Without an engine there is nothing to compare with, and nothing is done.

        Raises:
            DomainError: the store or the engine failed in the middle; the next comparison goes on.
        """
        try:
            held = await self._engine.list_recordings()
            playing = await self._engine.list_streams()
        except errors.EngineUnavailableError:
            return
        await self._compare_recordings(held)
        await self._compare_streams(playing)
        self._is_first = False

    # -- recordings -------------------------------------------------------------------------

    async def _compare_recordings(self, held: Held) -> None:
        # The engine was asked first: whatever it holds has been in the store before that.
        active = await self._store.read("find active recordings", queries.active_recordings)
        if self._is_first and self._was_away_too_long():
            log.warn("the server was away for too long: recordings are finished")
            await self._stop_all(active, held)
            return
        for row in active:
            if not self._agree(row, held):
                await self._settle(row.id)
        for recording_id in held.keys() - {row.id for row in active}:
            await self._stop_stray(recording_id)

    @staticmethod
    def _agree(row: RecordingRow, held: Held) -> bool:
        state, _ = held.get(row.id, ("", 0.0))
        return state == row.wanted == row.state

    def _was_away_too_long(self) -> bool:
        return self._away_s is not None and self._away_s > self._resume_within_s

    async def _stop_all(self, active: tuple[RecordingRow, ...], held: Held) -> None:
        for recording_id in {row.id for row in active} | held.keys():
            async with self._recordings.serial.acting_on(recording_id):
                await self._finish(recording_id, recording_id in held)

    async def _settle(self, recording_id: str) -> None:
        """Act on one recording that did not agree, if it still does not."""
        async with self._recordings.serial.acting_on(recording_id):
            name = f"find recording {recording_id}"
            row = await self._store.read(name, queries.find_recording, recording_id)
            held = await self._engine.list_recordings()
            if row is None or not row.is_active or self._agree(row, held):
                return
            if row.state == STARTING:
                await self._never_started(recording_id, recording_id in held)
            elif recording_id not in held:
                await self._finish(recording_id, is_held=False)
            else:
                await self._restore(row, held[recording_id][0])

    async def _restore(self, row: RecordingRow, state: str) -> None:
        """Bring a recording that the engine holds into the state that is wanted."""
        if state != row.wanted:
            act = {PAUSED: self._engine.pause_recording, RECORDING: self._engine.resume_recording}
            await act[row.wanted](row.id)
        log.info("recording {recording} is {state} again", recording=row.id, state=row.wanted)
        name = f"note that recording {row.id} is {row.wanted}"
        await self._store.transact(name, entries.settle, row.id, row.wanted, row.wanted)

    async def _never_started(self, recording_id: str, is_held: bool) -> None:
        """The server died between a start and its answer: nobody was told of this recording."""
        if is_held:
            await self._finish(recording_id, is_held=True)
            return
        if await self._what_is_left(recording_id) is not None:
            await self._finish(recording_id, is_held=False)
            return
        log.warn("recording {recording} was never started: forgotten", recording=recording_id)
        await self._store.transact(f"forget recording {recording_id}", entries.forget, recording_id)

    async def _what_is_left(self, recording_id: str) -> End | None:
        return await self._store.in_thread(what_is_left, self._folder, recording_id, may_run=False)

    async def _finish(self, recording_id: str, is_held: bool) -> None:
        if is_held:
            with suppress(errors.UnknownRecordingError):  # it ended by itself meanwhile
                await self._engine.stop_recording(recording_id)
        end = await self._store.in_thread(read_end, self._folder, recording_id)
        name = f"note the end of recording {recording_id}"
        noted = await self._store.transact(
            name,
            entries.end,
            recording_id,
            self._clock.seconds(),
            end.state,
            end.duration_s,
            end.reason,
        )
        if noted:
            log.warn(
                "recording {recording} has ended: {state}{reason}",
                recording=recording_id,
                state=end.state,
                reason=end.reason and f", {end.reason}",
            )

    async def _stop_stray(self, recording_id: str) -> None:
        """A recording that nobody could stop, since the store does not have it as active."""
        async with self._recordings.serial.acting_on(recording_id):
            name = f"find recording {recording_id}"
            row = await self._store.read(name, queries.find_recording, recording_id)
            if row is not None and row.is_active:
                return
            try:
                await self._engine.stop_recording(recording_id)
            except errors.UnknownRecordingError:
                return
            has_files = row is not None or await self._what_is_left(recording_id) is not None
            known = "had it as ended" if row is not None else "does not know it"
            log.warn(
                "recording {recording} was stopped: the catalogue {known}. {files}",
                recording=recording_id,
                files=_KEPT if has_files else _NO_MEDIA,
                known=known,
            )

    # -- streams ----------------------------------------------------------------------------

    async def _compare_streams(self, playing: dict[str, float]) -> None:
        """Streams do not outlive the server or the engine that ran them."""
        running = await self._store.read("find running streams", queries.running_streams)
        for stream_id in playing.keys() - {row.id for row in running}:
            await self._stop_stream(stream_id)
        for row in running:
            if self._is_first or row.id not in playing:
                await self._end_stream(row.id)

    async def _stop_stream(self, stream_id: str) -> None:
        try:
            await self._engine.stop_stream(stream_id)
        except errors.UnknownStreamError:
            return
        log.warn("stream {stream} was stopped: the store did not know it", stream=stream_id)

    async def _end_stream(self, stream_id: str) -> None:
        async with self._streams.serial.acting_on(stream_id):
            playing = await self._engine.list_streams()
            if stream_id in playing and not self._is_first:
                return
            if stream_id in playing:
                await self._stop_stream(stream_id)
            reason = "the server or its media engine was restarted"
            await self._store.transact(
                f"note the end of stream {stream_id}",
                stream_rows.end,
                stream_id,
                self._clock.seconds(),
                reason,
            )
        log.info("stream {stream} has ended: {reason}", stream=stream_id, reason=reason)
