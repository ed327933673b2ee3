"""The server's end of the bus: one coroutine an order to the media engine.

Every method raises the errors that :mod:`~hmp_twisted.bus.messages` declares for it, and besides
:class:`~hmp_twisted.errors.EngineUnavailableError` (no connection, or none any more),
:class:`~hmp_twisted.errors.EngineFaultError` (the engine failed in a way it does not declare) and
:class:`~hmp_twisted.errors.EngineAnswerError` (its answer cannot be read).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IStreamClientEndpoint, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure

from ..engine.manifest import Track
from ..errors import DomainError, EngineAnswerError, EngineFaultError, EngineUnavailableError
from ..logs import Logger
from . import messages
from .dial import Dialer
from .quiet import QuietAMP
from .status import Report

log = Logger()

ANSWER_WITHIN_S = 30.0
"""A media engine that has not answered by then is taken for gone. A stop waits for the disk."""


@attrs.define
class Events:
    """What the media engine tells by itself; set by who wires the server."""

    attached: Callable[[], Awaitable[None]]
    recording_ended: Callable[[str, str, float, str], Awaitable[None]]
    """ID, state, duration in seconds, reason."""
    stream_ended: Callable[[str, str], Awaitable[None]]
    """ID, reason."""


class _ServerEnd(QuietAMP):
    """The protocol on the server's side; answers the engine's events."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.gone: Deferred[None] = Deferred()

    @messages.RecordingEnded.responder
    def _recording_ended(
        self, recording_id: str, state: str, duration_s: float, reason: str
    ) -> dict[str, Any]:
        self._client.tell(
            lambda events: events.recording_ended(recording_id, state, duration_s, reason)
        )
        return {}

    @messages.StreamEnded.responder
    def _stream_ended(self, stream_id: str, reason: str) -> dict[str, Any]:
        self._client.tell(lambda events: events.stream_ended(stream_id, reason))
        return {}

    def hang_up(self) -> None:
        """Give this connection up at once; it is tried again."""
        if self.transport is not None:
            cast(ITCPTransport, self.transport).abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.gone.callback(None)


