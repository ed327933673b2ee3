"""How fast commands are answered while 20 sources are recorded.

For 1, 50 and 500 connections: latency (p50, p99) at a paced rate, and throughput flat out, of
``getRecordingStatus``, ``updateMetadata`` and ``addHotmark``; first with an empty catalogue, then
with 100,000 recordings in it. The last column is the second p99 over the first: what the size of
the catalogue costs.

    python -m benchmarks.commands [--recordings N] [--rate N] [--seconds S] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tests.harness.client import Client
from tests.harness.ports import free_udp_port
from tests.harness.sending import Sender
from tests.harness.server import Server

SOURCES = 20
BITRATE = 4_000_000
CONNECTIONS = (1, 50, 500)
MAKE: dict[str, Callable[[str, int], str]] = {
    "getRecordingStatus": lambda recording, n: f"getRecordingStatus {recording}",
    "updateMetadata": lambda recording, n: f"updateMetadata {recording} description take-{n}",
    "addHotmark": lambda recording, n: f"addHotmark {recording} mark-{n}",
}


@attrs.frozen
class Result:
    """One command at one number of connections."""

    command: str
    connections: int
    recordings: int
    p50_ms: float
    p99_ms: float
    paced_per_s: float
    flat_out_per_s: float
    refused: int
    """Answers that were errors: a second HotMark within a second is one, by the guide."""


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str
) -> tuple[float, bool]:
    begun = time.perf_counter()
    writer.write(line.encode() + b"\n")
    answer = await reader.readline()
    if not answer:
        raise ConnectionError(f"the server hung up on {line!r}")
    return time.perf_counter() - begun, answer.startswith(b"OK")


async def _paced(
    streams: list[Any], line: Callable[[int], str], rate: float, seconds: float
) -> list[Any]:
    """Each connection asks evenly, all together ``rate`` times a second."""
    period = len(streams) / rate

    async def one(index: int, reader: Any, writer: Any) -> list[tuple[float, bool]]:
        loop, results = asyncio.get_running_loop(), []
        due = loop.time() + period * index / len(streams)
        end = loop.time() + seconds
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            results.append(await _exchange(reader, writer, line(index)))
            due += period
        return results

    runs = await asyncio.gather(*(one(i, *stream) for i, stream in enumerate(streams)))
    return [result for run in runs for result in run]


async def _flat_out(streams: list[Any], line: Callable[[int], str], seconds: float) -> float:
    """Each connection asks again as soon as it is answered; answers a second in all."""
    end = time.perf_counter() + seconds

    async def one(index: int, reader: Any, writer: Any) -> int:
        count = 0
        while time.perf_counter() < end:
            await _exchange(reader, writer, line(index))
            count += 1
        return count

    begun = time.perf_counter()
    counts = await asyncio.gather(*(one(i, *stream) for i, stream in enumerate(streams)))
    return sum(counts) / (time.perf_counter() - begun)


async def measure(
    port: int,
    command: str,
    active: list[str],
    connections: int,
    stored: int,
    args: argparse.Namespace,
) -> Result:
    """One row of the table."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    serial = iter(range(1 << 40))

    def line(index: int) -> str:
        return MAKE[command](active[index % len(active)], next(serial))

    paced = await _paced(streams, line, args.rate, args.seconds)
    rate = await _flat_out(streams, line, args.seconds / 2)
    for _, writer in streams:
        writer.close()
    p50, p99 = np.percentile([seconds for seconds, _ in paced], (50, 99)) * 1000
    refused = sum(not ok for _, ok in paced)
    return Result(command, connections, stored, p50, p99, len(paced) / args.seconds, rate, refused)


def _send(ports: list[int], sent: Any, end: Any) -> None:
    with Sender([("127.0.0.1", port) for port in ports], bitrate=BITRATE) as sender:
        end.wait()
    sent.value = sender.finish() if sender.sent == 0 else sender.sent


