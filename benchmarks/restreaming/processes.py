"""What a process and all its children have cost, and their end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all that it started, directly or not."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pids: list[int]) -> float:
    """What these processes and their children have used so far, to the nanosecond."""
    total = 0
    for one in {each for pid in pids for each in family(pid)}:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def kill_all(pids: list[int]) -> None:
    """End these processes, which we started, and their children."""
    for one in [each for pid in pids for each in family(pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, 9)
