"""One stream that is played out: its ffmpeg, its place in the pacer, and what becomes of both.

====================  ==========================================================================
state                 what moves it on
====================  ==========================================================================
OPENING               *started* → PLAYING; ffmpeg exits: at the first start it has failed,
                      later → RETRYING; pacer lost → RETRYING
PLAYING               *ended* → FINISHING; ffmpeg exits, pacer lost → RETRYING
RETRYING              its time → OPENING, or ENDED with the reason after too many tries
FINISHING             everything is in the pipe: ffmpeg exits → ENDED
STOPPING              ffmpeg exits → ENDED
ENDED                 nothing: every further input is ignored
====================  ==========================================================================

*failed* (the pacer cannot read the recording) ends it from any state, ``stop`` from any but ENDED.
Being paused is apart from that: a paused stream keeps its place and its ffmpeg, and sends nothing.
"""

from __future__ import annotations

import enum
import os
import signal
from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall

from ..errors import StreamFailedError, WrongStateError
from ..logs import Logger
from .ffmpeg import Destination, sender_arguments
from .pacer.control import Message, Order
from .pacer_link import PacerLink, make_pipe
from .place import Place
from .process import Child, EngineReactor, Exit, spawn
from .route import check_route

START_LIMIT_S = 10.0
"""A first datagram takes 0.1 s; beyond this the start has failed."""
FINISH_LIMIT_S = 5.0
"""How long an ffmpeg may take to send what is in its pipe."""
RETRY_S = (0.1, 0.4, 1.6, 6.4)
"""How long is waited before each try to go on; there are no more tries than these."""
HEALTHY_S = 10.0
"""A stream that ran for so long has all its tries again."""


class State(enum.Enum):
    """See the module's table."""

    OPENING = enum.auto()
    PLAYING = enum.auto()
    RETRYING = enum.auto()
    FINISHING = enum.auto()
    STOPPING = enum.auto()
    ENDED = enum.auto()


