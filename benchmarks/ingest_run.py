"""One recorder, one case, one run: started, sent to, stopped, its files checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs

from tests.harness.waiting import wait_for

from . import machine, marked_ts
from .ingest_subjects import HERE, Recorder, place

_READY_S = 30.0
_SETTLE_S = 0.3
_LEAD_S, _LEAD_PER_SOURCE_S = 1.0, 0.01
"""Sent before the account begins: files are opened, manifests written, buffers touched."""
_ASKED_AT = 0.8
"""The part of the sending after which a recorder is asked for its facts."""


@attrs.frozen
class Case:
    """What is sent."""

    name: str
    sources: int
    bits_per_second: float
    """Of all sources together; 0 for a ramp."""
    seconds: float
    ramp: str = ""
    segments: int = 1

    @property
    def bytes(self) -> int:
        """About how much will be recorded."""
        return (
            2 << 30 if self.ramp else int(self.bits_per_second / 8 * (self.seconds + self.lead_s))
        )

    @property
    def lead_s(self) -> float:
        """How long is sent before the account begins."""
        return 0.0 if self.ramp else _LEAD_S + _LEAD_PER_SOURCE_S * self.sources

    @property
    def sender(self) -> list[str]:
        """The sender's options."""
        what = ["--ramp", self.ramp] if self.ramp else ["--rate", str(self.bits_per_second)]
        return [
            *what,
            f"--lead={self.lead_s}",
            f"--seconds={self.seconds}",
            f"--segments={self.segments}",
        ]


@attrs.define
class Run:
    """What one run showed."""

    case: str
    subject: str
    error: str = ""
    gbit: float = 0.0
    """Media sent."""
    cpu_s: float = 0.0
    """Of all the recorder's threads, from the first datagram until its sockets were empty."""
    load: float = 0.0
    """The part of one processor that it used."""
    lost: int = 0
    """Datagrams sent that are not in the files, by their sequence numbers."""
    unfinished: int = 0
    """Those of them that a recorder had not written when it had ended, at the files' ends."""
    strange: int = 0
    drops: int = 0
    """What its sockets dropped, as the kernel counts."""
    memory_bytes: int = 0
    others_load: float = 0.0
    """What other programs used of one processor meanwhile: they disturb."""
    sender_late: int = 0
    most_gbit_s: float = 0.0
    """The fastest step of a ramp with no loss."""
    sender_limited: bool = False
    facts: dict[str, Any] = attrs.field(factory=dict)

    @property
    def cpu_per_gbit(self) -> float:
        """Processor seconds for a Gbit."""
        return self.cpu_s / self.gbit if self.gbit else float("inf")


def measure(subject: type[Recorder], case: Case, folder: Path, cpus: tuple[int, int]) -> Run:
    """Run a recorder through a case.

    Args:
        subject: the recorder.
        case: what is sent to it.
        folder: where its files are put, and removed again.
        cpus: the processors of the sender and of the recorder.
    """
    place = Path(tempfile.mkdtemp(prefix="ingest-", dir=folder))
    recorder = subject(free_ports(case.sources), case.sources, place, cpus[1])
    run = Run(case.name, subject.name)
    try:
        _record(recorder, case, cpus[0], run)
    except (RuntimeError, AssertionError, subprocess.SubprocessError, OSError) as error:
        log = place / "log"
        tail = log.read_text(errors="replace")[-300:] if log.exists() else ""
        run.error = f"{error} {tail}".strip()
    finally:
        recorder.kill()
        shutil.rmtree(place, ignore_errors=True)
    return run


def _record(recorder: Recorder, case: Case, cpu: int, run: Run) -> None:
    ports = set(recorder.ports)
    recorder.start()
    wait_for(lambda: len(machine.udp_sockets(ports)) == len(ports), _READY_S, "open sockets")
    time.sleep(_SETTLE_S if case.sources < 50 else 3 * _SETTLE_S)
    machine.warm(case.bytes + (64 << 20))
    sent = _send(recorder, case, cpu, run)
    run.drops = sum(found.drops for found in machine.udp_sockets(ports).values())
    recorder.stop()
    _check(recorder, sent, run)


def _send(recorder: Recorder, case: Case, cpu: int, run: Run) -> dict[str, Any]:
    """Send, and account for what it cost, the beginning left out."""
    pids = machine.family(process.pid for process in recorder.processes)
    command = [sys.executable, "-m", "benchmarks.udp_sender", "--cpu", str(cpu)]
    command += ["--port", str(recorder.port), "--flows", str(recorder.sources), *case.sender]
    sender = subprocess.Popen(
        command, cwd=HERE.parent, stdout=subprocess.PIPE, preexec_fn=lambda: place(cpu)
    )
    assert sender.stdout is not None
    led = int(sender.stdout.readline())
    cpu_s, busy_s, begun = machine.cpu_s(pids), machine.busy_s(), time.monotonic()
    time.sleep(case.seconds * _ASKED_AT)
    run.facts = recorder.facts()
    run.memory_bytes = machine.resident_bytes(pids)
    answer, _ = sender.communicate(timeout=case.seconds + 60)
    sent: dict[str, Any] = json.loads(answer)
    _await_empty(set(recorder.ports))
    run.cpu_s = machine.cpu_s(pids) - cpu_s
    run.load = run.cpu_s / sent["seconds"]
    wall = time.monotonic() - begun
    run.others_load = (machine.busy_s() - busy_s - run.cpu_s - sent["cpu_s"]) / wall
    run.gbit = (sum(sent["sent"]) - led) * marked_ts.DATAGRAM * 8 / 1e9
    run.sender_late = sent["forgiven"]
    return sent


def _await_empty(ports: set[int]) -> None:
    def empty() -> bool:
        return not any(found.waiting_bytes for found in machine.udp_sockets(ports).values())

    wait_for(empty, 5, "empty sockets")
    time.sleep(0.1)


def _check(recorder: Recorder, sent: dict[str, Any], run: Run) -> None:
    gaps = []
    for source, count in enumerate(sent["sent"]):
        found = marked_ts.find(recorder.files(source), source)
        run.lost += count - found.datagrams
        run.unfinished += count - 1 - found.last
        run.strange += found.strange
        gaps += [found.first_gap] if found.first_gap >= 0 else []
    _find_fastest(sent["steps"], min(gaps, default=None), run)


def _find_fastest(steps: list[dict[str, Any]], gap: int | None, run: Run) -> None:
    run.sender_limited = True
    for step in steps:
        if step["drops"] or (gap is not None and gap < step["end"]):
            run.sender_limited = False
            return
        run.most_gbit_s = max(run.most_gbit_s, step["reached"] / 1e9)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody has."""
    for port in range(20000 + os.getpid() % 97 * 10, 32000, 500):
        if not machine.udp_sockets(set(range(port, port + count))):
            return port
    raise RuntimeError(f"no {count} free UDP ports in a row between 20000 and 32000")
