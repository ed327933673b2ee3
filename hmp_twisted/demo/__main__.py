"""Runs the demonstration: ``python -m hmp_twisted.demo [FOLDER]``.

``FOLDER`` (default ``demo-out``) gets ``received.ts`` and ``received.png``.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..config import RestreamSettings
from ..engine.ffmpeg import find_ffmpeg
from . import checks
from .dialogue import DemoError, Dialogue, say
from .encoder import Receiver, Tap, contact_sheet, encoder_command

BINARIES = Path(sys.executable).parent
RECORD_S = 4.0
"""How long each of the two segments is."""


def free_port(kind: socket.SocketKind) -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """A fresh server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(socket.SOCK_STREAM)
        self.log = folder / "server.log"
        config = f'[command_api]\nendpoint = "tcp:{self.port}:interface=127.0.0.1"\n'
        config += '[web]\nendpoint = ""\n[recordings]\nmin_free_bytes = 100000000\n'
        (folder / "hmp.toml").write_text(config)
        self._options = ["--config", str(folder / "hmp.toml"), "--data-dir", str(folder / "data")]

    def hmpctl(self, *words: str) -> str:
        """Run ``hmpctl``; what it printed."""
        say(f"  $ hmpctl {' '.join(words)}")
        command = [str(BINARIES / "hmpctl"), *self._options, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"hmpctl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def recording(self, recording_id: str) -> dict[str, Any]:
        """What ``hmpctl recording show`` tells of it."""
        return dict(json.loads(self.hmpctl("recording", "show", recording_id, "--json")))

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server, from its start to its orderly end."""
        command = [str(BINARIES / "twistd"), "--nodaemon", "--pidfile=", "hmp", *self._options]
        with self.log.open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


@contextmanager
def encoding(binary: str, port: int) -> Iterator[None]:
    """The encoder, while the body runs."""
    process = subprocess.Popen(encoder_command(binary, port), stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for_picture(tap: Tap) -> None:
    """Until the encoder sends."""
    deadline = time.monotonic() + 20
    while not tap.passed:
        if time.monotonic() > deadline:
            raise DemoError("the encoder sent nothing for 20 s")
        time.sleep(0.05)


def record(api: Dialogue, source_id: str) -> tuple[str, list[tuple[float, float]]]:
    """Make a session and record it with a pause; its ID, and when it surely recorded."""
    session = api.command('createSession "Demonstration of the main job"')
    api.command(f"addSourceToSession {session} {source_id}")
    recording = api.command(f"startRecording {session}")
    begun = time.monotonic()
    time.sleep(RECORD_S / 2)
    api.command(f'addHotmark {recording} "Something worth finding again"')
    time.sleep(RECORD_S / 2)
    spans = [(begun, time.monotonic())]
    api.command(f"pauseRecording {recording}")
    api.command(f"getRecordingStatus {recording}")
    time.sleep(1.0)
    api.command(f"resumeRecording {recording}")
    begun = time.monotonic()
    time.sleep(RECORD_S)
    spans.append((begun, time.monotonic()))
    api.command(f"stopRecording {recording}")
    return recording, spans


def play_out(api: Dialogue, recording: str) -> bytes:
    """Restream the recording and receive it whole."""
    receiver = Receiver()
    try:
        api.command(f"startRestreamRecording {recording} 127.0.0.1 {receiver.port}")
        receiver.receive_until_silent(1.5)
    finally:
        receiver.close()
    return bytes(receiver.received)


def main_job(machine: Machine, binary: str, out: Path) -> None:
    """Everything, in order; raises DemoError at the first thing that is wrong."""
    source_port = free_port(socket.SOCK_DGRAM)
    say("An administrator allows this machine and names a source:")
    machine.hmpctl("api", "enable")
    machine.hmpctl("device", "add", "this-machine", "127.0.0.1")
    source = machine.hmpctl("source", "add", "Encoder", f"udp://@127.0.0.1:{source_port}")
    with ExitStack() as running:
        running.enter_context(machine.running())
        tap = running.enter_context(Tap(("127.0.0.1", source_port)))
        running.enter_context(encoding(binary, tap.port))
        wait_for_picture(tap)
        say("A control system records the encoder and plays the recording out:")
        api = Dialogue(machine.port)
        recording, spans = record(api, source)
        received = play_out(api, recording)
        api.close()
        facts = machine.recording(recording)
    say("What was recorded and received, against what was sent:")
    segments = [Path(segment["path"]) for segment in facts["tracks"][0]["segments"]]
    if len(segments) != len(spans):
        raise DemoError(f"{len(segments)} segments were recorded, not {len(spans)}")
    sent = b"".join(data for _, data in tap.passed)
    for segment, span in zip(segments, spans, strict=True):
        checks.check_recorded(segment, tap.bytes_between(*span), sent)
    checks.check_received(received, [segment.read_bytes() for segment in segments])
    clip = out / "received.ts"
    clip.write_bytes(received)
    contact_sheet(binary, clip, out / "received.png")
    say(f"  a picture of received frames: {out / 'received.png'}")


def main() -> int:
    """The exit status: 0, or 1 with the first thing that was wrong."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hmp-demo-") as folder:
        machine = Machine(Path(folder))
        try:
            main_job(machine, find_ffmpeg(RestreamSettings()), out)
        except (DemoError, subprocess.SubprocessError, OSError) as error:
            print(f"demo: {error}", file=sys.stderr)
            if machine.log.exists():
                sys.stderr.write("the server's last lines:\n")
                sys.stderr.writelines(machine.log.read_text().splitlines(keepends=True)[-20:])
            return 1
    say("Done: everything that was sent was recorded and received.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
