"""A segment's file while it is written: from its first datagram to its last, and never again.

Three threads meet here, each at its own part: the receiver's notes when datagrams came, the
writer's appends, and a disk thread syncs and closes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from . import manifest, ts
from .index_file import Records
from .lane import Lane

_sync_file_range = ctypes.CDLL(None).sync_file_range
_sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
_BEGIN_TO_WRITE = 2  # SYNC_FILE_RANGE_WRITE
FIRST_SYNC_S = 0.1
"""How long a file's first sync is expected to take."""


class SegmentFile:
    """One ``track-<n>/<nnnnn>.ts``. The file comes into being with its first bytes."""

    def __init__(
        self, path: Path, number: int, started: float, offset_s: float, now: float, lane: Lane
    ) -> None:
        self.lane = lane
        self.path = path
        self.number = number
        self.started = started
        """Wall-clock time of its first datagram, in Unix seconds."""
        self.offset_s = offset_s
        """The recording's clock at its first datagram."""
        self.first_at = self.last_at = now
        """When its first and its last datagram came, in seconds of a monotonic clock."""
        self.written = 0
        """Bytes that the system has taken."""
        self.missed = 0
        """Bytes that will never be written, because the file hung for too long."""
        self.failure: OSError | None = None
        self.closed = False
        self.sync_begun_at = self.durable_at = now
        """When its last sync began, and the last one that has ended: what was written before that
        is durable. In seconds of that clock."""
        self.sync_took_s = FIRST_SYNC_S
        """How long one is to be expected to take."""
        self._descriptor = -1
        self._synced = 0
        self._lock = threading.Lock()
        self._skipped: list[tuple[int, int]] = []
        """Where, counted in bytes received, bytes were missed, and how many."""

    def __str__(self) -> str:
        return str(self.path)

    def write(self, data: Any) -> None:
        """Append; called by the writer's thread alone. After a failure it does nothing.

        Raises:
            OSError: the bytes could not be written; the file keeps what went before.
        """
        if self.failure is not None or self.closed:
            return
        try:
            if self._descriptor < 0:
                self._descriptor = self._open()
            self._write_all(data)
        except OSError as error:
            self.failure = error
            raise

    @property
    def all_synced(self) -> bool:
        """Whether all that was written is durable."""
        return self.written == self._synced

    def miss(self, count: int) -> None:
        """Count bytes that will never be written."""
        self.missed += count

    def skip(self, count: int) -> None:
        """Bytes are missing here; called in its turn among the writes."""
        before = sum(skipped for _, skipped in self._skipped)
        self._skipped.append((self.written + before, count))

    def placed(self, records: Records) -> Records:
        """Index records by where their packets are in the file, rather than in what was received.

        Records of what was missed are left out.
        """
        if not self._skipped:
            return records
        starts, counts = np.array(self._skipped, np.int64).T
        before = np.searchsorted(starts, records["offset"], side="right")
        ends = np.concatenate(([0], starts + counts))[before]
        kept = records[records["offset"] >= ends].copy()
        gone = np.concatenate(([0], np.cumsum(counts)))
        kept["offset"] -= gone[before[records["offset"] >= ends]]
        return kept

    def begin_to_sync(self) -> None:
        """Have the system begin to write what it holds; whether that fails, :meth:`sync` tells."""
        with self._lock:
            if self._descriptor >= 0 and not self.all_synced:
                _sync_file_range(self._descriptor, self._synced, 0, _BEGIN_TO_WRITE)

    def sync(self) -> None:
        """Make what was written so far durable.

        Raises:
            OSError: the disk did not take it.
        """
        with self._lock:
            written = self.written
            if self._descriptor < 0 or written == self._synced:
                return
            os.fdatasync(self._descriptor)
            if not self._synced:
                manifest.sync_folder(self.path.parent)
            self._synced = written

    def close(self) -> None:
        """End the file, durably; it holds whole packets alone.

        Call it when the writer has done all that it was given for this segment.

        Raises:
            OSError: the disk did not take the last of it; the file is closed all the same.
        """
        try:
            if self.written % ts.PACKET:
                self._cut()
            self.sync()
        finally:
            with self._lock:
                self.closed = True
                if self._descriptor >= 0:
                    os.close(self._descriptor)
                    self._descriptor = -1

    def entry(self) -> manifest.Segment:
        """What the manifest says of it."""
        return manifest.Segment(
            number=self.number,
            started=self.started,
            offset_s=self.offset_s,
            bytes=self.written,
            duration_s=self.last_at - self.first_at,
            closed=self.closed,
        )

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        return os.open(self.path, flags, 0o644)

    def _write_all(self, data: Any) -> None:
        count = os.write(self._descriptor, data)
        self.written += count
        while count < len(data):  # nearly never: a full disk, a signal
            data = memoryview(data)[count:]
            count = os.write(self._descriptor, data)
            self.written += count

    def _cut(self) -> None:
        """Take off the packet that a full disk tore."""
        with self._lock:
            self.written -= self.written % ts.PACKET
            os.ftruncate(self._descriptor, self.written)


def cut_to_whole_packets(path: Path) -> int:
    """Close a file that a crash left: cut off a torn packet, make the rest durable.

    Returns:
        How many bytes it has.

    Raises:
        OSError: it is not there, or cannot be written.
    """
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if size % ts.PACKET:
            file.truncate(size - size % ts.PACKET)
        os.fsync(file.fileno())
    return size - size % ts.PACKET


def is_disk_full(error: OSError) -> bool:
    """Whether the error says that there is no room, rather than that something is broken."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
