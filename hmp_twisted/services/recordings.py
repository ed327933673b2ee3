"""Recordings: started, paused, resumed and stopped at the media engine, and remembered.

What a user wants is stored apart from what is. An act is checked in the store, done by the engine,
and then noted. If noting fails, the act is undone at the engine where that can be, the command
fails, and the reconciler settles the rest by what is wanted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import attrs

from .. import errors
from ..clocks import Clock
from ..engine.manifest import Track
from ..logs import Logger
from ..store.pool import Store
from ..store.rows import ERROR, PAUSED, RECORDING, RecordingRow
from . import entries
from .endings import End, read_end, what_is_left
from .rights import Actor
from .serial import Serial

log = Logger()


_REFUSALS = (errors.DiskFullError, errors.WriteFailedError, errors.SourceUnusableError)
"""After these the media engine has begun nothing."""


class RecordingEngine(Protocol):
    """What is asked of the media engine here; see :class:`hmp_twisted.bus.client.EngineClient`."""

    async def start_recording(self, recording_id: str, tracks: Sequence[Track]) -> None:
        """Begin a recording."""

    async def pause_recording(self, recording_id: str) -> None:
        """Pause it."""

    async def resume_recording(self, recording_id: str) -> None:
        """Go on with it."""

    async def stop_recording(self, recording_id: str) -> tuple[str, float]:
        """End it; gives its state and duration in seconds."""

    async def read_clock(self, recording_id: str) -> float:
        """The recording's own clock in seconds."""


