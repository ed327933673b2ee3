"""Disks that a test may fill, or stop: as root, a file system of its own, mounted for the while."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from .server import run


@attrs.define(eq=False)
class Disk:
    """An ext4 in a file where root may mount one; else only a folder, which has no faults."""

    image: Path
    place: Path
    why_not: str = ""
    """Why it can neither be stopped nor filled."""

    @classmethod
    def make(cls, image: Path, place: Path, size: int) -> Disk:
        """A disk of ``size`` bytes at ``place``, kept in the file ``image``."""
        made = cls(image, place)
        place.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(size)
        made._try("mkfs.ext4", "-q", "-E", "lazy_itable_init=1", str(image))
        made._try("mount", "-o", "loop", str(image), str(place))
        return made

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Take no writes meanwhile: whoever writes waits until the end of it."""
        run("fsfreeze", "--freeze", str(self.place), check=True)
        try:
            yield
        finally:
            run("fsfreeze", "--unfreeze", str(self.place), check=True)

    def fill(self, leave: int) -> Path:
        """Leave only so many bytes of room; gives the file that takes the rest."""
        filler = self.place / "filler"
        state = os.statvfs(self.place)
        with filler.open("wb") as file:
            free = state.f_bavail * state.f_frsize
            while True:
                try:
                    os.posix_fallocate(file.fileno(), 0, free - leave)
                    return filler
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    free -= 16 << 20

    def close(self) -> None:
        """Let go of it, frozen or in use as it may be; what was on it is gone."""
        if not self.why_not:
            run("fsfreeze", "--unfreeze", str(self.place))
            run("umount", "--lazy", str(self.place))
        self.image.unlink(missing_ok=True)

    def _try(self, *command: str) -> None:
        if self.why_not:
            return
        try:
            done = run(*command)
        except OSError as error:
            self.why_not = str(error)
        else:
            self.why_not = done.stderr.strip() if done.returncode else ""


@contextmanager
def memory_disk(place: Path, size: int) -> Iterator[str]:
    """A tmpfs of ``size`` bytes at ``place`` meanwhile; gives why there is none, if there is none.

    It takes part of a write where the rest has no room, page by page.
    """
    place.mkdir(parents=True, exist_ok=True)
    mounted: subprocess.CompletedProcess[str] = run(
        "mount", "-t", "tmpfs", "-o", f"size={size}", "hmp-test", str(place)
    )
    if mounted.returncode:
        yield mounted.stderr.strip()
        return
    try:
        yield ""
    finally:
        run("umount", "--lazy", str(place), check=True)
