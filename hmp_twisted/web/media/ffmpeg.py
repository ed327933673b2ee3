"""How ffmpeg is called for browsers: pure arguments, and one run of it to its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from ...engine.process import Exit, spawn

NICENESS = 15
"""Recording comes first."""
LOOK_EVERY_S = 0.5

_QUIET = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"]


def mp4_arguments(ffmpeg: str, listing: Path, target: Path) -> list[str]:
    """Segments, as :func:`listing_of` names them, into an MP4 file; nothing is coded anew."""
    taken = ["-f", "concat", "-safe", "0", "-i", str(listing), "-map", "0:v?", "-map", "0:a?"]
    made = ["-c", "copy", "-movflags", "+faststart", "-f", "mp4", "-y", str(target)]
    return [ffmpeg, *_QUIET, "-fflags", "+genpts", *taken, *made]


def listing_of(segments: Sequence[Path]) -> str:
    """A list of files for ffmpeg's concat demuxer."""
    quoted = (str(path).replace("'", "'\\''") for path in segments)
    return "".join(f"file '{path}'\n" for path in quoted)


def poster_arguments(ffmpeg: str, segment: Path, target: Path, at_s: float) -> list[str]:
    """A picture of a segment, about ``at_s`` seconds into it, as a JPEG."""
    taken = ["-probesize", "2M", "-ss", f"{at_s:.2f}", "-i", str(segment), "-map", "0:v:0"]
    made = ["-frames:v", "1", "-vf", "scale=480:-2", "-q:v", "5", "-f", "image2", "-update", "1"]
    return [ffmpeg, *_QUIET, "-threads", "1", *taken, *made, "-y", str(target)]


def preview_arguments(ffmpeg: str) -> list[str]:
    """MPEG-TS of any kind on standard input as a small H.264 and AAC one on standard output."""
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"]
    video += ["-pix_fmt", "yuv420p", "-vf", "scale=-2:360", "-b:v", "700k", "-threads", "1"]
    audio = ["-c:a", "aac", "-b:a", "96k", "-ac", "2"]
    taken = ["-fflags", "nobuffer", "-probesize", "1M", "-analyzeduration", "1M", "-i", "pipe:0"]
    maps = ["-map", "0:v:0?", "-map", "0:a:0?"]
    return [ffmpeg, *_QUIET, *taken, *maps, *video, *audio, "-f", "mpegts", "pipe:1"]


async def run(
    reactor: Any, name: str, arguments: Sequence[str], look: Callable[[], None] | None = None
) -> Exit:
    """Run it to its end, nicely; ``look`` is called now and then meanwhile.

    Raises:
        OSError: no process can be made.
    """
    done: Deferred[Exit] = Deferred()
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        child = spawn(reactor, name, arguments, done.callback, stdin=nothing)
    finally:
        os.close(nothing)
    be_nice(child.pid)
    looking = LoopingCall(look or (lambda: None))
    looking.clock = reactor
    looking.start(LOOK_EVERY_S, now=False)
    try:
        return await done
    finally:
        looking.stop()


def be_nice(pid: int | None) -> None:
    """Let everything else go first."""
    with suppress(OSError):  # it has ended already
        if pid is not None:
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
