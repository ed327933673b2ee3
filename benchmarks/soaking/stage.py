"""What is soaked: a server and an engine of their own, on a disk that can be stopped and filled."""

from __future__ import annotations

import os
import shutil
import struct
import time
from contextlib import suppress
from pathlib import Path

from tests.harness import Client, ClosedError, Daemon, Disk, Server, stand_alone_engine

MIN_FREE_BYTES = 64 << 20
_STEPPED_CLOCK = Path(__file__).parent / "stepped_clock"
_BACK_WITHIN_S = 20.0


class Stage:
    """The server, its engine, and the clock that both believe."""

    def __init__(self, folder: Path, disk_bytes: int) -> None:
        self.server = Server(folder)
        self.faulty = folder / "faulty"
        """Where copies of recordings are kept that are not as they should be."""
        self.server.configure(
            restream={"loop": True},
            recordings={"min_free_bytes": MIN_FREE_BYTES},
            log={"level": "info"},
        )
        self.disk = Disk.make(folder / "disk.ext4", self.server.recordings_dir, disk_bytes)
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
            self.disk.close()

    def keep(self, recording: str) -> None:
        """Copy a recording's folder, which its disk will not outlive."""
        source = self.server.recordings_dir / recording
        shutil.copytree(source, self.faulty / recording, dirs_exist_ok=True)

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
