"""The server's socket for hmpctl: what it asks for is done with all rights.

The file's permissions decide who may ask: 0600, so the server's user and root.
"""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols import amp
from twisted.python.failure import Failure

from ..bus import administration
from ..errors import DomainError, EngineFaultError
from ..logs import Logger
from ..services.rights import Actor
from ..services.streams import Playing, Streams

log = Logger()

HMPCTL = Actor(None, "hmpctl")
MODE = 0o600


def _declared(failure: Failure) -> Failure:
    """A domain error as it is; any other is logged here and told as a fault."""
    if failure.check(DomainError):
        return failure
    log.failure("what hmpctl asked for failed", failure)
    return Failure(EngineFaultError(f"the server failed: {failure.getErrorMessage()}"))


class _Orders(amp.CommandLocator):
    """What is done for hmpctl."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def _do(self, act: Coroutine[Any, Any, None]) -> Deferred[dict[str, Any]]:
        done: Deferred[Any] = Deferred.fromCoroutine(act)
        return done.addCallbacks(lambda _: {}, _declared)

    @administration.PlayRecording.responder
    def _play(
        self, recording_id: str, address: str, port: int, **playing: Any
    ) -> Deferred[dict[str, Any]]:
        given = {name: value for name, value in playing.items() if value is not None}
        start = self._streams.start(HMPCTL, recording_id, address, port, Playing(**given))
        started: Deferred[Any] = Deferred.fromCoroutine(start)
        return started.addCallbacks(lambda stream_id: {"stream_id": stream_id}, _declared)

    @administration.PauseStream.responder
    def _pause(self, stream_id: str) -> Deferred[dict[str, Any]]:
        return self._do(self._streams.pause(HMPCTL, stream_id))

    @administration.ResumeStream.responder
    def _resume(self, stream_id: str) -> Deferred[dict[str, Any]]:
        return self._do(self._streams.resume(HMPCTL, stream_id))

    @administration.SeekStream.responder
    def _seek(self, stream_id: str, start_s: float) -> Deferred[dict[str, Any]]:
        return self._do(self._streams.seek(HMPCTL, stream_id, start_s))

    @administration.StopStream.responder
    def _stop(self, stream_id: str) -> Deferred[dict[str, Any]]:
        return self._do(self._streams.stop(HMPCTL, stream_id))


class _Factory(Factory):
    """Makes the protocols: AMP's, without its lines in the log for each connection."""

    noisy = False

    def __init__(self, streams: Streams) -> None:
        self._orders = _Orders(streams)

    def buildProtocol(self, addr: IAddress | None) -> amp.BinaryBoxProtocol:
        """A protocol for one more connection."""
        return amp.BinaryBoxProtocol(amp.BoxDispatcher(self._orders))


class AdministrationSocket(Service):
    """Listens while it runs. Without it the server works; hmpctl then says that it cannot ask."""

    def __init__(self, reactor: Any, path: Path, streams: Streams) -> None:
        """``path`` belongs to this server alone, whose data directory is locked."""
        self._reactor = reactor
        self._path = path
        self._streams = streams
        self._port: Any = None

    def startService(self) -> None:
        """Take the place of a socket that a former life left."""
        super().startService()
        self._path.unlink(missing_ok=True)
        endpoint = UNIXServerEndpoint(self._reactor, str(self._path), mode=MODE, wantPID=False)
        endpoint.listen(_Factory(self._streams)).addCallbacks(self._listens, self._failed)

    def stopService(self) -> Deferred[None]:
        """Listen no more; fires when the socket is gone."""
        super().stopService()
        port, self._port = self._port, None
        return succeed(None) if port is None else maybeDeferred(port.stopListening)

    def _listens(self, port: Any) -> None:
        self._port = port

    def _failed(self, failure: Failure) -> None:
        log.error(
            "hmpctl cannot reach this server at {path}: {error}",
            path=self._path,
            error=failure.getErrorMessage(),
        )
