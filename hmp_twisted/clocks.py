"""Clocks: what is due runs by one that is never set; only what people read is told by the wall's.

Twisted's reactor keeps its times by the wall clock, so that a clock set back by an hour would hold
up everything that is due by an hour. :func:`run_by_monotonic_clock` ends that for a whole process.
How long a former process has been gone is asked over its end, where a monotonic clock helps only
within one boot: :class:`LifeSign`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LOOKS = 5
_AT_ONCE_S = 20e-6


class Clock(Protocol):
    """Tells the time of day. A reactor would do in a test; in a server it is no clock for this."""

    def seconds(self) -> float:
        """Unix seconds."""


class WallClock:
    """The system's time of day, with all its steps."""

    def seconds(self) -> float:
        """Unix seconds."""
        return time.time()


def wall_ahead(wall: Callable[[], float] | None = None) -> float:
    """How far the wall clock is ahead of the monotonic one at present, in seconds.

    Exact, too, where the process is held up just when it has looked at one of the two.

    Args:
        wall: tells the wall clock's time; ``time.time`` if not given.
    """
    wall = wall or time.time
    seen = []
    for _ in range(_LOOKS):
        before, at, after = time.monotonic(), wall(), time.monotonic()
        seen.append((after - before, at - (before + after) / 2))
        if after - before < _AT_ONCE_S:
            break
    return min(seen)[1]


def run_by_monotonic_clock(reactor: Any) -> None:
    """Have everything that this reactor calls later be due by the monotonic clock.

    ``reactor.seconds()`` shows Unix time as of now, and from then on only runs forward.
    """
    start = wall_ahead()
    # Scheduling, waiting and running all ask the instance (ReactorBase.callLater, .timeout and
    # .runUntilCurrent), so this one attribute is enough.
    reactor.seconds = lambda: start + time.monotonic()


class LifeSign:
    """A file by which a later process tells for how long this one has been gone.

    It says which boot of the machine it is, and what the clock since that boot and the wall clock
    showed. So a wall clock that was set meanwhile is seen through, unless the machine was
    booted too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def give(self) -> None:
        """Say that this process lives. It does not wait for the disk.

        Raises:
            OSError: the file cannot be written.
        """
        text = f"{_boot()} {_since_boot()!r} {_wall()!r}\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(descriptor, text.encode().ljust(128), 0)
        finally:
            os.close(descriptor)

    def age_of(self, path: Path) -> float:
        """How many seconds ago ``path`` was written by the process that gave the sign.

        Raises:
            OSError: ``path`` is not there.
        """
        return max(0.0, self._now() - path.stat().st_mtime)

    def age(self) -> float | None:
        """How many seconds ago the sign was given; ``None`` if it never was."""
        try:
            return self.age_of(self._path)
        except FileNotFoundError:
            return None

    def _now(self) -> float:
        """What the wall clock would show if it had not been set since the sign."""
        try:
            boot, since_boot, wall = self._path.read_text(encoding="ascii").split()
            same_boot = boot == _boot()
            return float(wall) + _since_boot() - float(since_boot) if same_boot else _wall()
        except (OSError, ValueError):
            return _wall()


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _wall() -> float:
    # The clock that files get their times from.
    return time.clock_gettime(time.CLOCK_REALTIME)