class EngineClient:
    """The media engine as the services see it."""

    def __init__(self, reactor: Any, endpoint: IStreamClientEndpoint) -> None:
        self._reactor = reactor
        self._protocol: _ServerEnd | None = None
        self._events: Events | None = None
        self._refusal = ""
        self.service = Dialer(reactor, endpoint, lambda: _ServerEnd(self), self._serve)

    def listen(self, events: Events) -> None:
        """Let ``events`` be told from now on."""
        self._events = events

    @property
    def is_attached(self) -> bool:
        """Whether there is a connection to an engine that speaks our protocol."""
        return self._protocol is not None

    # -- recordings -------------------------------------------------------------------------

    async def start_recording(self, recording_id: str, tracks: Sequence[Track]) -> None:
        """Begin a recording of ``tracks`` now.

        Raises:
            DiskFullError, WriteFailedError, SourceUnusableError: nothing was begun.
        """
        fields = [name.decode() for name, _ in messages.TRACK]
        await self._call(
            messages.StartRecording,
            recording_id=recording_id,
            tracks=[{name: getattr(track, name) for name in fields} for track in tracks],
        )

    async def pause_recording(self, recording_id: str) -> None:
        """Pause it. Raises UnknownRecordingError, WrongStateError."""
        await self._call(messages.PauseRecording, recording_id=recording_id)

    async def resume_recording(self, recording_id: str) -> None:
        """Go on with it. Raises UnknownRecordingError, WrongStateError, DiskFullError."""
        await self._call(messages.ResumeRecording, recording_id=recording_id)

    async def stop_recording(self, recording_id: str) -> tuple[str, float]:
        """End it when all that it received is on disk: its state, its duration in seconds.

        Raises:
            UnknownRecordingError: it has ended.
        """
        answer = await self._call(messages.StopRecording, recording_id=recording_id)
        return answer["state"], answer["duration_s"]

    async def read_clock(self, recording_id: str) -> float:
        """The recording's own clock in seconds. Raises UnknownRecordingError."""
        answer = await self._call(messages.ReadClock, recording_id=recording_id)
        return float(answer["seconds"])

    async def list_recordings(self) -> dict[str, tuple[str, float]]:
        """The active recordings: state and clock in seconds, by ID."""
        entries = await self._pages(messages.ListRecordings, "recordings", "recording_id")
        return {e["recording_id"]: (e["state"], e["duration_s"]) for e in entries}

    # -- streams ----------------------------------------------------------------------------

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
        """Play a recording out; returns when the first datagram is on its way.

        Raises:
            NoMediaError, StreamFailedError: nothing was begun.
        """
        await self._call(
            messages.StartStream,
            stream_id=stream_id,
            recording_id=recording_id,
            address=address,
            port=port,
            ttl=ttl,
            interface=interface,
            loop=loop,
            start_s=start_s,
        )

    async def stop_stream(self, stream_id: str) -> None:
        """End a stream when its last datagram has left. Raises UnknownStreamError."""
        await self._call(messages.StopStream, stream_id=stream_id)

    async def pause_stream(self, stream_id: str) -> None:
        """Let it send nothing. Raises UnknownStreamError, WrongStateError."""
        await self._call(messages.PauseStream, stream_id=stream_id)

    async def resume_stream(self, stream_id: str) -> None:
        """Let it send on. Raises UnknownStreamError, WrongStateError."""
        await self._call(messages.ResumeStream, stream_id=stream_id)

    async def seek_stream(self, stream_id: str, start_s: float) -> None:
        """Let it go on at ``start_s``. Raises UnknownStreamError, WrongStateError, NoMediaError."""
        await self._call(messages.SeekStream, stream_id=stream_id, start_s=start_s)

    async def list_streams(self) -> dict[str, float]:
        """The running streams: position in seconds, by ID."""
        entries = await self._pages(messages.ListStreams, "streams", "stream_id")
        return {e["stream_id"]: e["position_s"] for e in entries}

    async def read_status(self) -> dict[str, Any]:
        """How the engine is, for people to read."""
        report = Report()
        while report.after is not None:
            answer = await self._call(messages.ReadStatus, after=report.after)
            try:
                report.take(answer["status"])
            except (ValueError, TypeError) as error:
                why = f"the media engine's status is no JSON object: {error}"
                raise EngineAnswerError(why) from error
        return report.whole

    async def try_reception(self, url: str, interface: str) -> dict[str, Any]:
        """What comes of a source within two seconds; see :mod:`hmp_twisted.engine.trial`.

        Raises:
            SourceUnusableError: its socket cannot be opened.
        """
        answer = await self._call(messages.TryReception, url=url, interface=interface)
        return dict(json.loads(answer["heard"]))

    # -- the connection -----------------------------------------------------------------------

    async def _pages(self, command: type[amp.Command], key: str, by: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while page := (await self._call(command, after=found[-1][by] if found else ""))[key]:
            found += page
        return found

    async def _call(self, command: type[amp.Command], **arguments: Any) -> dict[str, Any]:
        if self._protocol is None:
            raise EngineUnavailableError("no connection to the media engine")
        return await self._ask(self._protocol, command, arguments)

    async def _ask(
        self, protocol: _ServerEnd, command: type[amp.Command], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        answer: Deferred[dict[str, Any]] = protocol.callRemote(command, **arguments)
        answer.addTimeout(ANSWER_WITHIN_S, self._reactor)
        try:
            return await answer
        except TimeoutError as error:
            protocol.hang_up()
            raise EngineUnavailableError(f"no answer within {ANSWER_WITHIN_S:g} s") from error
        except ConnectionClosed as error:
            raise EngineUnavailableError("the connection to the media engine was lost") from error
        except (amp.RemoteAmpError, amp.UnhandledCommand) as error:
            raise EngineFaultError(
                f"the media engine failed in {command.__name__}: {error}"
            ) from error
        except DomainError:
            raise
        except Exception as error:  # whatever AMP's parsers raise on an answer of the wrong form
            kind = type(error).__name__  # AMP's TooLong fails when it is shown
            raise EngineAnswerError(
                f"the media engine's answer to {command.__name__} cannot be read: {kind}"
            ) from error

    async def _serve(self, protocol: _ServerEnd) -> None:
        """Use a new connection until it is gone."""
        try:
            await self._attach(protocol)
            self._refusal = ""
            await protocol.gone
            log.warn("the connection to the media engine is gone; it is tried again")
        except DomainError as error:
            if str(error) != self._refusal:  # it is met again at each try
                log.error("cannot work with the media engine: {error}", error=error)
            self._refusal = str(error)
        finally:
            self._protocol = None
            protocol.hang_up()

    async def _attach(self, protocol: _ServerEnd) -> None:
        answer = await self._ask(protocol, messages.Attach, {"protocol": messages.PROTOCOL})
        if answer["protocol"] != messages.PROTOCOL:
            raise EngineAnswerError(
                f"the media engine {answer['version']} speaks bus protocol {answer['protocol']},"
                f" this server {messages.PROTOCOL}: install the same version of both"
            )
        log.info("attached to media engine {version}, pid {pid}", **answer)
        self._protocol = protocol
        self.tell(lambda events: events.attached())

    def tell(self, event: Callable[[Events], Awaitable[None]]) -> None:
        """Pass an event on; a failure in taking it is logged, the next comparison mends it."""
        if self._events is None:
            return
        Deferred.fromCoroutine(_awaited(event(self._events))).addErrback(
            lambda failure: log.failure("the media engine's event was not taken", failure)
        )


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable
