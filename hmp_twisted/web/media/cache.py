"""Files that can be made again: kept in a folder with a bound, the oldest deleted first."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
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

    def names(self) -> frozenset[str]:
        """What there is, by name; also what is being made, or was when the server died."""
        if not self.folder.is_dir():
            return frozenset()
        return frozenset(path.name for path in self.folder.iterdir())

    def tidy(self, unwanted: Iterable[str]) -> None:
        """Delete what is old, and what has one of these names."""
        for name in unwanted:
            self.path_of(name).unlink(missing_ok=True)
        since = time.time() - KEEP_S
        for name in self.names():
            path = self.path_of(name)
            with suppress(FileNotFoundError):  # it was moved to its place just now
                if path.stat().st_mtime < since:
                    path.unlink()

    def make_room(self, needed: int) -> None:
        """Delete the oldest until ``needed`` bytes fit.

        Raises:
            DiskFullError: even then they do not.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        files = [(path, path.stat()) for path in self.folder.iterdir() if path.is_file()]
        files.sort(key=lambda pair: pair[1].st_mtime)
        total = sum(stat.st_size for _, stat in files)
        for path, stat in files:
            if total + needed > self.most_bytes:
                path.unlink(missing_ok=True)
                total -= stat.st_size
        free = shutil.disk_usage(self.folder).free
        if total + needed > self.most_bytes or free - needed < self.min_free_bytes:
            raise DiskFullError(f"{self.folder}: no room for {needed} bytes")
