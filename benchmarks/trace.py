"""What the console's live trace costs the commands: nobody looks, one browser looks, five do.

Commands are asked flat out over 20 connections. The three cases take turns in one run, so that
what else the machine does falls on all alike; a line is the median of its turns. What noting an
exchange costs by itself, whoever looks, is measured beside it.

    python -m benchmarks.trace [--seconds S] [--turns N] [--lock FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import http.client
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import attrs

from hmp_twisted.clocks import WallClock
from hmp_twisted.commands.trace import Trace, What, untraced
from tests.harness import Server, free_tcp_port, free_udp_port, wait_for

from .machine import cpu_s

CONNECTIONS = 20
VIEWERS = (0, 1, 5)
PASSWORD = "correct horse battery"
NOTED = 20_000


@attrs.frozen
class Turn:
    """What was answered in a while."""

    per_s: float
    cpu_us: float
    """Of the server, a command."""


async def _flat_out(port: int, line: bytes, seconds: float) -> int:
    """Each connection asks again as soon as it is answered; answers in all."""
    end = time.perf_counter() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while time.perf_counter() < end:
            writer.write(line)
            if not (await reader.readline()).startswith(b"OK"):
                raise SystemExit("the server refused a command")
            count += 1
        writer.close()
        return count

    return sum(await asyncio.gather(*(one() for _ in range(CONNECTIONS))))


def turn(server: Server, line: bytes, seconds: float) -> Turn:
    """Ask for a while."""
    pid = server.daemon.pid
    before, begun = cpu_s([pid]), time.perf_counter()
    count = asyncio.run(_flat_out(server.port, line, seconds))
    return Turn(count / (time.perf_counter() - begun), (cpu_s([pid]) - before) / count * 1e6)


def sign_in(port: int) -> str:
    """An administrator's cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/sign-in")
    page = connection.getresponse()
    cookie = str(page.getheader("Set-Cookie")).partition(";")[0]
    csrf = page.read().decode().partition('name="csrf" value="')[2][:64]
    fields = urlencode({"name": "ada", "password": PASSWORD, "csrf": csrf})
    form = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", fields, form)
    return str(connection.getresponse().getheader("Set-Cookie")).partition(";")[0]


@contextmanager
def viewers(port: int, cookie: str, count: int) -> Iterator[None]:
    """So many programs that read the trace as browsers do, each in a process of its own."""
    url = f"http://127.0.0.1:{port}/console/trace"
    read = (
        "import sys, urllib.request as u\n"
        "headers = {'Cookie': sys.argv[2], 'Accept': 'text/event-stream'}\n"
        "r = u.urlopen(u.Request(sys.argv[1], headers=headers))\n"
        "print('here', flush=True)\n"
        "while r.read1(65536): pass\n"
    )
    command = [sys.executable, "-c", read, url, cookie]
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout is not None
            if not process.stdout.readline():
                raise SystemExit("the trace was refused")
        yield


def recording(server: Server) -> str:
    """A recording in progress; its source sends nothing. Its status is the cheapest command."""
    url = f"udp://@127.0.0.1:{free_udp_port()}"
    source, client = server.hmpctl("source", "add", "silent", url), server.client()
    session = client.result("createSession", "Evening")
    client.result("addSourceToSession", session, source)
    return client.result("startRecording", session)


def noting_us() -> float:
    """Microseconds to note an exchange, beyond those of telling nobody."""
    watch = Trace(WallClock()).of("127.0.0.1:5", "panel")
    arguments = (What.COMMAND, b"getRecordingStatus " + b"x" * 36 + b"\n", b"OK|RECORDING\n", 0.001)
    noted = min(timeit.repeat(lambda: watch(*arguments), number=NOTED))
    told = min(timeit.repeat(lambda: untraced(*arguments), number=NOTED))
    return (noted - told) / NOTED * 1e6


def run(seconds: float, turns: int) -> dict[int, list[Turn]]:
    """The turns of each number of viewers."""
    found: dict[int, list[Turn]] = {count: [] for count in VIEWERS}
    port = free_tcp_port()
    web = {"endpoint": f"tcp:{port}:interface=127.0.0.1"}
    with tempfile.TemporaryDirectory(prefix="hmp-bench-") as folder:
        server = Server(Path(folder), {"log": {"level": "info"}, "web": web})
        server.admit()
        add = ("user", "add", "ada", "--role", "Administrator", "--password-stdin")
        assert server.try_hmpctl(*add, stdin=PASSWORD).returncode == 0
        with server.start():
            cookie = wait_for(lambda: sign_in(port), 30, "the web interface")
            line = f"getRecordingStatus {recording(server)}\n".encode()
            turn(server, line, 1.0)
            for _ in range(turns):
                for count in VIEWERS:
                    with viewers(port, cookie, count):
                        found[count].append(turn(server, line, seconds))
    return found


def report(found: dict[int, list[Turn]], noted_us: float) -> str:
    """The table."""
    lines = [f"{'browsers that look':18} {'commands/s':>11} {'ratio':>6} {'CPU us a command':>17}"]
    alone = median(turn.per_s for turn in found[0])
    for count, turns in found.items():
        rate, cpu = (median(getattr(t, name) for t in turns) for name in ("per_s", "cpu_us"))
        lines.append(f"{count:18} {rate:11.0f} {rate / alone:6.2f} {cpu:17.0f}")
    cpu = median(turn.cpu_us for turn in found[0])
    lines.append(f"noting an exchange: {noted_us:.1f} us, {noted_us / cpu:.1%} of a command's CPU")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=3, help="of each case")
    parser.add_argument("--lock", type=Path, help="a file to take turns with others by")
    args = parser.parse_args()
    with ExitStack() as stack:
        if args.lock:
            fcntl.flock(stack.enter_context(args.lock.open("w")), fcntl.LOCK_EX)
        print(report(run(args.seconds, args.turns), noting_us()))


if __name__ == "__main__":
    main()
