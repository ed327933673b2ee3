"""Thread pools that never keep the process alive: one that ends in order closes them itself."""

from __future__ import annotations

from functools import partial
from threading import Thread

from twisted.python.threadpool import ThreadPool


def thread_pool(minimum: int, maximum: int, name: str) -> ThreadPool:
    """A pool of at least ``minimum`` and at most ``maximum`` threads, not started yet.

    Its threads are daemons: a database or a disk that hangs must not hang the program's end.
    """
    pool = ThreadPool(minimum, maximum, name=name)
    pool.threadFactory = partial(Thread, daemon=True)
    return pool
