"""Records a multicast group while its interface goes away and comes back.

Run in a network namespace of its own, as root: ``python -m tests.engine.rejoining FOLDER URL``.
Prints the numbers of the datagrams recorded, and what the log was told.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from twisted.internet import reactor, task
from twisted.internet.defer import ensureDeferred
from twisted.logger import capturedLogs, formatEvent

from hmp_twisted.config import RecordingsSettings
from hmp_twisted.engine import manifest
from hmp_twisted.engine.recorder import Recorder

from ..harness import packets
from ..harness.sending import output_socket
from .bench_of_recording import media, split, track

RECEIVER, SENDER = "10.77.0.1", "10.77.0.2"
GROUP, PORT = "239.77.0.1", 5000
LIVES = 3
EACH = 20
"""Datagrams sent in each of these lives of the interface."""


def ip(command: str) -> None:
    """Run ``ip``."""
    subprocess.run(["ip", *command.split()], check=True)


def plug() -> None:
    """Put up a cable: what is sent from one end arrives at the other."""
    ip("link add hmp-rx type veth peer name hmp-tx")
    for name, address in (("hmp-rx", RECEIVER), ("hmp-tx", SENDER)):
        # Both ends are on this machine, which it would otherwise take for a forgery.
        conf = Path("/proc/sys/net/ipv4/conf")
        (conf / name / "accept_local").write_text("1")
        (conf / name / "rp_filter").write_text("0")
        ip(f"address add {address}/24 dev {name}")
        ip(f"link set {name} up")


def unplug() -> None:
    """Take the cable away."""
    ip("link delete hmp-rx")


def joined() -> bool:
    """Whether the machine is a member of the group on the receiving end."""
    member = False
    for line in Path("/proc/net/igmp").read_text().splitlines()[1:]:
        if not line.startswith("\t"):
            member = "hmp-rx" in line
        elif member and line.split()[0] == "01004DEF":
            return True
    return False


async def until_joined(wanted: bool) -> None:
    """Wait until the group is joined, or is not."""
    deadline = time.monotonic() + 10
    while joined() != wanted:
        assert time.monotonic() < deadline, f"joined is still {not wanted}"
        await task.deferLater(reactor, 0.02)


def send(datagrams: list[bytes]) -> None:
    """Send from the other end of the cable."""
    with output_socket(SENDER) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(SENDER))
        for datagram in datagrams:
            out.sendto(datagram, (GROUP, PORT))


async def record(recorder: Recorder, url: str) -> manifest.Recording:
    """Record over several lives of the interface."""
    data = split(packets.datagrams(0, LIVES * EACH))
    plug()
    await recorder.open()
    await recorder.start("one", [track(PORT, url=url, interface=RECEIVER)])
    for life in range(LIVES):
        await until_joined(True)
        send(data[life * EACH : (life + 1) * EACH])
        await task.deferLater(reactor, 0.2)
        unplug()
        await task.deferLater(reactor, 1.5)  # long enough to be noticed
        plug()
    await until_joined(True)
    return await recorder.stop("one")


async def main(folder: Path, url: str) -> None:
    """Record, and print what was recorded."""
    ip("link set lo up")
    Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text("0")
    recorder = Recorder(reactor, folder, RecordingsSettings(min_free_bytes=1), lambda _: None)
    try:
        with capturedLogs() as logs:
            recording = await record(recorder, url)
    finally:
        await recorder.close()
    (segment,) = media(recording, folder / "one")
    told = [formatEvent(event) for event in logs]
    print(json.dumps({"numbers": packets.numbers(segment), "told": told}))


if __name__ == "__main__":
    target, source_url = sys.argv[1:]
    task.react(lambda _: ensureDeferred(main(Path(target), source_url)))
