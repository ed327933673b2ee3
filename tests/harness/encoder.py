"""ffmpeg as the encoder and as the player: the one on PATH, else the one that comes with us."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg


def ffmpeg() -> str:
    """The path of an ffmpeg."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


def _encoding(rate: int) -> list[str]:
    return [
        *("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={rate}"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(rate)),
        *("-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts"),
    ]


@contextmanager
def encoder(port: int, rate: int = 25) -> Iterator[subprocess.Popen[bytes]]:
    """ffmpeg that sends a moving test picture and a tone to 127.0.0.1, in real time."""
    address = f"udp://127.0.0.1:{port}?pkt_size=1316"
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-re", *_encoding(rate)]
    process = subprocess.Popen([*command, address])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def clip(path: Path, seconds: int, bitrate: str = "1M") -> Path:
    """A file of so many seconds of MPEG-TS at a constant rate."""
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *_encoding(25)]
    command += ["-t", str(seconds), "-muxrate", bitrate, str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def decode_errors(path: Path) -> str:
    """What ffmpeg complains of when it decodes a file whole; "" if it is sound.

    What its null output says is left out: that rounds times to whole pictures, decoding does not.
    """
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "warning", "-i", str(path)]
    command += ["-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    said = done.stderr.strip().splitlines()
    return "\n".join(line for line in said if not line.startswith("[null @"))
