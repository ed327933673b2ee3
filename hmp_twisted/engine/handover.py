"""Lends the receiver's processor to the writer's thread, where the two share one.

What was received a moment ago is in the processor's cache then; the buffer that it lies in is free
the sooner, and still there for what is received next; and the less waits to be written, the less a
crash costs. Where the writer has a processor of its own, nothing is gained by waiting for it.
"""

from __future__ import annotations

import ctypes
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from .buffers import Buffer

PART, MOST_S = 0.5, 0.05
"""The part of a tick that the receiver may wait in vain: while the disk stands still, or another
program has the processor; and so long at most, because what waits in sockets, a crash costs."""

# Keeps the interpreter's lock, unlike functions of a CDLL: to ask must not cost a change of thread.
_processor = ctypes.PyDLL(None).sched_getcpu


class Handover:
    """Between two threads: the receiver's refills and lends, the writer's calls the rest."""

    def __init__(self) -> None:
        self._left_s = 0.0
        self._processor = -1
        """The writer's, when it last took something on."""
        self._clock = 0
        """Of the processor time that the writer's thread has had."""
        self._awaited = False
        self._done: SimpleQueue[None] = SimpleQueue()

    def refill(self, tick_s: float) -> None:
        """A tick of ``tick_s`` seconds begins."""
        self._left_s = min(tick_s * PART, MOST_S)

    def lend(self, buffer: Buffer) -> None:
        """Wait until the buffer is written, if its writer cannot run while this thread does."""
        if buffer.idle or self._left_s <= 0 or self._processor != _processor():
            return
        begun, left_s = self._idle_s(), self._left_s
        self._awaited = True
        try:
            while not buffer.idle and self._left_s > 0:
                with suppress(Empty):
                    self._done.get(timeout=self._left_s)
                self._left_s = left_s - (self._idle_s() - begun)
        finally:
            self._awaited = False

    def begin(self) -> None:
        """This thread is the writer from now on."""
        self._clock = time.pthread_getcpuclockid(threading.get_ident())

    def take_on(self) -> None:
        """The writer takes something on."""
        self._processor = _processor()

    def done(self) -> None:
        """A buffer, or a part of one, is written."""
        if self._awaited:
            self._done.put(None)

    def _idle_s(self) -> float:
        """Seconds in which the writer did not run, of a clock of its own."""
        return time.monotonic() - time.clock_gettime(self._clock)
