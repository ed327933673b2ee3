"""What the machine itself holds up: a process that gets no CPU, a disk that takes no writes.

Nothing that was received 0.25 s before a kill may be missing. But a process that the kernel does
not run receives nothing, and what a disk does not take is in memory alone. On a machine that others
keep busy, too, both happen; so they are measured beside the engine, not by it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

INTERVAL_S = 0.02
LOOK_BACK_S = 2.0


class Probe:
    """A thread that appends a few bytes to a file of its own, and times it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "probe"
        self._writes: list[tuple[float, float]] = []
        self._began = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="probe")

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)

    def stall_s(self) -> float:
        """How long a write took lately, or takes now, at the longest."""
        now = time.monotonic()
        lately = [end - begin for begin, end in self._writes if end > now - LOOK_BACK_S]
        return max([*lately, now - self._began])

    def _run(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            while not self._end.wait(INTERVAL_S):
                self._began = time.monotonic()
                file.write(bytes(188))
                self._writes = [*self._writes[-1000:], (self._began, time.monotonic())]


def cpu_wait_s(pid: int) -> float:
    """For how long the threads of a process have been ready to run and were not, each at most."""
    waits = [
        int(path.read_text(encoding="ascii").split()[1])
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    ]
    return max(waits, default=0) / 1e9
