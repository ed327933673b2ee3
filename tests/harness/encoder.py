"""ffmpeg as the encoder and as the player: the one on PATH, else the one that comes with us."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg


def ffmpeg() -> str:
    """The path of an ffmpeg."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


H264 = ("libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p")
"""What browsers play."""
_QUIET = ["-hide_banner", "-nostdin", "-loglevel", "error"]


def _encoding(rate: int, video: Sequence[str], audio: str) -> list[str]:
    return [
        *("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={rate}"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
        *("-map", "0:v", "-map", "1:a", "-c:v", *video, "-g", str(rate), "-c:a", audio),
    ]


@contextmanager
def encoder(
    port: int, *more: int, rate: int = 25, video: Sequence[str] = H264, audio: str = "aac"
) -> Iterator[subprocess.Popen[bytes]]:
    """ffmpeg that sends a moving test picture and a tone to 127.0.0.1, in real time.

    Args:
        port: where to; the same is sent to each of ``more``.
        rate: pictures a second.
        video: ffmpeg's video encoder, and its options.
        audio: ffmpeg's audio encoder.
    """
    outputs = (f"[f=mpegts]udp://127.0.0.1:{p}?pkt_size=1316" for p in (port, *more))
    command = [ffmpeg(), *_QUIET, "-re", *_encoding(rate, video, audio), "-f", "tee"]
    process = subprocess.Popen([*command, "|".join(outputs)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def clip(path: Path, seconds: int, bitrate: str = "1M") -> Path:
    """A file of so many seconds of MPEG-TS at a constant rate."""
    command = [ffmpeg(), *_QUIET, "-y", *_encoding(25, H264, "aac"), "-f", "mpegts"]
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
