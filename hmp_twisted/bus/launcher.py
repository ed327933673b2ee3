"""Starts a media engine as the server's child, watches it, and starts it again when it ends.

The child ends with the server, however that ends: the kernel sends it SIGTERM when its parent dies.
Its log lines are passed on into the server's log.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from ..logs import Logger, split_relayed

log = Logger()

FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 5.0
HEALTHY_AFTER_S = 10.0
"""An engine that lived this long is started again at once."""

GRACE_S = 15.0
"""Closing segments waits for the disk; after this the child is killed."""


class _Child(ProcessProtocol):
    """One life of the engine's process."""

    def __init__(self, launcher: EngineLauncher) -> None:
        self._launcher = launcher
        self._unfinished = b""

    def outReceived(self, data: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            level, text = split_relayed(line.decode("utf-8", "replace"))
            log.emit(LogLevel.lookupByName(level), "media engine: {text}", text=text)

    errReceived = outReceived

    def processExited(self, reason: Failure) -> None:
        self._launcher.exited(reason)


class EngineLauncher(Service):
    """Keeps a media engine running as a child process.

    Args:
        reactor: spawns the process and keeps the time.
        arguments: the command line behind ``python``; ``--parent`` and our process ID are added.
    """

    def __init__(self, reactor: Any, arguments: Sequence[str]) -> None:
        self._reactor = reactor
        self._arguments = [sys.executable, *arguments]
        self._transport: IProcessTransport | None = None
        self._next: IDelayedCall | None = None
        self._delay = FIRST_DELAY_S
        self._started_at = 0.0
        self._stopped: Deferred[None] | None = None

    def startService(self) -> None:
        """Start the engine as soon as the reactor runs."""
        super().startService()
        # A process spawned before the reactor runs would never be reaped.
        self._reactor.callWhenRunning(self._spawn)

    def stopService(self) -> Deferred[None]:
        """End the engine; fires when it has closed its segments and gone."""
        super().stopService()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._transport is None:
            return succeed(None)
        self._stopped = Deferred()
        self._signal("TERM")
        kill = self._reactor.callLater(GRACE_S, self._kill)
        return self._stopped.addCallback(lambda _: kill.cancel() if kill.active() else None)

    def exited(self, reason: Failure) -> None:
        """The child has ended."""
        self._transport = None
        if self._stopped is not None:
            self._stopped.callback(None)
            return
        if self._reactor.seconds() - self._started_at > HEALTHY_AFTER_S:
            self._delay = FIRST_DELAY_S
        how = "by itself" if reason.check(ProcessDone) else reason.getErrorMessage()
        log.error(
            "the media engine ended ({how}); it is started again in {delay} s",
            how=how,
            delay=self._delay,
        )
        self._next = self._reactor.callLater(self._delay, self._spawn)
        self._delay = min(self._delay * 2, LONGEST_DELAY_S)

    def _spawn(self) -> None:
        self._next = None
        if not self.running:
            return
        self._started_at = self._reactor.seconds()
        # Our process ID only now: twistd forks to the background between wiring and running.
        arguments = [*self._arguments, "--parent", str(os.getpid())]
        self._transport = self._reactor.spawnProcess(
            _Child(self), arguments[0], arguments, env=_environment()
        )
        log.info("media engine started, pid {pid}", pid=getattr(self._transport, "pid", None))

    def _kill(self) -> None:
        log.error("the media engine did not end within {grace} s; it is killed", grace=GRACE_S)
        self._signal("KILL")

    def _signal(self, name: str) -> None:
        if self._transport is not None:
            self._transport.signalProcess(name)


def _environment() -> dict[str, str]:
    """Ours, but the child is not the service that systemd waits for."""
    return {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}


def die_with_parent(parent: int) -> None:
    """Have the kernel send this process SIGTERM when the one that started it ends.

    Args:
        parent: the process ID of who started this one; if that is gone, SIGTERM comes at once.
    """
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
