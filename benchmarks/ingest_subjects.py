"""The recorders that are compared: our engine, its peers, and a limit in C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import attrs
from twisted.protocols import amp

from hmp_twisted.bus import messages
from hmp_twisted.cli.engine import ask, read_status
from hmp_twisted.engine.sockets import WANTED_BUFFER_BYTES
from tests.harness.waiting import wait_for

from .machine import missing

HERE = Path(__file__).parent
_STOP_S = 20.0
_PRIORITY = -15
SYNC_INTERVAL_S = 1.0
"""How much a power cut may cost our engine."""


def largest_buffer() -> int:
    """The deepest socket buffer that a program without special rights may have."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # doubled by the kernel


def place(cpu: int) -> None:
    """Bind this process to a processor, and put it before other programs where that is allowed."""
    os.sched_setaffinity(0, {cpu})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)


@attrs.define
class Recorder(ABC):
    """One recorder in one run, on sources at ``port`` and the ports after it.

    Subclasses say how it is started; files are ``<folder>/<port>.ts`` unless they say otherwise.
    """

    port: int
    sources: int
    folder: Path
    cpu: int
    processes: list[subprocess.Popen[bytes]] = attrs.field(factory=list)

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    is_peer: ClassVar[bool] = True
    stop_by: ClassVar[signal.Signals] = signal.SIGINT

    @classmethod
    def unavailable(cls) -> str:
        """Why it cannot be measured here; empty if it can."""
        lacking = missing(cls.needs)
        return f"{', '.join(lacking)} not installed" if lacking else ""

    @abstractmethod
    def commands(self) -> list[list[str]]:
        """The command lines that record all sources."""

    def start(self) -> None:
        """Start recording; the sockets are open soon."""
        for command in self.commands():
            self.spawn(command)

    def spawn(self, command: list[str]) -> None:
        """Run a command on the recorders' processor."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(HERE.parent)},
                preexec_fn=lambda: place(self.cpu),
            )
        self.processes.append(process)

    def stop(self) -> None:
        """End it in order: what it has received is in its files."""
        for process in self.processes:
            process.send_signal(self.stop_by)
        for process in self.processes:
            process.wait(_STOP_S)

    def kill(self) -> None:
        """End what still runs."""
        for process in self.processes:
            process.kill()
            process.wait()

    def files(self, source: int) -> list[Path]:
        """What it recorded of a source, in order."""
        path = self.folder / f"{self.port + source}.ts"
        return [path] if path.exists() else []

    def facts(self) -> dict[str, Any]:
        """What is to be known of it besides, asked while it runs."""
        return {}

    @property
    def ports(self) -> range:
        """The ports of all sources."""
        return range(self.port, self.port + self.sources)


@attrs.define
class Multicat(Recorder):
    """multicat, a process for each source."""

    name = "multicat"
    needs = ("multicat",)

    def commands(self) -> list[list[str]]:
        """-u and -U: plain UDP in, plain bytes out."""
        return [["multicat", "-u", "-U", f"@127.0.0.1:{p}", f"{p}.ts"] for p in self.ports]


@attrs.define
class Ffmpeg(Recorder):
    """ffmpeg as a copier of bytes, a process for each source."""

    name = "ffmpeg"
    needs = ("ffmpeg",)

    def commands(self) -> list[list[str]]:
        """As raw data, because remultiplexing costs more."""
        fifo = 340_000 if self.sources == 1 else 22_000  # in packets of 188 bytes
        options = f"fifo_size={fifo}&buffer_size={largest_buffer()}&overrun_nonfatal=1"
        url = f"udp://127.0.0.1:{{}}?{options}&timeout=3000000"
        command = ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]
        copy = ["-map", "0", "-c", "copy", "-f", "data"]
        return [
            [*command, "-f", "data", "-i", url.format(port), *copy, f"{port}.ts"]
            for port in self.ports
        ]


@attrs.define
class GStreamer(Recorder):
    """GStreamer, all sources in one process."""

    name = "GStreamer"
    needs = ("gst-launch-1.0",)

    def commands(self) -> list[list[str]]:
        """udpsrc to filesink, with large writes."""
        command = ["gst-launch-1.0", "-q", "-e"]
        for port in self.ports:
            command += (
                f"udpsrc address=127.0.0.1 port={port} buffer-size={largest_buffer()}".split()
            )
            command += ["retrieve-sender-address=false", "!", "filesink", f"location={port}.ts"]
            command += ["buffer-mode=full", "buffer-size=1048576", "sync=false", "async=false"]
        return [command]


@attrs.define
class Limit(Recorder):
    """A recorder in C with nothing but the system calls; see ``ingest_limit.c``."""

    name = "limit in C"
    needs = ("gcc",)
    is_peer = False
    stop_by = signal.SIGTERM
    tick_ms: ClassVar[float] = 20.0
    """Set to what our engine used in the same case."""
    _program: ClassVar[list[Path]] = []

    def commands(self) -> list[list[str]]:
        """With the socket buffers of our engine, and synced as often."""
        sync_ms = round(SYNC_INTERVAL_S * 800)  # the engine begins after 0.8 of its interval
        numbers = (self.port, self.sources, self.tick_ms, WANTED_BUFFER_BYTES, sync_ms)
        return [[str(self._built()), *map(str, numbers), "."]]

    def facts(self) -> dict[str, Any]:
        """Its tick."""
        return {"tick_ms": self.tick_ms}

    @classmethod
    def _built(cls) -> Path:
        if not cls._program:
            program = Path(tempfile.mkdtemp(prefix="ingest-limit-")) / "ingest_limit"
            source = HERE / "ingest_limit.c"
            subprocess.run(["gcc", "-O2", "-Wall", "-pthread", "-o", program, source], check=True)
            cls._program.append(program)
        return cls._program[0]


@attrs.define
class Engine(Recorder):
    """Our media engine, ``twistd hmp-engine``, told over its bus; a recording for each source."""

    name = "hmp-engine"
    is_peer = False
    stop_by = signal.SIGTERM
    _ids: list[str] = attrs.field(factory=list)

    def commands(self) -> list[list[str]]:
        """As a unit of its own."""
        (self.folder / "hmp.toml").write_text(
            f"[recordings]\nsync_interval_s = {SYNC_INTERVAL_S}\n"
        )
        run = "from twisted.scripts.twistd import run; run()"
        options = ["--config", "hmp.toml", "--data-dir", ".", "--listen", f"unix:{self._socket}"]
        return [[sys.executable, "-c", run, "--nodaemon", "--pidfile=", "hmp-engine", *options]]

    def start(self) -> None:
        """Start the engine, then the recordings."""
        super().start()
        wait_for(self._listens, 30, "engine's socket")
        for port in self.ports:
            self._ids.append(str(uuid.uuid4()))
            url = f"udp://@127.0.0.1:{port}"
            track = {"number": 1, "source_id": str(port), "source_name": "", "url": url}
            tracks = [{**track, "interface": ""}]
            self.ask(messages.StartRecording, recording_id=self._ids[-1], tracks=tracks)

    def stop(self) -> None:
        """Stop every recording, then the engine."""
        for recording_id in self._ids:
            self.ask(messages.StopRecording, recording_id=recording_id)
        super().stop()

    def files(self, source: int) -> list[Path]:
        """The only track's segments."""
        return sorted((self.folder / "recordings" / self._ids[source]).glob("track-1/*.ts"))

    def facts(self) -> dict[str, Any]:
        """What the engine itself says of its tick, its pool, and what was wrong."""
        found = read_status(f"unix:{self._socket}")["recorder"]
        return {
            "tick_ms": found["tick_ms"],
            "pool_used_bytes": found["pool_used_bytes"],
            "continuity_errors": sum(one["continuity_errors"] for one in found["sources"]),
        }

    def ask(self, command: type[amp.Command], **arguments: Any) -> dict[str, Any]:
        """Give the engine an order over its bus; what it answered."""
        return ask(f"unix:{self._socket}", command, timeout_s=_STOP_S, **arguments)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as sock:
            return sock.connect_ex(str(self._socket)) == 0

    @property
    def _socket(self) -> Path:
        return self.folder / "engine.sock"


SUBJECTS: tuple[type[Recorder], ...] = (Engine, Limit, Multicat, Ffmpeg, GStreamer)
