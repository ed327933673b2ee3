"""Makes durable what was written, file by file, so that one that hangs keeps no other waiting.

A file on a server that does not answer can hold the thread that syncs it for minutes. The others
are taken up by the next thread when the next sync is due.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from .segments import SegmentFile

MOST_THREADS = 3
"""Of the disk threads; the last one is left for closing files and ``recording.json``."""

RunInThread = Callable[[Callable[[], None]], Awaitable[None]]


class Syncing:
    """The segments that are due to be synced, and the threads that do it."""

    def __init__(self, run: RunInThread, on_failed: Callable[[SegmentFile, OSError], None]) -> None:
        """Args:
        run: calls a function on a disk thread.
        on_failed: told of a segment that the disk did not take; called on that thread.
        """
        self._run = run
        self._on_failed = on_failed
        self._due: deque[SegmentFile] = deque()
        self._known: set[SegmentFile] = set()
        """What is due, or being synced."""
        self._threads = 0

    async def sync(self, segments: Iterable[SegmentFile]) -> None:
        """Have these synced; returns when nothing is due any more, or somebody else sees to it."""
        fresh = [segment for segment in segments if segment not in self._known]
        self._known.update(fresh)
        self._due.extend(fresh)
        if not self._due or self._threads == MOST_THREADS:
            return
        self._threads += 1
        try:
            await self._run(self._work)
        finally:
            self._threads -= 1

    def _work(self) -> None:
        """On a thread: sync what is due, one after the other."""
        while True:
            try:
                segment = self._due.popleft()
            except IndexError:
                return
            try:
                segment.sync()
            except OSError as error:
                self._on_failed(segment, error)
            finally:
                self._known.discard(segment)
