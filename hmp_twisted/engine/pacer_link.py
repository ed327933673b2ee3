"""The engine's end of the pacer: started with the engine, and again if it dies.

It knows streams by their IDs only. Who ordered a stream is told of what the pacer says about it,
and of the pacer's death.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from zope.interface import implementer

from ..errors import StreamFailedError
from ..logs import Logger
from .pacer.control import Message, receive, send
from .process import Child, EngineReactor, Exit, module_command, spawn_python

_SOCKET_BUFFER = 1 << 20
_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 256 * 1024
SILENCE_S = 5.0
"""A pacer that has streams and says nothing for so long hangs."""


@implementer(IReadDescriptor)
class PacerLink:
    """One pacer at a time."""

    log = Logger()

    def __init__(
        self,
        reactor: EngineReactor,
        on_message: Callable[[Message], None],
        on_lost: Callable[[str], None],
        is_busy: Callable[[], bool],
    ) -> None:
        """``on_lost`` is told why, after the last message of the pacer that died.

        While it ``is_busy`` with a stream a pacer tells of it twice a second; one that is silent
        for :data:`SILENCE_S` hangs, and is killed.
        """
        self._reactor = reactor
        self._on_message = on_message
        self._on_lost = on_lost
        self._is_busy = is_busy
        self._heard = 0.0
        self._watch: IDelayedCall | None = None
        self._socket: socket.socket | None = None
        self._child: Child | None = None
        self.generation = 0
        """Which pacer this is, counted from 1: streams given to a former one are gone."""

    @property
    def pid(self) -> int | None:
        """The pacer's process ID, none if none runs."""
        return self._child.pid if self._child is not None else None

    def ensure(self) -> None:
        """Start the pacer unless one runs; StreamFailedError if it cannot be started."""
        if self._socket is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._child = self._spawn(theirs)
        except OSError as error:
            ours.close()
            raise StreamFailedError(f"the pacer cannot be started: {error}") from error
        finally:
            theirs.close()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER)
        self._socket = ours
        self.generation += 1
        self._reactor.addReader(self)
        self._listen()
        self.log.info("pacer started, pid {pid}", pid=self.pid)

    def send(self, message: Message, *descriptors: int) -> None:
        """Order something; descriptors are duplicated.

        Raises:
            StreamFailedError: the pacer is gone or does not read.
        """
        try:
            if self._socket is None:
                raise ConnectionError("it is not running")
            send(self._socket, message, *descriptors)
        except OSError as error:
            raise StreamFailedError(f"the pacer cannot be told: {error}") from error

    def drain(self) -> None:
        """Take everything that the pacer has said so far."""
        while self._socket is not None:
            try:
                message, _ = receive(self._socket)
            except BlockingIOError:
                return
            if message is None:
                self._lose("it ended")
            else:
                self._heard = self._reactor.seconds()
                self._on_message(message)

    def close(self) -> Deferred[None]:
        """End the pacer; fires when it is gone."""
        self._hang_up()
        return self._child.stop() if self._child is not None else succeed(None)

    # IReadDescriptor, under Twisted's names

    def fileno(self) -> int:
        """The socket's descriptor, -1 when there is none."""
        return -1 if self._socket is None else self._socket.fileno()

    def doRead(self) -> None:
        """The pacer said something, or is gone."""
        self.drain()

    def connectionLost(self, reason: object) -> None:
        """The reactor drops us."""
        self._hang_up()

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "pacer"

    def _spawn(self, theirs: socket.socket) -> Child:
        arguments, environment = module_command("hmp_twisted.engine.pacer")
        return spawn_python(
            self._reactor,
            "pacer",
            arguments,
            self._exited,
            stdin=theirs.fileno(),
            environment=environment,
        )

    def _exited(self, outcome: Exit) -> None:
        if not outcome.is_clean:
            self.log.debug("pacer {how}", how=outcome.describe())

    def _listen(self) -> None:
        """Look now and then whether a busy pacer still tells of itself."""
        self._heard = self._reactor.seconds()
        self._watch = self._reactor.callLater(SILENCE_S / 4, self._look)

    def _look(self) -> None:
        now = self._reactor.seconds()
        if not self._is_busy():
            self._heard = now
        if now - self._heard > SILENCE_S:
            self.log.error("pacer {pid} hangs: killed", pid=self.pid)
            self._lose(f"it was silent for {SILENCE_S:.0f} s")
        else:
            self._watch = self._reactor.callLater(SILENCE_S / 4, self._look)

    def _lose(self, reason: str) -> None:
        self._hang_up()
        if self._child is not None:  # one that only closed its socket must not send on
            self._child.signal(signal.SIGKILL)
        self.log.error("pacer lost ({reason}): its streams go on with a new one", reason=reason)
        self._on_lost(reason)

    def _hang_up(self) -> None:
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        if self._socket is not None:
            self._reactor.removeReader(self)
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def make_pipe() -> tuple[int, int]:
    """A pipe that holds some tenths of a second, so that a busy machine does not stall a stream."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    # Refused where the user has many pipes already: the default of 64 KiB does then.
    with contextlib.suppress(OSError):
        fcntl.fcntl(writing, _F_SETPIPE_SZ, _PIPE_BYTES)
    return reading, writing