class Recordings:
    """What can be done with recordings.

    Args:
        recordings_dir: where the media engine writes; read when it no longer knows a recording.
    """

    def __init__(
        self, store: Store, engine: RecordingEngine, clock: Clock, recordings_dir: Path
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._folder = recordings_dir
        self.serial = Serial()
        """Held while something is done to a recording; the reconciler leaves it alone meanwhile."""

    async def start(self, actor: Actor, session_id: str) -> str:
        """Record the session from now on; gives the recording's ID.

        Raises:
            SessionNotFoundError, NotAuthorizedError, NoSourcesError
            DiskFullError, WriteFailedError, SourceUnusableError, EngineUnavailableError,
            EngineFaultError, EngineAnswerError, StoreError: nothing is recorded.
        """
        recording_id = str(uuid4())
        async with self.serial.acting_on(recording_id):
            tracks = await self._store.transact(
                f"begin recording {recording_id} of session {session_id}",
                entries.begin,
                actor,
                session_id,
                recording_id,
                self._clock.seconds(),
            )
            try:
                await self._engine.start_recording(recording_id, tracks)
                await self._settle(recording_id, RECORDING)
            except Exception as error:
                await self._take_back(recording_id, begun=not isinstance(error, _REFUSALS))
                raise
        log.info(
            "recording {recording} of session {session} started by {actor}",
            recording=recording_id,
            session=session_id,
            actor=actor.name,
        )
        return recording_id

    async def pause(self, actor: Actor, recording_id: str) -> None:
        """Record nothing until it is resumed.

        Raises:
            ActiveRecordingNotFoundError, NotAuthorizedError
            WrongStateError: it is paused.
            EngineUnavailableError, EngineFaultError, EngineAnswerError, StoreError
        """
        engine = self._engine
        await self._switch(
            actor, recording_id, PAUSED, engine.pause_recording, engine.resume_recording
        )

    async def resume(self, actor: Actor, recording_id: str) -> None:
        """Record again.

        Raises:
            ActiveRecordingNotFoundError, NotAuthorizedError
            WrongStateError: it is not paused.
            DiskFullError, EngineUnavailableError, EngineFaultError, EngineAnswerError, StoreError
        """
        engine = self._engine
        await self._switch(
            actor, recording_id, RECORDING, engine.resume_recording, engine.pause_recording
        )

    async def stop(self, actor: Actor, recording_id: str) -> None:
        """End the recording when all that it received is on disk.

        Raises:
            ActiveRecordingNotFoundError, NotAuthorizedError
            EngineUnavailableError, EngineFaultError, EngineAnswerError, StoreError
        """
        async with self.serial.acting_on(recording_id):
            await self._find_active(actor, recording_id)
            try:
                end = End(*await self._engine.stop_recording(recording_id))
            except errors.UnknownRecordingError:
                end = await self._store.in_thread(read_end, self._folder, recording_id)
            await self._note_end(recording_id, end)
        log.info(
            "recording {recording} stopped by {actor}", recording=recording_id, actor=actor.name
        )

    async def status(self, actor: Actor, recording_id: str) -> str:
        """RECORDING, PAUSED, FINISHED or ERROR.

        Raises:
            ActiveRecordingNotFoundError, UnreadableStateError
        """
        return await self._store.read(
            f"read the state of recording {recording_id}", entries.state_of, actor, recording_id
        )

    async def clock_s(self, actor: Actor, recording_id: str) -> float:
        """The recording's own clock in seconds; where it stopped, once it has ended.

        Raises:
            ActiveRecordingNotFoundError: none that the actor may see.
            EngineUnavailableError, EngineFaultError, EngineAnswerError
        """
        recording = await self._store.read(
            f"find recording {recording_id}", entries.find_seen, actor, recording_id
        )
        if not recording.is_active:
            return recording.duration_s
        try:
            return await self._engine.read_clock(recording_id)
        except errors.UnknownRecordingError:
            return recording.duration_s

    async def ended(self, recording_id: str, state: str, duration_s: float, reason: str) -> None:
        """Take the media engine's word that a recording ended by itself.

        Raises:
            StoreError: it could not be noted; the reconciler will find it.
        """
        async with self.serial.acting_on(recording_id):
            await self._note_end(recording_id, End(state, duration_s, reason))

    async def _switch(
        self,
        actor: Actor,
        recording_id: str,
        state: str,
        do: Callable[[str], Awaitable[None]],
        undo: Callable[[str], Awaitable[None]],
    ) -> None:
        async with self.serial.acting_on(recording_id):
            recording = await self._find_active(actor, recording_id)
            if recording.state == state:
                raise errors.WrongStateError(f"recording {recording_id} is {state} already")
            try:
                await do(recording_id)
            except errors.WrongStateError:
                pass  # it is so at the engine already: noting it was what failed before
            except errors.UnknownRecordingError as error:
                await self._note_end(
                    recording_id,
                    await self._store.in_thread(read_end, self._folder, recording_id),
                )
                raise errors.ActiveRecordingNotFoundError(
                    f"recording {recording_id} has ended by itself"
                ) from error
            try:
                await self._settle(recording_id, state)
            except Exception:
                await self._try(undo, recording_id)
                raise
        log.info(
            "recording {recording} is {state}, by {actor}",
            recording=recording_id,
            state=state,
            actor=actor.name,
        )

    async def _find_active(self, actor: Actor, recording_id: str) -> RecordingRow:
        return await self._store.read(
            f"find recording {recording_id}", entries.find_active, actor, recording_id
        )

    async def _settle(self, recording_id: str, state: str) -> None:
        name = f"note that recording {recording_id} is {state}"
        await self._store.transact(name, entries.settle, recording_id, state, state)

    async def _note_end(self, recording_id: str, end: End) -> None:
        ended = await self._store.transact(
            f"note the end of recording {recording_id}",
            entries.end,
            recording_id,
            self._clock.seconds(),
            *attrs.astuple(end),
        )
        if ended and end.state == ERROR:
            log.error(
                "recording {recording} ended: {reason}", recording=recording_id, reason=end.reason
            )

    async def _take_back(self, recording_id: str, begun: bool) -> None:
        """Nothing of a start that failed is to remain, whichever half of it happened, but media."""
        if begun:
            await self._try(self._engine.stop_recording, recording_id)
        try:
            left = await self._store.in_thread(
                what_is_left, self._folder, recording_id, may_run=True
            )
            if left is not None:
                await self._note_end(recording_id, left)
                return
            await self._store.transact(
                f"take back recording {recording_id}", entries.forget, recording_id
            )
        except errors.DomainError:
            # Logged by the store. It stays STARTING, which the reconciler takes for never started.
            return

    async def _try(self, act: Callable[[str], Awaitable[object]], recording_id: str) -> None:
        try:
            await act(recording_id)
        except (errors.UnknownRecordingError, errors.EngineUnavailableError):
            return  # nothing to undo; or the reconciler will, when the engine is there again
        except errors.DomainError as error:
            log.warn(
                "recording {recording}: could not be undone at the media engine: {error}",
                recording=recording_id,
                error=error,
            )
