"""A program under test as a subprocess: its log, its end, and that nothing of it is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import attrs

from . import processes
from .waiting import wait_for

BIN = Path(sys.executable).parent
ORDERLY = (0, -signal.SIGTERM)
"""How a ``twistd`` ends that was told to: by the signal, raised again once all is done."""

LIVE: list[Daemon] = []
"""All that were started and not closed: their logs go into the report of a failed test."""


def script(name: str) -> str:
    """The path of a script that the installation brought."""
    return str(BIN / name)


@attrs.define(eq=False)
class Daemon:
    """A ``twistd`` of ours that runs in ``folder``; each life appends to the same log."""

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: dict[str, str] = attrs.field(factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _family: dict[int, processes.Process] = attrs.field(factory=dict)
    _marker: str = attrs.field(factory=lambda: f"harness-{uuid.uuid4()}")

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    @property
    def log(self) -> str:
        """All that it said, over all its lives."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process of the last start still runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, and come back at once."""
        assert not self.running, f"{self.name} runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **self.environment, "HMP_HARNESS": self._marker}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.arguments),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self not in LIVE:
            LIVE.append(self)

    def children(self) -> list[processes.Process]:
        """All processes that it started, directly or not, and that run."""
        found = processes.descendants(self.pid)
        self._family.update((p.pid, p) for p in found)
        return found

    def child(self, *words: str) -> processes.Process:
        """The one child whose command line has all these words in it, awaited."""
        return wait_for(
            lambda: next((p for p in self.children() if all(w in p.command for w in words)), None),
            10,
            f"child of {self.name} with {words} in its command line",
        )

    def stop(self, timeout: float = 20) -> int:
        """End it in order (SIGTERM), and give its exit status."""
        self.children()
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """End it at once (SIGKILL), it alone."""
        self.children()
        self.signal(signal.SIGKILL)
        self.wait(10)

    def signal(self, number: int) -> None:
        """Send a signal to its process."""
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit status, awaited."""
        assert self.process is not None
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} did not end within {timeout:g} s\n{self.tail()}"
            ) from None

    def survivors(self) -> list[processes.Process]:
        """Processes of it that run, whoever their parent is by now."""
        known = [p for p in self._family.values() if p.alive]
        found = {p.pid: p for p in [*known, *processes.marked(self._marker)]}
        return [p for p in found.values() if p.pid != os.getpid()]

    def close(self) -> None:
        """End it, however it is, and see that nothing of it is left.

        Raises:
            AssertionError: a process of it did not end with it within three seconds (it is killed).
        """
        if self in LIVE:
            LIVE.remove(self)
        if self.process is None:
            return
        if self.running:
            self.stop()
        try:
            self.await_nothing_left()
        finally:
            for process in self.survivors():
                process.kill()

    def await_nothing_left(self, timeout: float = 3) -> None:
        """Wait until no process of it runs."""
        wait_for(
            lambda: not self.survivors(), timeout, f"end of {self._names()}, left by {self.name}"
        )

    def _names(self) -> str:
        return ", ".join(p.command or str(p.pid) for p in self.survivors()) or "its processes"

    def tail(self, lines: int = 60) -> str:
        """The end of its log, long lines cut."""
        return "\n".join(line[:240] for line in self.log.splitlines()[-lines:])

    def await_log(self, pattern: str, timeout: float = 10, *, after: int = 0) -> str:
        """The first match of a regular expression in its log after so many characters, awaited."""
        match = wait_for(
            lambda: re.search(pattern, self.log[after:]),
            timeout,
            f"/{pattern}/ in the log of {self.name}",
        )
        return match.group(0)
