"""What runs on this machine, read from ``/proc``: who is a child of whom, and who is left over."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import attrs


@attrs.frozen
class Process:
    """One process; the start time tells it from a later one of the same number."""

    pid: int
    parent: int
    started: int
    command: str

    @property
    def alive(self) -> bool:
        """Whether it still runs (a zombie does not)."""
        now = _read(self.pid)
        return now is not None and now.started == self.started

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal, unless it is gone."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _read(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[1]), int(fields[19]), command.strip())


def everything() -> list[Process]:
    """All processes that run."""
    found = (_read(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [process for process in found if process is not None]


def descendants(pid: int) -> list[Process]:
    """The children of a process, theirs, and so on."""
    running = everything()
    family, found = {pid}, []
    grown = True
    while grown:
        fresh = [p for p in running if p.parent in family and p.pid not in family]
        family.update(p.pid for p in fresh)
        found += fresh
        grown = bool(fresh)
    return found


def marked(marker: str) -> list[Process]:
    """The processes that have ``marker`` in their environment or on their command line."""
    return [p for p in everything() if marker in p.command or marker in _environment(p.pid)]


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""