@contextmanager
def encoders(ports: list[int]) -> Iterator[Any]:
    """A process that sends to all ports; yields the count of datagrams, set at its end."""
    end, sent = multiprocessing.Event(), multiprocessing.Value("l", 0)
    process = multiprocessing.Process(target=_send, args=(ports, sent, end), daemon=True)
    process.start()
    try:
        yield sent
    finally:
        end.set()
        process.join(10)


def start_recordings(server: Server, ports: list[int]) -> list[str]:
    """A session and a recording for each port."""
    active = []
    with Client(server.port) as client:
        for port in ports:
            source = server.hmpctl("source", "add", f"encoder {port}", f"udp://@127.0.0.1:{port}")
            session = client.result("createSession", f"session {port}")
            client.result("addSourceToSession", session, source)
            active.append(client.result("startRecording", session))
    return active


def fill(server: Server, count: int) -> None:
    """Put ``count`` finished recordings into the catalogue."""
    rows = [
        (
            str(uuid.uuid4()),
            str(uuid.uuid4()),
            f"Lecture {n}",
            "",
            "",
            1.7e9 + n,
            "STOPPED",
            "FINISHED",
            "",
            60.0,
            1,
            1,
            1,
        )
        for n in range(count)
    ]
    names = "id session_id title description createdby created wanted state reason duration_s"
    names += " track_count revision filed_revision"
    columns = ", ".join(names.split())
    marks = ", ".join("?" * len(names.split()))
    with server.database() as database:
        database.executemany(f"INSERT INTO recordings ({columns}) VALUES ({marks})", rows)


def lost_datagrams(server: Server, active: list[str]) -> int:
    """What the recordings miss, as ``hmpctl`` tells."""
    shown = [server.show("recording", "show", recording) for recording in active]
    return sum(track["lost_datagrams"] for recording in shown for track in recording["tracks"])


def run(args: argparse.Namespace) -> list[Result]:
    """All rows, with an empty catalogue and with a full one."""
    results = []
    ports = [free_udp_port() for _ in range(SOURCES)]
    with tempfile.TemporaryDirectory(prefix="hmp-bench-") as folder:
        server = Server(
            Path(folder),
            {"log": {"level": "info"}, "command_api": {"max_connections_per_device": 1000}},
        )
        server.admit()
        with server.start(), encoders(ports):
            active = start_recordings(server, ports)
            for stored in (0, args.recordings):
                fill(server, stored)
                for command in MAKE:
                    for connections in CONNECTIONS:
                        results.append(
                            asyncio.run(
                                measure(server.port, command, active, connections, stored, args)
                            )
                        )
                        print(".", end="", file=sys.stderr, flush=True)
            lost = lost_datagrams(server, active)
    print(
        f"\n{SOURCES} sources of {BITRATE / 1e6:g} Mbit/s recorded meanwhile, {lost} datagrams lost"
    )
    return results


def report(results: list[Result]) -> str:
    """The table."""
    names = ("connections", "recordings", "p50 ms", "p99 ms", "flat out/s", "refused", "p99 ratio")
    head = f"{'command':20}" + "".join(f" {name:>11}" for name in names)
    lines = [head]
    first = {(r.command, r.connections): r.p99_ms for r in results if r.recordings == 0}
    for r in results:
        ratio = r.p99_ms / first[r.command, r.connections]
        lines.append(
            f"{r.command:20} {r.connections:11} {r.recordings:11,}"
            f" {r.p50_ms:11.2f} {r.p99_ms:11.2f}"
            f" {r.flat_out_per_s:11.0f} {r.refused:11} {ratio:11.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--recordings", type=int, default=100_000, help="in the full catalogue")
    parser.add_argument("--rate", type=float, default=100, help="paced commands a second, in all")
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement")
    parser.add_argument("--json", type=Path, help="also write the results here")
    args = parser.parse_args()
    results = run(args)
    print(report(results))
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    print(f"{machine}, paced at {args.rate:g} commands a second in all")
    if args.json:
        args.json.write_text(json.dumps([attrs.asdict(r) for r in results], indent=1))


if __name__ == "__main__":
    main()
