"""Plays out over an interface that is taken away, and over another where it is looked at.

Run in a network namespace of its own, as root: ``python -m tests.engine.leaving FOLDER CLIP``.
Prints with what TTL and from which address multicast came, and how a stream ended whose interface
went away.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor, task
from twisted.internet.defer import ensureDeferred

from hmp_twisted.config import RestreamSettings
from hmp_twisted.engine import stream
from hmp_twisted.engine.restreamer import Restreamer
from hmp_twisted.errors import StreamFailedError

from .playing import RECORDING, until, write_recording
from .rejoining import GROUP, PORT, RECEIVER, SENDER, ip, plug, unplug

TTL = 5
_IP_RECVTTL = 12


def listen() -> socket.socket:
    """A receiver of the group on the receiving end of the cable alone, told of TTLs."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
    membership = socket.inet_aton(GROUP) + socket.inet_aton(RECEIVER)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    one.bind((GROUP, PORT))
    one.setblocking(False)
    return one


def received(one: socket.socket) -> tuple[int, str] | None:
    """The TTL and the sender of the next datagram, if there is one."""
    try:
        _, details, _, sender = one.recvmsg(2048, 64)
    except BlockingIOError:
        return None
    return struct.unpack("i", details[0][2])[0], sender[0]


class Leaving:
    """A restreamer and what it told."""

    def __init__(self, folder: Path) -> None:
        self.ended: list[tuple[str, str]] = []
        self.restreamer = Restreamer(
            reactor, folder, RestreamSettings(), lambda *told: self.ended.append(told)
        )

    async def start(self, name: str, address: str, interface: str = "") -> str:
        """Start a stream; why it was refused, if it was."""
        options: Any = {"ttl": TTL, "interface": interface, "loop": True, "start_s": 0.0}
        try:
            await self.restreamer.start(name, RECORDING, address, PORT, **options)
        except StreamFailedError as error:
            return str(error)
        return ""


async def main(folder: Path, clip: Path) -> None:
    """Play, unplug, print."""
    stream.RETRY_S = (0.01, 0.1)
    ip("link set lo up")
    write_recording(folder, [clip.read_bytes()], RECORDING)
    leaving, told = Leaving(folder), {}
    told["no route"] = await leaving.start("none", "198.51.100.1")
    plug()
    receiver = listen()
    try:
        told["refused"] = await leaving.start("group", GROUP, SENDER)
        arrived: list[tuple[int, str]] = []
        await until(lambda: arrived.append(one) if (one := received(receiver)) else arrived, "TTL")
        told["ttl and sender"] = arrived[0]
        unplug()
        await until(lambda: leaving.ended, "the end of the stream")
        told["ended"] = leaving.ended
    finally:
        receiver.close()
        await leaving.restreamer.close()
    print(json.dumps(told))


if __name__ == "__main__":
    target, media = map(Path, sys.argv[1:])
    task.react(lambda _: ensureDeferred(main(target, media)))
