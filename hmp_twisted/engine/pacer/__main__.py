"""``python -m hmp_twisted.engine.pacer``: started by the engine, its socket as standard input."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket

from .loop import Loop

_PR_SET_PDEATHSIG = 1
_PR_SET_TIMERSLACK = 29


def main() -> None:
    """Pace until the engine is gone, however it goes."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The default of 50 us would be the larger part of the jitter.
    libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    _go_first()
    # A group of its own: Ctrl-C at a terminal is for the engine, which then ends us in order.
    os.setpgid(0, 0)
    # A collection stops every stream for milliseconds; the loop makes no cycles.
    gc.collect()
    gc.disable()
    Loop(socket.socket(fileno=0)).run()


def _go_first() -> None:
    """Run before what else is ready, where we may: each ffmpeg that the pacer wakes is.

    Without it the pacer waits for the ffmpeg that it has just fed, ten times as long at worst. It
    takes less than half a processor, and the kernel keeps 5 % from what runs in real time.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


if __name__ == "__main__":
    main()
