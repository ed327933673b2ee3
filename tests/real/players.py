"""The players that people use, asked what they make of a stream: each in a thread of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import attrs

from tests.harness.encoder import ffmpeg
from tests.harness.ports import free_tcp_port

_EVERY_S = 0.1
VLC_TUNES_IN_S = 3.0
"""VLC shows one picture at once and goes on when it has buffered, nearly two seconds later: whether
it then is late by a picture is chance (it looks every 80 ms), and so with an unbroken clip. The
first joint is shown later than this."""


@attrs.define
class Seen:
    """What a player told."""

    moves: list[tuple[float, float]] = attrs.field(factory=list)
    """When it was asked, and how far it had come (seconds, or pictures shown)."""
    losses: list[int] = attrs.field(factory=list)
    """How many pictures it had dropped, or lost, by then."""
    complaints: str = ""
    tunes_in_s: float = 0.0
    """For how long after its first picture what it loses has nothing to do with the stream."""

    def note(self, at: float, lost: int) -> None:
        """It plays: how far it has come, and what it has lost so far."""
        self.moves.append((time.monotonic(), at))
        self.losses.append(lost)

    @property
    def lost(self) -> int:
        """What it has lost since it had tuned in."""
        if not self.losses:
            return 0
        begun = self.moves[0][0] + self.tunes_in_s
        tuned_in = [asked for asked, _ in self.moves if asked < begun]
        return self.losses[-1] - (self.losses[len(tuned_in) - 1] if tuned_in else 0)

    @property
    def longest_stall_s(self) -> float:
        """The longest time for which it did not move, once it had begun to."""
        at = [after[0] for before, after in pairwise(self.moves) if after[1] != before[1]]
        return max((after - before for before, after in pairwise(at)), default=float("inf"))

    @property
    def largest_step(self) -> float:
        """The largest step from one answer to the next, as it counts."""
        return max((after[1] - before[1] for before, after in pairwise(self.moves)), default=0.0)


def watch_with_mpv(address: str, port: int, seconds: float) -> Seen:
    """mpv, asked over its IPC socket."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mpv"
        command = ["mpv", "--no-config", "--vo=null", "--ao=null", "--hwdec=no", "--idle=no"]
        command += [f"--input-ipc-server={path}", f"udp://{address}:{port}"]
        seen = Seen()

        def ask(link: socket.socket) -> None:
            found = {name: _mpv_property(link, name) for name in _MPV_PROPERTIES}
            if found["time-pos"] is not None:
                drops = (found["frame-drop-count"], found["decoder-frame-drop-count"])
                seen.note(found["time-pos"], sum(int(count or 0) for count in drops))

        def connect() -> socket.socket:
            link = socket.socket(socket.AF_UNIX)
            link.connect(str(path))
            return link

        _watch(command, connect, ask, seconds)
        return seen


_MPV_PROPERTIES = ("time-pos", "frame-drop-count", "decoder-frame-drop-count")


def _mpv_property(link: socket.socket, name: str) -> float | None:
    link.sendall(json.dumps({"command": ["get_property", name], "request_id": 7}).encode() + b"\n")
    rest = b""
    while True:
        *lines, rest = (rest + link.recv(65536)).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if told.get("request_id") == 7 and "event" not in told:
                data = told.get("data")
                return None if data is None else float(data)


def watch_with_vlc(address: str, port: int, seconds: float) -> Seen:
    """VLC, asked over its remote control; it refuses to run as root."""
    control = free_tcp_port()
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    command = as_nobody if os.geteuid() == 0 else []
    command = [*command, "cvlc", "-I", "oldrc", "--rc-host", f"127.0.0.1:{control}"]
    command += ["--rc-fake-tty", "--vout", "vdummy", "--aout", "adummy", "--avcodec-hw", "none"]
    seen = Seen(tunes_in_s=VLC_TUNES_IN_S)

    def ask(link: socket.socket) -> None:
        link.sendall(b"stats\n")
        text, end = "", time.monotonic() + 1
        while "buffers lost" not in text and time.monotonic() < end:
            text += link.recv(65536).decode("utf-8", "replace")
        shown = re.search(r"frames displayed\s*:\s*(\d+)", text)
        lost = re.search(r"frames lost\s*:\s*(\d+)", text)
        if shown and lost and int(shown[1]):
            seen.note(float(shown[1]), int(lost[1]))

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", control), 1)

    _watch([*command, f"udp://@{address}:{port}"], connect, ask, seconds)
    return seen


def watch_with_ffmpeg(address: str, port: int, seconds: float) -> Seen:
    """ffmpeg: the time stamp of every decoded picture, in seconds, and what it complained of."""
    url = f"udp://{address}:{port}?fifo_size=100000&timeout=2000000"
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "warning", "-i", url]
    command += ["-t", str(seconds), "-map", "0:v", "-fps_mode", "passthrough"]
    command += ["-enc_time_base", "1:90000"]
    done = subprocess.run(
        [*command, "-f", "framehash", "-hash", "crc32", "-"],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
    )
    base = re.search(r"#tb 0: (\d+)/(\d+)", done.stdout)
    unit = int(base[1]) / int(base[2]) if base else 0.0
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    shown = [(0.0, int(line.split(",")[2]) * unit) for line in lines]
    return Seen(shown, complaints=done.stderr)


def _watch(
    command: list[str],
    connect: Callable[[], socket.socket],
    ask: Callable[[socket.socket], None],
    seconds: float,
) -> None:
    """Run a player for so long and ask it again and again."""
    environment = {**os.environ, "HOME": tempfile.gettempdir()}
    player = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        end = time.monotonic() + seconds
        link = _connected(connect, end)
        with link:
            link.settimeout(20)
            while time.monotonic() < end and player.poll() is None:
                ask(link)
                time.sleep(_EVERY_S)
    finally:
        player.kill()
        player.wait()


def _connected(connect: Callable[[], socket.socket], end: float) -> socket.socket:
    while True:
        try:
            return connect()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(_EVERY_S)


PLAYERS: dict[str, Callable[[str, int, float], Seen]] = {
    "ffmpeg": watch_with_ffmpeg,
    "mpv": watch_with_mpv,
    "vlc": watch_with_vlc,
}


def is_installed(name: str) -> bool:
    """Whether this machine has the player; an ffmpeg comes with us."""
    return name == "ffmpeg" or bool(shutil.which({"vlc": "cvlc"}.get(name, name)))
