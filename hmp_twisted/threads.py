"""Thread pools that never keep the process alive: one that ends in order closes them itself."""

from __future__ import annotations

from threading import Thread
from typing import Any

from twisted.python.threadpool import ThreadPool


class _DaemonThread(Thread):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, daemon=True)


class _DaemonThreadPool(ThreadPool):
    threadFactory = _DaemonThread  # noqa: N815 - Twisted's name


def thread_pool(minimum: int, maximum: int, name: str) -> ThreadPool:
    """A pool of at least ``minimum`` and at most ``maximum`` threads, not started yet.

    Its threads are daemons: a database or a disk that hangs must not hang the program's end.
    """
    return _DaemonThreadPool(minimum, maximum, name=name)
