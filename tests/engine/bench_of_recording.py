"""What tests of recording share: a recorder on a folder, sources to send to, and waiting."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater

from hmp_twisted.config import RecordingsSettings
from hmp_twisted.engine import manifest
from hmp_twisted.engine.receiver import POOL_BYTES
from hmp_twisted.engine.recorder import Recorder

from ..harness import packets
from ..harness.sending import output_socket

DATAGRAM = packets.DATAGRAM


async def until(condition: Callable[[], Any], what: str, timeout: float = 10.0) -> None:
    """Let the reactor run until ``condition`` holds, at most ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"within {timeout:g} s there was no {what}"
        await deferLater(reactor, 0.005)


def split(data: bytes) -> list[bytes]:
    """The datagrams that ``data`` is made of."""
    return [data[at : at + DATAGRAM] for at in range(0, len(data), DATAGRAM)]


def track(port: int, *, number: int = 1, url: str = "", interface: str = "") -> manifest.Track:
    """A track of the source at a port of this machine, or at a URL."""
    return manifest.Track(
        number=number,
        source_id=f"source-{number}",
        source_name=f"Source {number}",
        url=url or f"udp://@127.0.0.1:{port}",
        interface=interface,
    )


def media(recording: manifest.Recording, folder: Path, number: int = 1) -> list[bytes]:
    """What a track's segments hold, in their order."""
    (found,) = (one for one in recording.tracks if one.number == number)
    paths = [manifest.segment_path(folder, number, one.number) for one in found.segments]
    return [path.read_bytes() for path in paths]


class Bench:
    """A recorder on a folder of its own, with a socket to send from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ended: list[manifest.Recording] = []
        self.recorders: list[Recorder] = []
        self.out: socket.socket = output_socket()

    async def open(self, pool_bytes: int = POOL_BYTES, **settings: Any) -> Recorder:
        """A recorder that has opened the folder; at the end it is closed."""
        recorder = self.made(pool_bytes, **settings)
        await recorder.open()
        return recorder

    def made(self, pool_bytes: int = POOL_BYTES, **settings: Any) -> Recorder:
        """A recorder that has not opened the folder yet."""
        wanted = RecordingsSettings(**{"min_free_bytes": 1, **settings})
        recorder = Recorder(reactor, self.folder, wanted, self.ended.append, pool_bytes=pool_bytes)
        self.recorders.append(recorder)
        return recorder

    def send(self, datagrams: list[bytes], port: int, address: str = "127.0.0.1") -> None:
        """Send each as it is; they are in the receiver's socket when this returns."""
        for datagram in datagrams:
            self.out.sendto(datagram, (address, port))

    def received(self, recorder: Recorder) -> int:
        """How many datagrams the recorder's first source has taken in."""
        found: int = recorder.status()["sources"][0]["datagrams"]
        return found

    def path(self, recording_id: str) -> Path:
        """A recording's folder."""
        return manifest.folder_of(self.folder, recording_id)

    async def close(self) -> None:
        """Close what was opened."""
        self.out.close()
        for recorder in self.recorders:
            await recorder.close()