class Stream:
    """See the module."""

    log = Logger()

    def __init__(
        self,
        reactor: EngineReactor,
        link: PacerLink,
        find_ffmpeg: Callable[[], str],
        order: Order,
        destination: Destination,
        on_gone: Callable[[Stream, str | None], None],
    ) -> None:
        """Nothing is started yet.

        ``on_gone`` is called once, when it is over: with "" if it played to its end, with the
        reason if it failed, with none if a Deferred of ``start`` or ``stop`` tells.
        """
        self.order = order
        self.destination = destination
        self.state = State.ENDED
        self.is_paused = False
        self._reactor = reactor
        self._link = link
        self._find_ffmpeg = find_ffmpeg
        self._on_gone = on_gone
        self._child: Child | None = None
        self._timer: IDelayedCall | None = None
        self._starting: Deferred[None] | None = None
        self._stopping: list[Deferred[None]] = []
        self._tries = 0
        self._opened = 0.0
        self._place = Place(link, order)

    @property
    def position_s(self) -> float:
        """The recording's clock at what is being sent, to about 0.01 s."""
        return self._place.position_s

    @property
    def pid(self) -> int | None:
        """The process ID of its ffmpeg, none while there is none."""
        return self._child.pid if self._child is not None else None

    def start(self) -> Deferred[None]:
        """Fires when the first datagram is on its way; fails with StreamFailedError."""
        try:
            self._open()
        except StreamFailedError as error:
            self._finish(None)
            return fail(error)
        self._starting = Deferred()
        self._after(START_LIMIT_S, self._fail, f"ffmpeg has sent nothing in {START_LIMIT_S:.0f} s")
        return self._starting

    def stop(self) -> Deferred[None]:
        """Fires when the last datagram has left and ffmpeg is gone."""
        if self.state is State.ENDED:
            return succeed(None)
        stopped: Deferred[None] = Deferred()
        self._stopping.append(stopped)
        self.state = State.STOPPING
        self._release()
        return stopped

    def pause(self, is_paused: bool) -> None:
        """Send nothing more, or send on from where it paused.

        Raises:
            WrongStateError: it is paused already, or is not; or it is over.
        """
        self._check_playing("paused" if is_paused else "resumed", self.is_paused != is_paused)
        self.is_paused = is_paused
        self._place.tell("pause" if is_paused else "go on")

    def seek(self, start_s: float) -> None:
        """Go on at another place, paused or not. Raises WrongStateError: it is over."""
        self._check_playing("moved", True)
        self._place.move(start_s)

    def _check_playing(self, what: str, is_fitting: bool) -> None:
        if not is_fitting or self.state not in (State.OPENING, State.PLAYING, State.RETRYING):
            state = "PAUSED" if self.is_paused else self.state.name
            raise WrongStateError(f"a stream that is {state} cannot be {what}")

    def hear(self, message: Message) -> None:
        """The pacer said something about this stream."""
        event = message["event"]
        if event == "started" and self.state is State.OPENING:
            self._has_started()
        elif event == "ended" and self.state in (State.OPENING, State.PLAYING):
            self.state = State.FINISHING
            self._after(FINISH_LIMIT_S, self._kill)
        elif event == "failed" and self.state is not State.STOPPING:
            self._fail(message["reason"])

    def lose_pacer(self, reason: str) -> None:
        """The pacer died: what was in the pipe is the last that this ffmpeg sends, and it ends."""
        if self.state in (State.OPENING, State.PLAYING):
            if self._child is not None:
                self._child.end_within(FINISH_LIMIT_S)
            self._child = None
            self._retry(f"the pacer died: {reason}")

    def _open(self) -> None:
        """Start an ffmpeg and give the other end of its pipe to the pacer."""
        self.state, self._opened = State.OPENING, self._reactor.seconds()
        check_route(self.destination)
        arguments = sender_arguments(self._find_ffmpeg(), self.destination)
        self._link.ensure()
        try:
            reading, writing = make_pipe()
        except OSError as error:
            raise StreamFailedError(f"there is no pipe to be had for ffmpeg: {error}") from error
        try:
            self._place.give(writing, is_paused=self.is_paused)
            name = f"ffmpeg of stream {self.order.stream_id}"
            self._child = child = spawn(
                self._reactor,
                name,
                arguments,
                lambda outcome: self._exited(child, outcome),
                stdin=reading,
            )
        except OSError as error:
            raise StreamFailedError(f"ffmpeg cannot be started: {error}") from error
        finally:
            os.close(reading)
            os.close(writing)

    def _has_started(self) -> None:
        self.state = State.PLAYING
        self._cancel()
        starting, self._starting = self._starting, None
        self.log.info(
            "stream {stream}: sends to {to} from {position:.3f} s",
            stream=self.order.stream_id,
            to=self.destination.name,
            position=self.position_s,
        )
        if starting is not None:
            starting.callback(None)

    def _exited(self, child: Child, outcome: Exit) -> None:
        """An ffmpeg is gone. What the pacer said before that counts first."""
        self._link.drain()
        if child is not self._child:
            return
        self._child = None
        what = f"ffmpeg {outcome.describe()}"
        if self.state is State.STOPPING:
            self._finish(None)
        elif self.state is State.FINISHING:
            self._finish("" if outcome.is_clean else what)
        elif self.state is State.OPENING and self._starting is not None:
            self._fail(what)
        elif self.state in (State.OPENING, State.PLAYING):
            self._retry(what)

    def _retry(self, reason: str) -> None:
        if self._reactor.seconds() - self._opened > HEALTHY_S:
            self._tries = 0
        if self._tries == len(RETRY_S):
            self._fail(f"given up after {self._tries} tries: {reason}")
            return
        delay = RETRY_S[self._tries]
        self._tries += 1
        self.state = State.RETRYING
        self.log.warn(
            "stream {stream}: {reason}; goes on from {position:.3f} s in {delay} s",
            stream=self.order.stream_id,
            reason=reason,
            position=self.position_s,
            delay=delay,
        )
        self._after(delay, self._open_again)

    def _open_again(self) -> None:
        try:
            self._open()
        except StreamFailedError as error:
            self._retry(str(error))
        else:
            self._after(START_LIMIT_S, self._kill)

    def _fail(self, reason: str) -> None:
        """Nothing more can be done for it."""
        if self.state is State.ENDED:
            return
        self._release()
        starting, self._starting = self._starting, None
        if starting is None:
            self._finish(reason)
        else:
            self._finish(None)
            starting.errback(StreamFailedError(reason))

    def _finish(self, reason: str | None) -> None:
        """It is over, as ``on_gone`` is told."""
        self.state = State.ENDED
        self._cancel()
        self._place.leave()
        starting, self._starting = self._starting, None
        stopping, self._stopping = self._stopping, []
        self._on_gone(self, reason)
        if starting is not None:
            starting.errback(StreamFailedError("stopped before its first datagram"))
        for stopped in stopping:
            stopped.callback(None)

    def _release(self) -> None:
        """End its ffmpeg, if it has one; else a stream that is being stopped is over at once."""
        self._cancel()
        self._place.leave()
        if self._child is not None:
            self._child.stop()
        elif self.state is State.STOPPING:
            self._finish(None)

    def _kill(self) -> None:
        if self._child is not None:
            self._child.signal(signal.SIGKILL)

    def _after(self, seconds: float, call: Callable[..., None], *arguments: object) -> None:
        self._cancel()
        self._timer = self._reactor.callLater(seconds, call, *arguments)

    def _cancel(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
