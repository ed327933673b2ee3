"""A long recording that has to reach the disk: the page cache alone cannot hide it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import machine, marked_ts
from .ingest_run import free_ports
from .ingest_subjects import HERE, Engine, place

SOURCES = 50
BITS_PER_SECOND = SOURCES * 8e6
_REPORT_S = 10.0


def sustain(seconds: float, folder: Path) -> None:
    """Record for so long, telling every ten seconds what was sent and what the device was given."""
    where = Path(tempfile.mkdtemp(prefix="ingest-", dir=folder))
    engine = Engine(free_ports(SOURCES), SOURCES, where, 1)
    needed = int(seconds * BITS_PER_SECOND / 8 * 1.1)
    if shutil.disk_usage(where).free < needed + (2 << 30):
        raise SystemExit(f"{where} has no room for {needed >> 30} GiB; name another with --folder")
    try:
        engine.start()
        _watch(engine, seconds)
    finally:
        engine.kill()
        shutil.rmtree(where, ignore_errors=True)


def _watch(engine: Engine, seconds: float) -> None:
    command = [sys.executable, "-m", "benchmarks.udp_sender", "--cpu", "0"]
    command += ["--port", str(engine.port), "--flows", str(SOURCES)]
    command += ["--rate", str(BITS_PER_SECOND), "--seconds", str(seconds)]
    pids = machine.family(process.pid for process in engine.processes)
    written, cpu_s, begun = (
        machine.written_bytes(engine.folder),
        machine.cpu_s(pids),
        time.monotonic(),
    )
    sender = subprocess.Popen(
        command, cwd=HERE.parent, stdout=subprocess.PIPE, preexec_fn=lambda: place(0)
    )
    most_dirty = 0
    while True:
        try:
            answer, _ = sender.communicate(timeout=_REPORT_S)
            break
        except subprocess.TimeoutExpired:
            most_dirty = max(most_dirty, machine.dirty_bytes())
            _tell(engine, time.monotonic() - begun, written, pids)
    sent = json.loads(answer.splitlines()[-1])
    used = machine.cpu_s(pids) - cpu_s
    engine.stop()
    _sum_up(engine, sent, machine.written_bytes(engine.folder) - written, used, most_dirty)


def _tell(engine: Engine, passed: float, written: int, pids: set[int]) -> None:
    given = machine.written_bytes(engine.folder) - written
    print(
        f"{passed:6.0f} s: {passed * BITS_PER_SECOND / 8 / 1e6:8.0f} MB sent, "
        f"{given / 1e6:8.0f} MB given to the device, {machine.dirty_bytes() / 1e6:6.0f} MB dirty, "
        f"pool {engine.facts()['pool_used_bytes'] / 1e6:4.1f} MB, "
        f"engine {machine.resident_bytes(pids) >> 20} MiB",
        flush=True,
    )


def _sum_up(engine: Engine, sent: dict[str, Any], written: int, used: float, dirty: int) -> None:
    found = [marked_ts.find(engine.files(source), source) for source in range(engine.sources)]
    total = sum(sent["sent"])
    print(
        f"sent {total} datagrams ({total * marked_ts.DATAGRAM / 1e9:.2f} GB) in "
        f"{sent['seconds']:.0f} s, {total - sum(one.datagrams for one in found)} of them lost; "
        f"the device was given {written / 1e9:.2f} GB, at most {dirty / 1e6:.0f} MB were dirty; "
        f"{used / sent['seconds']:.1%} of a core, "
        f"{used / (total * marked_ts.DATAGRAM * 8 / 1e9):.4f} s/Gbit"
    )
