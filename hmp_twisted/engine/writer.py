"""The thread that writes. A ``write`` that waits for the disk must not keep the receiver waiting.

Jobs are done in the order given. What may wait is bounded by whoever gives them: by the pool of
buffers, and by :attr:`Writer.copied_bytes` for what does not lie in one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

from ..logs import Logger
from .buffers import Buffer

log = Logger()


class Target(Protocol):
    """What bytes are appended to: a segment, or whoever watches."""

    def write(self, data: Any) -> None:
        """Append; OSError if that fails."""


Piece = tuple[Target, Any]
"""Bytes, and what they are appended to."""


class Writer:
    """Appends pieces to segments on a thread of its own."""

    def __init__(self, on_failed: Callable[[Target, OSError], None]) -> None:
        """Args:
        on_failed: told of each target that cannot be written; called on the writer's thread.
        """
        self._on_failed = on_failed
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._copied_in = 0
        self._copied_out = 0
        self._thread = threading.Thread(target=self._run, name="segment-writer", daemon=True)
        self._thread.start()

    @property
    def copied_bytes(self) -> int:
        """Bytes outside of buffers that wait to be written."""
        return self._copied_in - self._copied_out

    def put(self, buffer: Buffer, pieces: list[Piece], copied: int) -> None:
        """Append the pieces; the buffer is not idle before that is done.

        Args:
            buffer: what the pieces lie in.
            pieces: what to write where.
            copied: how many of their bytes lie elsewhere.
        """
        buffer.queued += 1
        self._copied_in += copied
        self._jobs.put(lambda: self._write(buffer, pieces, copied))

    def when_written(self, then: Callable[[], None]) -> None:
        """Call ``then``, on the writer's thread, when everything put before is written."""
        self._jobs.put(then)

    def stop(self) -> None:
        """End the thread when it has done what it was given; do not wait for that."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                log.failure("the segment writer: a job failed; the thread goes on")

    def _write(self, buffer: Buffer, pieces: list[Piece], copied: int) -> None:
        try:
            for segment, data in pieces:
                try:
                    segment.write(data)
                except OSError as error:
                    self._on_failed(segment, error)
        finally:
            self._copied_out += copied
            buffer.written += 1
