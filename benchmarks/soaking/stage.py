"""What is soaked: a server and an engine of their own, on a disk that can be stopped and filled."""

from __future__ import annotations

import errno
import os
import struct
import time
from contextlib import suppress
from pathlib import Path

import attrs

from tests.harness import Client, ClosedError, Daemon, Server, run, stand_alone_engine

MIN_FREE_BYTES = 64 << 20
_STEPPED_CLOCK = Path(__file__).parent / "stepped_clock"
_BACK_WITHIN_S = 20.0


@attrs.define(eq=False)
class Disk:
    """An ext4 in a file where root may mount one; else only a folder, which has no faults."""

    image: Path
    place: Path
    why_not: str = ""
    """Why it can neither be stopped nor filled."""

    @classmethod
    def make(cls, folder: Path, place: Path, size: int) -> Disk:
        """A disk of ``size`` bytes at ``place``."""
        made = cls(folder / "disk.ext4", place)
        place.mkdir(parents=True)
        with made.image.open("wb") as file:
            file.truncate(size)
        for command in (
            ("mkfs.ext4", "-q", "-E", "lazy_itable_init=1", str(made.image)),
            ("mount", "-o", "loop", str(made.image), str(place)),
        ):
            try:
                done = run(*command)
                made.why_not = made.why_not or done.stderr.strip()
            except OSError as error:
                made.why_not = str(error)
        return made

    def freeze(self, seconds: float) -> None:
        """Take no writes for so long."""
        run("fsfreeze", "--freeze", str(self.place), check=True)
        try:
            time.sleep(seconds)
        finally:
            run("fsfreeze", "--unfreeze", str(self.place), check=True)

    def fill(self) -> Path:
        """Leave less room than the floor; gives the file that takes it."""
        filler = self.place / "filler"
        state = os.statvfs(self.place)
        with filler.open("wb") as file:
            free = state.f_bavail * state.f_frsize
            while True:
                try:
                    os.posix_fallocate(file.fileno(), 0, free - MIN_FREE_BYTES // 2)
                    return filler
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    free -= 16 << 20

    def unmount(self) -> None:
        """Let go of it."""
        if not self.why_not:
            run("fsfreeze", "--unfreeze", str(self.place))
            run("umount", "--lazy", str(self.place))


class Stage:
    """The server, its engine, and the clock that both believe."""

    def __init__(self, folder: Path, disk_bytes: int) -> None:
        self.server = Server(folder)
        self.server.configure(
            restream={"loop": True},
            recordings={"min_free_bytes": MIN_FREE_BYTES},
            log={"level": "info"},
        )
        self.disk = Disk.make(folder, self.server.recordings_dir, disk_bytes)
        self.engine: Daemon = stand_alone_engine(self.server)
        self._clock = folder / "clock"
        self.step_clock(0.0)
        python_path = [str(_STEPPED_CLOCK), str(Path.cwd())]
        for daemon in (self.server.daemon, self.engine):
            daemon.environment["PYTHONPATH"] = os.pathsep.join(python_path)
            daemon.environment["SOAK_CLOCK"] = str(self._clock)
        self.server.admit()

    def start(self) -> None:
        """Start both, and wait for them."""
        self.engine.start()
        self.server.start()

    def close(self) -> None:
        """End both."""
        try:
            self.server.close()
            self.engine.close()
        finally:
            self.disk.unmount()

    def step_clock(self, offset_s: float) -> None:
        """Have both believe that it is so much later than it is."""
        with self._clock.open("r+b" if self._clock.exists() else "wb") as file:
            file.write(struct.pack("d", offset_s))

    def ask(self, *words: str) -> str:
        """The answer to a command that must come, on a connection of its own."""
        with Client(self.server.port, timeout=60) as client:
            return client.ask(*words)

    def do(self, *words: str) -> str:
        """The result of a command that must succeed."""
        answer = self.ask(*words)
        if not answer.startswith("OK"):
            raise AssertionError(f"{' '.join(words)}: {answer}")
        return answer.partition("|")[2]

    def await_answer(self, wanted: str, *words: str) -> float:
        """Give a command until it is answered so, or connected at all; gives how long that took."""
        began = time.monotonic()
        answer = ""
        while answer != wanted:
            if time.monotonic() > began + _BACK_WITHIN_S:
                raise AssertionError(f"{' '.join(words)}: {answer or 'no server'}")
            with suppress(OSError, ClosedError):
                answer = self.ask(*words)
            time.sleep(0.02)
        return time.monotonic() - began
