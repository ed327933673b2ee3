"""Streams: finished recordings played out by the media engine (guide, "Re-streaming").

A stream's row is entered before the engine starts it, so that two starts to one address never both
pass, and taken out again if the engine refuses. A running stream is a row that has no end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar
from uuid import uuid4

import attrs

from .. import errors
from ..clocks import Clock
from ..config import RestreamSettings
from ..logs import Logger
from ..store import queries
from ..store.pool import Store
from ..store.rows import StreamRow
from . import addresses, stream_rows
from .rights import Actor
from .serial import Serial

log = Logger()

T = TypeVar("T")

_REFUSALS = (errors.NoMediaError, errors.StreamFailedError)
"""After these the media engine sends nothing."""


class StreamEngine(Protocol):
    """What is asked of the media engine here; see :class:`hmp_twisted.bus.client.EngineClient`."""

    async def start_stream(
        self,
        stream_id: str,
        recording_id: str,
        address: str,
        port: int,
        *,
        ttl: int,
        interface: str,
        loop: bool,
        start_s: float,
    ) -> None:
        """Play a recording out."""

    async def stop_stream(self, stream_id: str) -> None:
        """End a stream."""

    async def pause_stream(self, stream_id: str) -> None:
        """Let it send nothing."""

    async def resume_stream(self, stream_id: str) -> None:
        """Let it send on."""

    async def seek_stream(self, stream_id: str, start_s: float) -> None:
        """Let it go on elsewhere."""

    async def list_streams(self) -> dict[str, float]:
        """Where each stream is."""


@attrs.frozen
class Playing:
    """How a recording is played out; what is None is as the settings say."""

    start_s: float = 0.0
    """Where it begins, by the recording's clock."""
    loop: bool | None = None
    interface: str | None = None
    """The local address that it leaves from."""
    ttl: int | None = None
    """Of multicast datagrams."""


