"""A periodic call by the kernel's monotonic clock.

The reactor's own calls are due by the wall clock, so a clock set back by an hour would stop the
receiver for an hour. A timer descriptor does not know about that.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from ..logs import Logger

log = Logger()
_libc = ctypes.CDLL(None, use_errno=True)
_TIMERFD_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Itimerspec(ctypes.Structure):
    _fields_ = [("interval", _Timespec), ("first", _Timespec)]


@implementer(IReadDescriptor)
class Ticker:
    """Calls a function again and again while it runs; what the function raises is logged."""

    def __init__(self, reactor: Any, function: Callable[[], None]) -> None:
        self._reactor = reactor
        self._function = function
        self._descriptor = -1
        self._interval_s = 0.0

    @property
    def running(self) -> bool:
        """Whether the function is called."""
        return self._interval_s > 0

    def start(self, interval_s: float) -> None:
        """Call the function every ``interval_s`` seconds from now on."""
        if self.running:
            return
        if self._descriptor < 0:
            self._descriptor = _libc.timerfd_create(time.CLOCK_MONOTONIC, _TIMERFD_FLAGS)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._arm(interval_s)
        self._reactor.addReader(self)

    def set_interval(self, interval_s: float) -> None:
        """Call it every ``interval_s`` seconds, counted from now."""
        if self.running and interval_s != self._interval_s:
            self._arm(interval_s)

    def stop(self) -> None:
        """Call it no more."""
        if self.running:
            self._reactor.removeReader(self)
            self._arm(0.0)

    def close(self) -> None:
        """Call it no more, and free the timer.

        Not to be called from the function: the reactor still looks at the descriptor after it.
        """
        self.stop()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def fileno(self) -> int:
        """The timer's descriptor, for the reactor."""
        return self._descriptor

    def doRead(self) -> None:
        """The timer has run out, once or more often."""
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return  # set anew between the reactor's look and ours
        try:
            self._function()
        except Exception:
            log.failure("the media engine's tick failed; it goes on with the next one")

    def _arm(self, interval_s: float) -> None:
        self._interval_s = interval_s
        step = _Timespec(*divmod(round(interval_s * 1e9), 1_000_000_000))
        _libc.timerfd_settime(self._descriptor, 0, ctypes.byref(_Itimerspec(step, step)), None)

    def connectionLost(self, reason: object) -> None:
        """The reactor ends and lets go of the descriptor."""
        self._interval_s = 0.0

    def logPrefix(self) -> str:
        """What the reactor's own messages call it."""
        return "ticker"
