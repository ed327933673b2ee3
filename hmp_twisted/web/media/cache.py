"""Files that can be made again: kept in a folder with a bound, the oldest deleted first."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import attrs

from ...errors import DiskFullError

KEEP_S = 86_400.0
"""A file that nobody asked for so long is deleted."""


@attrs.frozen
class Cache:
    """One kind of such files."""

    folder: Path
    most_bytes: int
    min_free_bytes: int
    """What must stay free on the disk."""

    def path_of(self, name: str) -> Path:
        """Where the file of this name is, or would be; ``name`` is made of IDs and numbers."""
        return self.folder / name

    def find(self, name: str) -> Path | None:
        """The file, if it is there; it is as good as new then."""
        path = self.path_of(name)
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def make_room(self, needed: int) -> None:
        """Delete what is old, and the oldest until ``needed`` bytes fit.

        Raises:
            DiskFullError: even then they do not.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        files = [(path, path.stat()) for path in self.folder.iterdir() if path.is_file()]
        files.sort(key=lambda pair: pair[1].st_mtime)
        total = sum(stat.st_size for _, stat in files)
        old = time.time() - KEEP_S
        for path, stat in files:
            if stat.st_mtime < old or total + needed > self.most_bytes:
                path.unlink(missing_ok=True)
                total -= stat.st_size
        free = shutil.disk_usage(self.folder).free
        if total + needed > self.most_bytes or free - needed < self.min_free_bytes:
            raise DiskFullError(f"{self.folder}: no room for {needed} bytes")
