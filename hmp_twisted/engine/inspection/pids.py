"""What is known of each PID of each source: a row in a table for every one that was ever seen.

A source has 8,192 PIDs and uses five of them; so rows are given out as PIDs are seen, and a sheet
of row numbers, of which only the pages that are used become memory, tells where each one's is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import ts
from .counters import grown

Keys = npt.NDArray[np.uint32]
"""A slot and a PID as one number: ``slot * ts.PIDS + pid``."""
Rows = npt.NDArray[np.intp]

TABLES = 1
"""Carries sections whose CRC is looked at."""
PAT = 2
"""Must come: the program association table (PID 0)."""
CAT = 4
"""Must come: the conditional access table (PID 1) of a source with scrambled packets."""
MAP = 8
"""Must come: a PMT, because the PAT refers to it."""
STREAM = 16
"""Must come: because a PMT refers to it."""
TIMED = 32
"""By its PMT a video or audio stream: must have PTS."""
VIDEO = 64
"""By its PMT a video stream: its random access points are worth keeping."""

_ROW = np.dtype(
    [
        ("slot", np.int32),
        ("pid", np.uint16),
        ("flags", np.uint8),
        ("seen", np.float64),
        ("pts", np.float64),
        ("pcr_known", np.bool_),
        ("pcr_ticks", np.int64),
        ("pcr_at", np.float64),
        ("pcr_number", np.int64),
        ("pcr_rate", np.float64),
        ("pcr_drift", np.float64),
        ("pcr_lowest", np.float64),
        ("pcr_highest", np.float64),
    ]
)


class PidTable:
    """The rows. Row 0 is nobody's. Times are seconds of the receiver's clock."""

    def __init__(self) -> None:
        self.rows: npt.NDArray[np.void] = np.zeros(256, _ROW)
        """One a PID, its fields by name."""
        self.sections: npt.NDArray[np.uint8] = np.zeros((256, ts.PACKET), np.uint8)
        """The last packet with sound sections, of rows with :data:`TABLES`."""
        self._sheet: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._next = 1
        self._free: list[int] = []

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        known = self._sheet
        self._sheet = np.zeros(slots * ts.PIDS, np.int32)
        used = known.nonzero()[0]  # copying all of it would make memory of every page
        self._sheet[used] = known[used]

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        mine = slice(slot * ts.PIDS, (slot + 1) * ts.PIDS)
        used = self._sheet[mine].nonzero()[0]
        rows = self._sheet[mine][used]
        self.rows[rows] = np.zeros(1, _ROW)
        self.sections[rows] = 0
        self._sheet[used + mine.start] = 0
        self._free += rows.tolist()

    def find(self, keys: Keys) -> Rows:
        """The rows of these PIDs; 0 where one was never seen."""
        return self._sheet[keys].astype(np.intp)

    def take(self, keys: Keys) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """The rows of these PIDs, no two the same, and which of them are new."""
        rows = self.find(keys)
        new = rows == 0
        if new.any():
            rows[new] = [self._add(int(key)) for key in keys[new]]
        return rows, new

    def row(self, slot: int, pid: int) -> int:
        """The row of one PID, made if there is none."""
        key = slot * ts.PIDS + pid
        return int(self._sheet[key]) or self._add(key)

    def flagged(self, flag: int) -> Rows:
        """The rows that have a flag."""
        return (self.rows["flags"][: self._next] & flag).nonzero()[0]

    def _add(self, key: int) -> int:
        if self._free:
            row = self._free.pop()
        else:
            row, self._next = self._next, self._next + 1
        if self._next > self.rows.size:
            self.rows = grown(self.rows, 2 * self.rows.size)
            more = np.zeros_like(self.sections)
            self.sections = np.concatenate((self.sections, more))
        self._sheet[key] = row
        self.rows[row]["slot"], self.rows[row]["pid"] = divmod(key, ts.PIDS)
        return row
