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
    # Before the ffmpegs that it feeds, where we may: they are many, and it is late for all of them.
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    # A group of its own: Ctrl-C at a terminal is for the engine, which then ends us in order.
    os.setpgid(0, 0)
    # A collection stops every stream for milliseconds; the loop makes no cycles.
    gc.collect()
    gc.disable()
    Loop(socket.socket(fileno=0)).run()


if __name__ == "__main__":
    main()
