"""A real encoder, and a tap on its wire that remembers every datagram it lets through."""

from __future__ import annotations

import select
import socket
import subprocess
import threading
import time
from pathlib import Path

import ffmpeg

DATAGRAM = 1316
"""Seven packets of 188 bytes: what fits an Ethernet frame, and what encoders send."""


def encoder_command(binary: str, port: int) -> list[str]:
    """ffmpeg as a live encoder: a moving test picture with a clock and a tone, H.264 and AAC."""
    picture = ffmpeg.input("testsrc2=size=640x360:rate=25", f="lavfi", re=None)
    tone = ffmpeg.input("sine=frequency=440:sample_rate=48000:beep_factor=4", f="lavfi", re=None)
    out = ffmpeg.output(
        picture,
        tone,
        f"udp://127.0.0.1:{port}?pkt_size={DATAGRAM}",
        vcodec="libx264",
        preset="ultrafast",
        tune="zerolatency",
        pix_fmt="yuv420p",
        g=25,
        video_bitrate="1500k",
        acodec="aac",
        audio_bitrate="128k",
        f="mpegts",
    ).global_args("-hide_banner", "-nostdin", "-loglevel", "error")
    return [str(word) for word in ffmpeg.compile(out, cmd=binary)]


class Tap:
    """Passes datagrams on from the encoder to the source's port and keeps what it passed."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._in = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._in.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._in.bind(("127.0.0.1", 0))
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.passed: list[tuple[float, bytes]] = []
        """Monotonic time and bytes of each datagram, in order."""

    @property
    def port(self) -> int:
        """Where the encoder sends to."""
        return int(self._in.getsockname()[1])

    def _run(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._in], [], [], 0.1)[0]:
                continue
            datagram = self._in.recv(65536)
            self._out.sendto(datagram, self._target)
            self.passed.append((time.monotonic(), datagram))

    def __enter__(self) -> Tap:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()
        self._in.close()
        self._out.close()

    def bytes_between(self, begin: float, end: float) -> bytes:
        """What was passed on between two monotonic times."""
        return b"".join(data for at, data in self.passed if begin <= at <= end)


class Receiver:
    """Keeps the bytes that arrive at a port of its own."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self.received = bytearray()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    def receive_until_silent(self, silence_s: float) -> None:
        """Take in what arrives until nothing has arrived for ``silence_s`` seconds."""
        while select.select([self._socket], [], [], silence_s)[0]:
            self.received += self._socket.recv(65536)

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


def contact_sheet(binary: str, clip: Path, picture: Path) -> None:
    """Write a PNG of six frames of ``clip``, one a second."""
    # A live recording begins between two key frames: what the decoder says of that is no news.
    command = [binary, "-hide_banner", "-nostdin", "-v", "fatal", "-y", "-i", str(clip)]
    command += ["-vf", "fps=1,scale=320:-1,tile=3x2:padding=4", "-frames:v", "1", str(picture)]
    subprocess.run(command, check=True)
