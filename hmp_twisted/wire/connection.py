"""One client's connection: bytes in, one answer a command out, in order, within limits.

Order and back-pressure come from one rule: while a command runs, nothing is read. This module knows
words and answers; what a command is, who may connect and what is stored are known elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
    ITCPTransport,
)
from twisted.protocols.basic import LineReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from zope.interface import implementer

from ..commands.answers import SYNTAX_ERROR
from ..commands.text import SHOWN_CHARACTERS
from ..commands.trace import What, untraced
from ..config import CommandApiSettings
from ..logs import Logger
from ..peers import Peer
from .farewell import Farewell
from .flow import AnswerFlow, Hold, Stage
from .grammar import GrammarError, answer, split
from .http import OverlongLine, is_request_line
from .telnet import IacFilter, SubnegotiationTooLong

LINES_A_TURN = 100
"""After this many lines that arrived together, other connections have their turn."""

log = Logger()

Run = Callable[[list[str]], Awaitable[str]]
"""Takes the words of a line, gives the answer as text; never fails."""


@implementer(IHalfCloseableProtocol)
class CommandConnection(LineReceiver, TimeoutMixin):
    """The Command Line API on one connection.

    ``left`` is called once, when the connection is gone and none of its commands runs any more.
    """

    delimiter = b"\n"
    transport: Any  # TCP, Unix or TLS: the calls used are common to the three

    def __init__(
        self,
        run: Run,
        settings: CommandApiSettings,
        clock: IReactorTime,
        left: Callable[[CommandConnection], None],
        watch: Callable[[What, bytes, bytes, float], None] = untraced,
    ) -> None:
        self.MAX_LENGTH = settings.max_line_bytes
        self._run = run
        self._clock = clock
        self._left = left
        self._watch = watch
        self._idle_timeout_s = settings.idle_timeout_s or None
        self._telnet = IacFilter()
        self._overlong = OverlongLine()
        self._after_overlong = b""
        self._stage = Stage.OPEN
        self._holds: set[Hold] = set()
        self._running = False
        self._input_over = False
        self._lines = 0

    # -- what the owner may ask ------------------------------------------------------------------

    def finish(self) -> None:
        """Take no more input, answer the whole commands that were received, then close."""
        if self._stage is Stage.OPEN:
            self._stage = Stage.FINISHING
            self.transport.pauseProducing()
            self._part_if_done()

    def dismiss(self) -> None:
        """Close at once, or after the answer of the command that runs; execute no other."""
        if self._stage in (Stage.OPEN, Stage.FINISHING):
            self._stage = Stage.DISMISSED
            if not self._running:
                self._part()

    def abort(self) -> None:
        """Close without regard to answers not sent."""
        if self._stage is not Stage.GONE:
            self.transport.abortConnection()

    # -- from the transport ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Set the socket up for short answers and for peers that vanish."""
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
            self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(AnswerFlow(self), True)
        self.setTimeout(self._idle_timeout_s)

    def dataReceived(self, data: bytes) -> None:
        """Take what arrived, at most as much as one read of the socket gives."""
        if self._stage in (Stage.PARTED, Stage.DISMISSED):
            self._discard(data)
        elif self._stage is Stage.OPEN:
            self.resetTimeout()
            self._lines = 0
            try:
                self._take(self._telnet.feed(data))
            except SubnegotiationTooLong as error:
                self._take(error.before)
                self.finish()

    def readConnectionLost(self) -> None:
        """The client has closed its sending side (half-close)."""
        self._input_over = True
        if self._stage is Stage.PARTED:
            self._farewell.input_ended()
        else:
            self.finish()

    def writeConnectionLost(self) -> None:
        """The sending side is closed: only at the end, by :class:`Farewell`."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        """The connection is gone; a command that runs, runs to its end."""
        self.setTimeout(None)
        if self._stage is Stage.PARTED:
            self._farewell.over()
        self._stage = Stage.GONE
        self.paused = True
        self.clearLineBuffer()
        if not self._running:
            self._left(self)

    def timeoutConnection(self) -> None:
        """Nothing was received for the idle timeout, and no command runs."""
        self.dismiss()

    def callLater(self, period: float, func: Callable[[], object]) -> IDelayedCall:
        """What :class:`TimeoutMixin` tells the time by."""
        return self._clock.callLater(period, func)

    # -- lines -----------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        super().dataReceived(data)
        # LineReceiver gives an over-long line's successors back to the one who threw it away.
        while self._after_overlong:
            data, self._after_overlong = self._after_overlong, b""
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Execute one line."""
        self._lines += 1
        if self._lines > LINES_A_TURN:
            self._give_way()
        if is_request_line(line):
            self._part_from_browser(line)
            return
        try:
            words = split(line.removesuffix(b"\r"))
        except GrammarError:
            self._refuse(line)
        else:
            if words:
                self._execute(line, words)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Answer an over-long line at once; its rest is thrown away as it comes."""
        self._refuse(line)
        self._overlong = OverlongLine()
        self.setRawMode()
        self.rawDataReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        """Throw away what belongs to an over-long line."""
        rest = self._overlong.feed(data)
        if rest is None:
            return
        self.setLineMode()
        if self._overlong.is_request_line:
            self._part_from_browser(b"")
        else:
            self._after_overlong = rest

    def _refuse(self, line: bytes) -> None:
        text = SYNTAX_ERROR.line()
        log.debug(
            "{peer} {line} -> {text}",
            peer=Peer.of(self.transport.getPeer()),
            line=line[:SHOWN_CHARACTERS],
            text=text,
        )
        self._watch(What.SYNTAX, line + b"\n", self._write(text), 0.0)

    def _part_from_browser(self, line: bytes) -> None:
        self._watch(What.HTTP, line + b"\n", b"", 0.0)
        self._part()

    def _give_way(self) -> None:
        self._lines = 0
        self.hold(Hold.TURN)
        self._clock.callLater(0, self.release, Hold.TURN)

    # -- commands --------------------------------------------------------------------------------

    def _execute(self, line: bytes, words: list[str]) -> None:
        self._running = True
        ensureDeferred(self._answer(line, words))
        if self._running:
            self.setTimeout(None)
            self.hold(Hold.COMMAND)

    async def _answer(self, line: bytes, words: list[str]) -> None:
        started = self._clock.seconds()
        text = await self._run(words)
        self._running = False
        gone = self._stage is Stage.GONE
        sent = b"" if gone else self._write(text)
        self._watch(What.COMMAND, line + b"\n", sent, self._clock.seconds() - started)
        if gone:
            self._left(self)
            return
        if self._stage is Stage.DISMISSED:
            self._part()
        elif Hold.COMMAND in self._holds:
            self.setTimeout(self._idle_timeout_s)
            self.release(Hold.COMMAND)

    def _write(self, text: str) -> bytes:
        sent = answer(text)
        self.transport.write(sent)
        return sent

    # -- flow ------------------------------------------------------------------------------------

    def hold(self, reason: Hold) -> None:
        """Read nothing until ``reason`` is released."""
        self._holds.add(reason)
        self.paused = True
        self.transport.pauseProducing()

    def release(self, reason: Hold) -> None:
        """Go on, unless there is another reason not to."""
        self._holds.discard(reason)
        if self._holds or self._stage not in (Stage.OPEN, Stage.FINISHING):
            return
        self.paused = False
        # What is here already goes first: with many commands sent at once, the socket need not be
        # taken out of the reactor's watch and put in again for each.
        self._take(b"")
        if self._stage is Stage.FINISHING:
            self._part_if_done()
        elif not self._holds and self._stage is Stage.OPEN:
            self.transport.resumeProducing()

    # -- the end ---------------------------------------------------------------------------------

    def _part_if_done(self) -> None:
        # Without a hold, LineReceiver has used up every whole line.
        if not self._holds and self._stage is Stage.FINISHING:
            self._part()

    def _part(self) -> None:
        self._stage = Stage.PARTED
        self.setTimeout(None)
        self.paused = False
        self.clearLineBuffer()
        self._after_overlong = b""
        # A transport with a paused producer waits for it instead of closing.
        self.transport.unregisterProducer()
        self._farewell = Farewell(self.transport, self._clock)
        self._farewell.begin(input_over=self._input_over)

    def _discard(self, data: bytes) -> None:
        if self._stage is Stage.PARTED:
            self._farewell.received(data)
