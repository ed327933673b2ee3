"""The senders that are compared: this server, and the programs that people would use instead."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import attrs

from hmp_twisted.engine import manifest
from tests.harness.client import Client
from tests.harness.server import Server

from .processes import cpu_seconds, kill_all

Target = tuple[str, int]
_CONNECTIONS = 8
AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups "
PEERS = {
    "tsplay": "tsplay -quiet {clip} {host}:{port}",
    "multicat": "multicat -U {clip} {host}:{port}",
    "GStreamer": "gst-launch-1.0 -q filesrc location={clip} ! tsparse set-timestamps=true"
    " alignment=7 ! udpsink host={host} port={port} auto-multicast=false",
    "ffmpeg -re": "ffmpeg -hide_banner -nostdin -nostats -loglevel error -re -i {clip} -map 0"
    " -c copy -f mpegts udp://{host}:{port}?pkt_size=1316",
    "VLC": "{as_nobody}cvlc -q -I dummy {clip} --sout"
    " #std{{access=udp,mux=ts,dst={host}:{port}}} --sout-all vlc://quit",
}
"""How each is told to play a file; a file beside it may have to be made first."""


class Sender(Protocol):
    """One way of playing a clip out."""

    name: str

    def start(self, clip: str, targets: Sequence[Target]) -> list[float]:
        """Play it to all targets; when each was asked to, in Unix seconds."""

    def cpu_seconds(self) -> float:
        """What it has used so far."""

    def stop(self) -> float:
        """End what plays; when it was told to, in Unix seconds."""

    def close(self) -> None:
        """Leave nothing behind."""


class Peer:
    """A program, one process a stream."""

    def __init__(self, name: str, clips: dict[str, Path]) -> None:
        """``clips`` by name."""
        self.name = name
        self._clips = clips
        self._running: list[subprocess.Popen[bytes]] = []
        if name == "multicat":
            _index_for_multicat(clips.values())

    def start(self, clip: str, targets: Sequence[Target]) -> list[float]:
        """One process after the other, as fast as they start."""
        asked = []
        for host, port in targets:
            asked.append(time.time())
            words = PEERS[self.name].format(
                clip=self._clips[clip],
                host=host,
                port=port,
                as_nobody=AS_NOBODY if os.geteuid() == 0 else "",
            )
            self._running.append(
                subprocess.Popen(
                    shlex.split(words),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "HOME": tempfile.gettempdir()},
                )
            )
        return asked

    def cpu_seconds(self) -> float:
        """Of those that run."""
        return cpu_seconds([process.pid for process in self._running])

    def stop(self) -> float:
        """Kill them."""
        asked = time.time()
        kill_all([process.pid for process in self._running if process.poll() is None])
        for process in self._running:
            process.wait()
        self._running.clear()
        return asked

    def close(self) -> None:
        """Nothing is kept."""
        self.stop()


def _index_for_multicat(clips: object) -> None:
    for clip in clips:  # type: ignore[attr-defined]  # any iterable of paths
        subprocess.run(["ingests", "-p", "481", str(clip)], check=True, capture_output=True)


class Ours:
    """The whole server: its API is asked, and all its processes count."""

    name = "hmp-twisted"

    def __init__(self, clips: dict[str, Path], folder: Path) -> None:
        """Start a server that has the clips as recordings."""
        settings = {"command_api": {"max_connections_per_device": 100}, "log": {"level": "info"}}
        self._server = Server(folder / "server", settings)
        self._recordings = {name: self._import(clip) for name, clip in clips.items()}
        self._server.admit()
        self._server.start()
        self._clients = [Client(self._server.port) for _ in range(_CONNECTIONS)]
        self._streams: list[str] = []

    def _import(self, clip: Path) -> str:
        """A finished recording that holds the clip."""
        recording = str(uuid.uuid4())
        place = manifest.folder_of(self._server.recordings_dir, recording)
        path = manifest.segment_path(place, 1, 1)
        path.parent.mkdir(parents=True)
        shutil.copyfile(clip, path)
        size = path.stat().st_size
        duration_s = size * 8 / RATE
        segment = manifest.Segment(1, 1.0, 0.0, size, duration_s, True)
        track = manifest.Track(1, "source", "encoder", "udp://@:5000", segments=(segment,))
        manifest.write(
            place, manifest.Recording(recording, "FINISHED", 1.0, duration_s, tracks=(track,))
        )
        self._server.hmpctl("recording", "import", str(place))
        return recording

    def start(self, clip: str, targets: Sequence[Target]) -> list[float]:
        """Over several connections, since each answers when its stream has begun."""
        share = [list(range(n, len(targets), _CONNECTIONS)) for n in range(_CONNECTIONS)]
        asked = [0.0] * len(targets)

        def ask(client: Client, numbers: list[int]) -> list[str]:
            streams = []
            for number in numbers:
                host, port = targets[number]
                asked[number] = time.time()
                command = ("startRestreamRecording", self._recordings[clip], host, str(port))
                streams.append(client.result(*command))
            return streams

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            for streams in pool.map(ask, self._clients, share):
                self._streams += streams
        return asked

    def cpu_seconds(self) -> float:
        """Of the server, its media engine, the pacer and every ffmpeg."""
        return cpu_seconds([self._server.daemon.pid])

    def stop(self) -> float:
        """Every stream by its command; the time of the first."""
        asked = time.time()

        def ask(client: Client, streams: list[str]) -> None:
            for stream in streams:
                client.ask("stopRestreamRecording", stream)

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            share = [self._streams[n::_CONNECTIONS] for n in range(_CONNECTIONS)]
            list(pool.map(ask, self._clients, share))
        self._streams.clear()
        return asked

    def close(self) -> None:
        """End the server."""
        for client in self._clients:
            client.close()
        self._server.close()


RATE = 8_000_000
"""Bit/s of the clips."""


@attrs.frozen
class Field:
    """Who takes part, and who is missing."""

    senders: list[Sender]
    missing: list[str]


def field(clips: dict[str, Path], folder: Path, wanted: Sequence[str]) -> Field:
    """This server and the peers among ``wanted`` that are installed."""
    programs = {name: PEERS[name].removeprefix("{as_nobody}").split()[0] for name in wanted}
    programs |= {"multicat": "ingests"} if "multicat" in wanted else {}
    found = [name for name in wanted if shutil.which(programs[name])]
    senders: list[Sender] = [Ours(clips, folder), *(Peer(name, clips) for name in found)]
    return Field(senders, [name for name in wanted if name not in found])
