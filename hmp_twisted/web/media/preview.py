"""A preview of what browsers cannot play: ffmpeg codes it anew, small, while it is watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import IProcessTransport, IPushProducer
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ...engine.process import Lines, bound_to_us
from ...logs import Logger
from .ffmpeg import be_nice, preview_arguments
from .viewer import Viewer

log = Logger()

AT_ONCE = 4
"""Previews at the same time; each costs about a third of a core."""


@implementer(IPushProducer)
class Preview(ProcessProtocol):
    """One ffmpeg between a feed and a viewer. What it has no time for is left out."""

    def __init__(self, reactor: Any, ffmpeg: str, name: str, viewer: Viewer) -> None:
        """Start it. Raises OSError if no process can be made."""
        self._name = name
        self._viewer = viewer
        self._paused = False
        self._running = True
        self._lines = Lines()
        arguments = bound_to_us(preview_arguments(ffmpeg))
        reactor.spawnProcess(self, arguments[0], arguments, env={"LC_ALL": "C.UTF-8"})

    def connectionMade(self) -> None:
        """It runs: be told when it has enough to do."""
        be_nice(self._transport.pid)
        cast(Any, self.transport).pipes[0].registerProducer(self, True)

    def send(self, data: bytes) -> None:
        """Code these bytes, if there is time for it."""
        if self._running and not self._paused:
            self._transport.write(data)

    def end(self) -> None:
        """Nothing more comes."""
        if self._running:
            self._transport.signalProcess("KILL")

    def outReceived(self, data: bytes) -> None:
        """Show what was made."""
        self._viewer.send(data)

    def errReceived(self, data: bytes) -> None:
        """Keep its last words."""
        self._lines.feed(data)

    def processExited(self, reason: Failure) -> None:
        """It is gone."""
        self._running = False

    def processEnded(self, reason: Failure) -> None:
        """It is gone, and everything of it was read."""
        said = self._lines.read()
        log.debug("preview of {name} ended: {said}", name=self._name, said=said[-1:])
        self._viewer.end()

    def pauseProducing(self) -> None:
        """It cannot take more just now."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It can again."""
        self._paused = False

    def stopProducing(self) -> None:
        """It takes nothing any more."""
        self._paused = True

    @property
    def _transport(self) -> Any:
        return cast(IProcessTransport, self.transport)


class Previews:
    """Those that run."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether no other may be started."""
        return self._count >= AT_ONCE

    def begin(self) -> Callable[[], None]:
        """Count one more; call what this gives when it has ended."""
        self._count += 1

        def end() -> None:
            self._count -= 1

        return end
