"""Real parts for tests of playing out: recordings on disk, a receiver on loopback, processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall

from hmp_twisted.config import RestreamSettings
from hmp_twisted.engine import manifest
from hmp_twisted.engine.restreamer import Restreamer

reactor: Any = real_reactor
# Of this process alone: what other programs send to 127.0.0.1 while tests run is not received.
ADDRESS = (
    f"127.{64 + os.getpid() // 62_500 % 128}.{os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"
)
RECORDING = "00000000-0000-4000-8000-000000000001"


class Receiver(DatagramProtocol):
    """Keeps every datagram, and when it came."""

    def __init__(self) -> None:
        """Bind to a free port on :data:`ADDRESS`."""
        self.datagrams: list[bytes] = []
        self.times: list[float] = []
        self._port = reactor.listenUDP(0, self, interface=ADDRESS, maxPacketSize=2048)

    def datagramReceived(self, datagram: bytes, addr: object) -> None:
        """Keep it."""
        self.datagrams.append(datagram)
        self.times.append(time.monotonic())

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._port.getHost().port)

    @property
    def received(self) -> bytes:
        """All bytes, in order."""
        return b"".join(self.datagrams)

    def close(self) -> Any:
        """Fires when the port is closed."""
        return self._port.stopListening()


class Player:
    """A Restreamer over a folder of recordings, and what it told."""

    def __init__(self, folder: Path, settings: RestreamSettings | None = None) -> None:
        """No recording is there yet."""
        self.folder = folder
        self.ended: list[tuple[str, str]] = []
        self.restreamer = Restreamer(
            reactor, folder, settings or RestreamSettings(), lambda *told: self.ended.append(told)
        )
        self._receivers: list[Receiver] = []

    def receiver(self) -> Receiver:
        """A new receiver, closed with the player."""
        receiver = Receiver()
        self._receivers.append(receiver)
        return receiver

    def record(
        self, *segments: bytes, recording_id: str = RECORDING, durations: Sequence[float] = ()
    ) -> None:
        """Put a finished recording of these segments into the folder, of 5 s in all unless told."""
        write_recording(self.folder, segments, recording_id, durations)

    def start(
        self,
        stream_id: str,
        receiver: Receiver,
        *,
        recording_id: str = RECORDING,
        loop: bool = False,
        start_s: float = 0.0,
    ) -> Deferred[None]:
        """Play to a receiver."""
        return self.restreamer.start(
            stream_id,
            recording_id,
            ADDRESS,
            receiver.port,
            ttl=1,
            interface="",
            loop=loop,
            start_s=start_s,
        )

    def pid_of(self, stream_id: str) -> int:
        """The process ID of a stream's ffmpeg; 0 while there is none."""
        for stream in self.restreamer.status()["streams"]:
            if stream["stream_id"] == stream_id:
                return int(stream["ffmpeg_pid"] or 0)
        return 0

    async def close(self) -> None:
        """Stop everything."""
        await self.restreamer.close()
        for receiver in self._receivers:
            await receiver.close()


def write_recording(
    folder: Path, segments: Sequence[bytes], recording_id: str, durations: Sequence[float] = ()
) -> None:
    """A finished recording of one track."""
    durations = durations or [5.0 / max(1, len(segments))] * len(segments)
    place = manifest.folder_of(folder, recording_id)
    entries = []
    for number, (data, duration_s) in enumerate(zip(segments, durations, strict=True), 1):
        path = manifest.segment_path(place, 1, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        offset_s = sum(durations[: number - 1])
        entries.append(manifest.Segment(number, 1.0, offset_s, len(data), duration_s, True))
    place.mkdir(parents=True, exist_ok=True)
    track = manifest.Track(1, "source", "encoder", "udp://@:5000", segments=tuple(entries))
    manifest.write(
        place, manifest.Recording(recording_id, "FINISHED", 1.0, sum(durations), tracks=(track,))
    )


async def until(condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Wait until something is so; fail with ``what`` was waited for after ``seconds``."""
    deadline = time.monotonic() + seconds

    def look() -> None:
        if condition():
            poll.stop()
        elif time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")

    poll = LoopingCall(look)
    await poll.start(0.005)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def kill(pid: int, number: int) -> None:
    """Send a signal to a process that we started."""
    assert pid > 1
    os.kill(pid, number)