class Streams:
    """What can be done with streams."""

    def __init__(
        self, store: Store, engine: StreamEngine, settings: RestreamSettings, clock: Clock
    ) -> None:
        self._store = store
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self.serial = Serial()
        """Held while something is done to a stream; the reconciler leaves it alone meanwhile."""

    async def start(
        self,
        actor: Actor,
        recording_id: str,
        address: str,
        port: int,
        playing: Playing = Playing(),
    ) -> str:
        """Play a recording out to an IP address and port; gives the stream's ID.

        Raises:
            RecordingNotFoundError: unknown, not seen, or not ended.
            NotAuthorizedError, SeveralTracksError, AddressInUseError, AddressInUseBySourceError
            NoMediaError: nothing was recorded, or nothing from ``playing.start_s`` on.
            StreamFailedError: it could not be sent; to port 0 nothing can.
            EngineUnavailableError, EngineFaultError, EngineAnswerError, StoreError
        """
        stream = StreamRow(
            id=str(uuid4()),
            recording_id=recording_id,
            address=addresses.plain(address),
            port=port,
            started=self._clock.seconds(),
            ended=None,
            reason="",
        )
        async with self.serial.acting_on(stream.id):
            await self._store.transact(
                f"begin stream {stream.id}", stream_rows.begin, actor, stream
            )
            try:
                await self._start(stream, playing)
            except Exception as error:
                await self._take_back(stream.id, begun=not isinstance(error, _REFUSALS))
                raise
        log.info(
            "stream {stream} of recording {recording} to {address}:{port} started by {actor}",
            stream=stream.id,
            recording=recording_id,
            address=stream.address,
            port=port,
            actor=actor.name,
        )
        return stream.id

    async def stop(self, actor: Actor, stream_id: str) -> None:
        """End a stream.

        Raises:
            StreamNotFoundError: unknown, not seen, stopped or played to its end.
            NotAuthorizedError, EngineUnavailableError, EngineFaultError, EngineAnswerError,
            StoreError
        """
        async with self.serial.acting_on(stream_id):
            await self._store.read(
                f"find stream {stream_id}", stream_rows.check_running, actor, stream_id
            )
            try:
                await self._engine.stop_stream(stream_id)
            except errors.UnknownStreamError as error:
                await self._note_end(stream_id, "")
                raise errors.StreamNotFoundError(f"stream {stream_id} has ended") from error
            await self._note_end(stream_id, "")
        log.info("stream {stream} stopped by {actor}", stream=stream_id, actor=actor.name)

    async def pause(self, actor: Actor, stream_id: str) -> None:
        """Let a stream send nothing; its address stays taken. Raises as :meth:`seek`."""
        await self._change(actor, stream_id, "paused", self._engine.pause_stream, stream_id)

    async def resume(self, actor: Actor, stream_id: str) -> None:
        """Let it send on from where it paused. Raises as :meth:`seek`."""
        await self._change(actor, stream_id, "resumed", self._engine.resume_stream, stream_id)

    async def seek(self, actor: Actor, stream_id: str, start_s: float) -> None:
        """Let it go on ``start_s`` seconds into the recording.

        Raises:
            StreamNotFoundError, NotAuthorizedError
            WrongStateError: it is paused already, is not paused, or everything of it was sent.
            NoMediaError: the recording has ended by then.
            EngineUnavailableError, EngineFaultError, EngineAnswerError, StoreError
        """
        what = f"moved to {start_s:.3f} s"
        await self._change(actor, stream_id, what, self._engine.seek_stream, stream_id, start_s)

    async def positions(self) -> Mapping[str, float]:
        """Where each running stream is, in seconds of its recording's clock, by ID.

        Raises:
            EngineUnavailableError, EngineFaultError, EngineAnswerError
        """
        return await self._engine.list_streams()

    async def _change(
        self,
        actor: Actor,
        stream_id: str,
        what: str,
        order: Callable[..., Awaitable[None]],
        *details: object,
    ) -> None:
        async with self.serial.acting_on(stream_id):
            await self._store.read(
                f"find stream {stream_id}", stream_rows.check_running, actor, stream_id
            )
            try:
                await order(*details)
            except errors.UnknownStreamError as error:
                raise errors.StreamNotFoundError(f"stream {stream_id} has ended") from error
        log.info("stream {stream} {what} by {actor}", stream=stream_id, what=what, actor=actor.name)

    async def ended(self, stream_id: str, reason: str) -> None:
        """Take the media engine's word that a stream ended; ``reason`` is empty at its end.

        Raises:
            StoreError: it could not be noted; the reconciler will find it.
        """
        async with self.serial.acting_on(stream_id):
            await self._note_end(stream_id, reason)
        if reason:
            log.error("stream {stream} ended: {reason}", stream=stream_id, reason=reason)
        else:
            log.info("stream {stream} has played to its end", stream=stream_id)

    async def close(self) -> None:
        """End every stream: the server stops. What fails is logged, and the rest goes on."""
        try:
            running = await self._store.read("find running streams", queries.running_streams)
        except errors.DomainError as error:
            log.error("streams could not be ended: {error}", error=error)
            return
        for stream in running:
            try:
                await self._close(stream.id)
            except errors.DomainError as error:
                log.warn(
                    "stream {stream} could not be ended: {error}", stream=stream.id, error=error
                )

    async def _close(self, stream_id: str) -> None:
        async with self.serial.acting_on(stream_id):
            with suppress(errors.UnknownStreamError):  # it ended by itself meanwhile
                await self._engine.stop_stream(stream_id)
            await self._note_end(stream_id, "")

    async def _start(self, stream: StreamRow, playing: Playing) -> None:
        if stream.port == 0:
            raise errors.StreamFailedError("nothing can be sent to port 0")
        await self._engine.start_stream(
            stream.id,
            stream.recording_id,
            stream.address,
            stream.port,
            ttl=_given(playing.ttl, self._settings.multicast_ttl),
            interface=_given(playing.interface, self._settings.interface),
            loop=_given(playing.loop, self._settings.loop),
            start_s=playing.start_s,
        )

    async def _note_end(self, stream_id: str, reason: str) -> None:
        name = f"note the end of stream {stream_id}"
        await self._store.transact(name, stream_rows.end, stream_id, self._clock.seconds(), reason)

    async def _take_back(self, stream_id: str, begun: bool) -> None:
        """Nothing of a start that failed is to remain, whichever half of it happened."""
        try:
            if begun:
                await self._engine.stop_stream(stream_id)
        except (errors.UnknownStreamError, errors.EngineUnavailableError):
            pass  # nothing to undo; or the reconciler will, when the engine is there again
        except errors.DomainError as error:
            log.warn("stream {stream} could not be undone: {error}", stream=stream_id, error=error)
        try:
            await self._store.transact(
                f"take back stream {stream_id}", stream_rows.forget, stream_id
            )
        except errors.DomainError:
            return  # logged by the store; the reconciler ends what the engine does not run


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
