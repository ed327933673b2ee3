"""The engine's end of the bus: each order is carried to the recorder or the restreamer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure

from .. import __version__
from ..engine import manifest
from ..engine.recorder import Recorder
from ..engine.restreamer import Restreamer
from ..engine.sources import SourceAddress
from ..errors import DomainError, EngineFaultError
from ..logs import Logger
from . import messages
from .live import LiveFeed, WatchSource
from .quiet import QuietAMP
from .status import page_of

log = Logger()

T = TypeVar("T")


def _page(entries: list[dict[str, Any]], by: str, after: str) -> list[dict[str, Any]]:
    """The next entries behind the ID ``after``."""
    return sorted((e for e in entries if e[by] > after), key=lambda e: e[by])[: messages.PAGE]


def _declared(failure: Failure) -> Failure:
    """A failure that the bus declares; any other is logged here and told as a fault."""
    if failure.check(*messages.DECLARED):
        return failure
    log.failure("an order to the media engine failed", failure)
    return Failure(EngineFaultError(failure.getErrorMessage()))


class EngineProtocol(QuietAMP):
    """One connection to the media engine: a server's, or hmpctl's."""

    def __init__(self, bus: EngineBus) -> None:
        super().__init__()
        self._bus = bus

    def _do(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[dict[str, Any]]:
        done = maybeDeferred(act, *args, **kwargs)
        done.addErrback(_declared)
        return done.addCallback(lambda _: {})

    @messages.Attach.responder
    def _attach(self, protocol: int) -> dict[str, Any]:
        if protocol == messages.PROTOCOL:
            self._bus.attached.add(self)
        return {"protocol": messages.PROTOCOL, "version": __version__, "pid": os.getpid()}

    @messages.StartRecording.responder
    def _start_recording(self, recording_id: str, tracks: list[dict[str, Any]]) -> Any:
        wanted = [manifest.Track(**track) for track in tracks]
        return self._do(self._bus.recorder.start, recording_id, wanted)

    @messages.PauseRecording.responder
    def _pause_recording(self, recording_id: str) -> Any:
        return self._do(self._bus.recorder.pause, recording_id)

    @messages.ResumeRecording.responder
    def _resume_recording(self, recording_id: str) -> Any:
        return self._do(self._bus.recorder.resume, recording_id)

    @messages.StopRecording.responder
    def _stop_recording(self, recording_id: str) -> Any:
        stopped = maybeDeferred(self._bus.recorder.stop, recording_id)
        stopped.addCallbacks(lambda r: {"state": r.state, "duration_s": r.duration_s}, _declared)
        return stopped

    @messages.ReadClock.responder
    def _read_clock(self, recording_id: str) -> Any:
        read = maybeDeferred(self._bus.recorder.clock, recording_id)
        return read.addCallbacks(lambda seconds: {"seconds": seconds}, _declared)

    @messages.RefreshManifest.responder
    def _refresh_manifest(self, recording_id: str) -> Any:
        return self._do(self._bus.recorder.refresh, recording_id)

    @messages.ListRecordings.responder
    def _list_recordings(self, after: str) -> dict[str, Any]:
        entries = [
            {"recording_id": r.id, "state": r.state, "duration_s": r.duration_s}
            for r in self._bus.recorder.active()
        ]
        return {"recordings": _page(entries, "recording_id", after)}

    @messages.StartStream.responder
    def _start_stream(
        self, stream_id: str, recording_id: str, address: str, port: int, **options: Any
    ) -> Any:
        return self._do(
            self._bus.restreamer.start, stream_id, recording_id, address, port, **options
        )

    @messages.StopStream.responder
    def _stop_stream(self, stream_id: str) -> Any:
        return self._do(self._bus.restreamer.stop, stream_id)

    @messages.PauseStream.responder
    def _pause_stream(self, stream_id: str) -> Any:
        return self._do(self._bus.restreamer.pause, stream_id)

    @messages.ResumeStream.responder
    def _resume_stream(self, stream_id: str) -> Any:
        return self._do(self._bus.restreamer.resume, stream_id)

    @messages.SeekStream.responder
    def _seek_stream(self, stream_id: str, start_s: float) -> Any:
        return self._do(self._bus.restreamer.seek, stream_id, start_s)

    @messages.ListStreams.responder
    def _list_streams(self, after: str) -> dict[str, Any]:
        entries = [
            {
                name: getattr(s, name)
                for name in ("stream_id", "recording_id", "position_s", "state")
            }
            for s in self._bus.restreamer.streams()
        ]
        return {"streams": _page(entries, "stream_id", after)}

    @messages.ReadStatus.responder
    def _read_status(self, after: str) -> dict[str, Any]:
        status = {
            "version": __version__,
            "pid": os.getpid(),
            "recorder": self._bus.recorder.status(),
            "restreamer": self._bus.restreamer.status(),
        }
        return {"status": page_of(status, after)}

    @messages.TryReception.responder
    def _try_reception(self, url: str, interface: str) -> Any:
        tried = maybeDeferred(lambda: self._bus.trial(SourceAddress.parse(url, interface)))
        return tried.addCallbacks(lambda heard: {"heard": json.dumps(heard)}, _declared)

    @WatchSource.responder
    def _watch_source(self, url: str, interface: str) -> Any:
        opened = maybeDeferred(self._bus.recorder.watches.open, url, interface)
        return opened.addCallbacks(LiveFeed, _declared)

    def connectionMade(self) -> None:
        """One more that the engine's end has to be told to."""
        super().connectionMade()
        self._bus.connections.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the engine that this server, or hmpctl, is gone."""
        super().connectionLost(reason)
        self._bus.detach(self)


class EngineBus(Factory):
    """Makes the protocols, and tells attached servers what happens by itself."""

    noisy = False

    def __init__(self) -> None:
        self.recorder: Recorder
        self.restreamer: Restreamer
        self.trial: Callable[[SourceAddress], Deferred[dict[str, Any]]]
        """Listens at an address for a while, fires with what came."""
        self.attached: set[EngineProtocol] = set()
        self.connections: set[EngineProtocol] = set()

    def buildProtocol(self, addr: IAddress | None) -> EngineProtocol:
        """A protocol for one more connection."""
        return EngineProtocol(self)

    def recording_ended(self, recording: manifest.Recording) -> None:
        """Tell that ``recording`` ended by itself."""
        self._tell(
            messages.RecordingEnded,
            recording_id=recording.id,
            state=recording.state,
            duration_s=recording.duration_s,
            reason=recording.reason,
        )

    def stream_ended(self, stream_id: str, reason: str) -> None:
        """Tell that a stream played to its end (no ``reason``) or failed."""
        self._tell(messages.StreamEnded, stream_id=stream_id, reason=reason)

    def close(self) -> None:
        """Take no more orders and answer no more questions: the engine ends.

        A server that was told what is still recorded while one recording after the other is being
        laid down for the next life would take them for lost, and have the next life stop them.
        """
        for protocol in self.connections:
            if protocol.transport is not None:
                protocol.transport.loseConnection()

    def _tell(self, event: type[amp.Command], **arguments: Any) -> None:
        for protocol in self.attached:
            # A server that is gone finds out by comparing when it is back.
            protocol.callRemote(event, **arguments).addErrback(lambda failure: None)

    def detach(self, protocol: EngineProtocol) -> None:
        """A connection is gone. Recordings go on; streams end with the last server."""
        self.connections.discard(protocol)
        was_attached = protocol in self.attached
        self.attached.discard(protocol)
        if was_attached and not self.attached:
            for stream in self.restreamer.streams():
                log.info("stream {id}: ends, the server is gone", id=stream.stream_id)
                self.restreamer.stop(stream.stream_id).addErrback(
                    lambda failure: failure.trap(DomainError)
                )
