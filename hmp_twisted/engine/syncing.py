"""Makes durable what was written, file by file, so that one that hangs keeps no other waiting.

The system is first asked to begin with all files, and only then waited for, file by file: most
are done by then, and what the file system notes of them, it notes for all at once.

A file on a server that does not answer can hold the thread that syncs it for minutes. The others
are taken up by another thread, soon.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress

from .segments import SegmentFile

PATIENCE_S = 0.2
"""A thread that has not come to another file for so long is not waited for."""
_KEPT = 0.5
"""The part of what a file's syncs took that is still reckoned with after a faster one."""
MOST_THREADS = 3
"""Of the disk threads; the last one is left for closing files and ``recording.json``."""

RunInThread = Callable[[Callable[[], None]], Awaitable[None]]


class Syncing:
    """The segments that are due to be synced, and the threads that do it."""

    def __init__(
        self,
        run: RunInThread,
        on_failed: Callable[[SegmentFile, OSError], None],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Args:
        run: calls a function on a disk thread.
        on_failed: told of a segment that the disk did not take; called on that thread.
        patience_s: how long a file may hold up those behind it.
        """
        self._run = run
        self._on_failed = on_failed
        self._due: deque[SegmentFile] = deque()
        self._begun: deque[SegmentFile] = deque()
        self.under_way: set[SegmentFile] = set()
        """What is due, begun, or being synced."""
        self._threads = 0
        self._patience_s = patience_s
        self._advanced_at = 0.0

    async def sync(self, segments: Iterable[SegmentFile]) -> None:
        """Have these synced; returns when nothing is due any more, or somebody else sees to it."""
        now = time.monotonic()
        for segment in segments:
            if segment not in self.under_way:
                self.under_way.add(segment)
                segment.sync_begun_at = now
                self._due.append(segment)
        if not (self._due or self._begun) or self._threads == MOST_THREADS:
            return
        if self._threads and now - self._advanced_at < self._patience_s:
            return  # it comes to these, too
        self._threads += 1
        self._advanced_at = now
        try:
            await self._run(self._work)
        finally:
            self._threads -= 1

    def _work(self) -> None:
        """On a thread: begin with all that is due, then sync one after the other."""
        while self._due or self._begun:
            for segment in _emptied(self._due):
                segment.begin_to_sync()
                self._begun.append(segment)
                self._advanced_at = time.monotonic()
            for segment in _emptied(self._begun):
                self._sync(segment)
                self._advanced_at = time.monotonic()

    def _sync(self, segment: SegmentFile) -> None:
        try:
            segment.sync()
            segment.durable_at = segment.sync_begun_at
        except OSError as error:
            self._on_failed(segment, error)
        finally:
            took_s = time.monotonic() - segment.sync_begun_at
            segment.sync_took_s = max(took_s, _KEPT * segment.sync_took_s)
            self.under_way.discard(segment)


def _emptied(waiting: deque[SegmentFile]) -> Iterator[SegmentFile]:
    """What waits, taken out one by one; other threads take out theirs."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()
