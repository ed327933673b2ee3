"""Sources that look like a programme: clips made once, sent again and again, or sent badly."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.harness import wait_for
from tests.harness.encoder import ffmpeg

BITS_PER_SECOND = 1_200_000
DATAGRAM = 7 * 188
PICTURES = {
    "stage": "gradients=size=480x270:rate=25:speed=0.02:nb_colors=5:seed=7",
    "microscope": "mandelbrot=size=480x270:rate=25:start_scale=0.6:end_scale=0.05:end_pts=260",
    "slides": "smptehdbars=size=480x270:rate=25",
    "counter": "testsrc2=size=480x270:rate=25",
}
"""What the clips show, as ffmpeg's sources make it."""


def clip(folder: Path, name: str, seconds: int = 8) -> Path:
    """A clip of one of the :data:`PICTURES`, with a tone, at a constant rate."""
    path = folder / f"{name}.ts"
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    command += ["-f", "lavfi", "-i", PICTURES[name]]
    command += ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", str(seconds)]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-pix_fmt", "yuv420p"]
    command += ["-b:v", "700k", "-maxrate", "800k", "-bufsize", "400k", "-c:a", "aac"]
    command += ["-f", "mpegts", "-muxrate", str(BITS_PER_SECOND), str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


@contextmanager
def repeated(clip: Path, port: int) -> Iterator[None]:
    """The clip again and again to a port of 127.0.0.1, its time stamps running on."""
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-re"]
    command += ["-stream_loop", "-1", "-i", str(clip), "-c", "copy", "-f", "mpegts"]
    process = subprocess.Popen([*command, f"udp://127.0.0.1:{port}?pkt_size={DATAGRAM}"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@attrs.define(eq=False)
class BadLine:
    """A clip sent once as RTP, over a line that loses packets or falls silent when told to."""

    clip: Path
    port: int
    sent: int = 0
    """Datagrams that were due so far, also those that the line kept."""
    _losing: bool = False
    _silent: bool = False
    _end: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True, name="bad line")

    def __enter__(self) -> BadLine:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        self._thread.join(10)

    def run_for(self, seconds: float, *, losing: bool = False, silent: bool = False) -> None:
        """Wait while so many seconds of media are due, on a line in this condition."""
        self._losing, self._silent = losing, silent
        due = self.sent + int(seconds * BITS_PER_SECOND / 8 / DATAGRAM)
        wait_for(lambda: self.sent >= due or self._end.is_set(), 60, "media on the bad line")
        self._losing = self._silent = False

    def _run(self) -> None:
        content, begin = self.clip.read_bytes(), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self._end.wait(0.01) and self.sent * DATAGRAM < len(content):
                due = int((time.monotonic() - begin) * BITS_PER_SECOND / 8 / DATAGRAM)
                for number in range(self.sent, due):
                    if not self._silent and not (self._losing and number % 5 < 2):
                        self._send(out, content, number)
                    self.sent = number + 1

    def _send(self, out: socket.socket, content: bytes, number: int) -> None:
        header = struct.pack("!BBHII", 0x80, 33, number & 0xFFFF, number * 790, 0xFEED)
        piece = content[number * DATAGRAM : (number + 1) * DATAGRAM]
        out.sendto(header + piece, ("127.0.0.1", self.port))
