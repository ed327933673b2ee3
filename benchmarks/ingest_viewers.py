"""Does playing disturb recording? The whole server, with people who watch live and without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import attrs

from hmp_twisted.cli.engine import read_status
from tests.harness import Client, Site, free_tcp_port, script, wait_for
from tests.harness.web import WebClient, add_user

from . import machine, marked_ts
from .ingest_run import Case, Run, measure
from .ingest_subjects import HERE, Recorder, place

CASE = Case("50 x 8 Mbit/s", 50, 50 * 8e6, 6.0)
READY_S = 60.0
_PASSWORD = "correct horse battery"
_VIEWERS_CPU = 0
_LOOK_S = 1.0


@attrs.define
class Server(Recorder):
    """``twistd hmp`` with its engine, told over TCP; a session and a recording for each source."""

    name = "unwatched"
    is_peer = False
    viewers: ClassVar[int] = 0
    _api: int = attrs.field(factory=free_tcp_port)
    _web: int = attrs.field(factory=free_tcp_port)
    _paths: list[str] = attrs.field(factory=list)
    _ids: list[str] = attrs.field(factory=list)
    _watching: subprocess.Popen[bytes] | None = None
    _found: dict[str, Any] = attrs.field(factory=dict)

    def commands(self) -> list[list[str]]:
        """On a data directory of its own."""
        return [[script("twistd"), "-n", "--pidfile=", "hmp", *self._site.options]]

    def start(self) -> None:
        """Start it, record every source, and have people watch the first of them."""
        sources = self._administer()
        super().start()
        with wait_for(self._reached, READY_S, "server that takes commands") as client:
            for source in sources:
                session = client.result("createSession", source)
                client.result("addSourceToSession", session, source)
                self._ids.append(client.result("startRecording", session))
                self._paths.append(f"/media/session/{session}/source/{source}/live")
        if self.viewers:
            self._watch()

    def stop(self) -> None:
        """Stop every recording, hear what was watched, then end the server."""
        with Client(self._api) as client:
            for recording in self._ids:
                client.result("stopRecording", recording)
        if self._watching is not None:
            self._watching.terminate()
            told = json.loads(self._watching.communicate(timeout=READY_S)[0])
            shares = map(self._share, range(self.viewers), told["taken"])
            self._found |= {"least_share": min(shares), "dropped": told["ended"]}
        super().stop()

    def kill(self) -> None:
        """End what still runs."""
        if self._watching is not None:
            self._watching.kill()
            self._watching.wait()
        super().kill()

    def files(self, source: int) -> list[Path]:
        """The only track's segments."""
        return sorted((self._site.recordings_dir / self._ids[source]).glob("track-1/*.ts"))

    def facts(self) -> dict[str, Any]:
        """What server and engine use of a core, over a second; what viewers took is added."""
        used = self._used()
        time.sleep(_LOOK_S)
        more = self._used()
        self._found |= {name: (more[name] - used[name]) / _LOOK_S for name in used}
        return self._found

    def _used(self) -> dict[str, float]:
        """Seconds of processor time."""
        server, engine = self.processes[0].pid, self._engine()["recorder"]["pid"]
        return {"server": machine.cpu_s([server]), "engine": machine.cpu_s([engine])}

    @property
    def _site(self) -> Site:
        return Site(self.folder)

    def _administer(self) -> list[str]:
        """Settings, a device, somebody who may watch, and the sources; gives their IDs."""
        site = self._site
        site.configure(
            command_api={"endpoint": f"tcp:{self._api}:interface=127.0.0.1"},
            web={"endpoint": f"tcp:{self._web}:interface=127.0.0.1"},
        )
        site.hmpctl("api", "enable")
        site.hmpctl("device", "add", "local", "127.0.0.1")
        add_user(site, "ada", "Administrator", _PASSWORD)
        urls = (f"udp://@127.0.0.1:{port}" for port in self.ports)
        return [site.hmpctl("source", "add", url, url) for url in urls]

    def _reached(self) -> Client | None:
        """A connection, once commands are answered by a service that has its engine."""
        try:
            client = Client(self._api)
        except OSError:
            return None
        if client.ask("stopRestreamRecording", str(uuid.uuid4())).startswith("ERROR|040003"):
            return client
        client.close()
        return None

    def _share(self, viewer: int, taken: int) -> float:
        """The part that a viewer took of what was recorded of the source."""
        recorded = sum(path.stat().st_size for path in self.files(viewer % self.sources))
        return taken / recorded if recorded else 0.0

    def _engine(self) -> dict[str, Any]:
        """The engine's status."""
        return read_status(f"unix:{self._site.data_dir / 'engine.sock'}")

    def _watch(self) -> None:
        """Have the viewers connected, and seen to be by the engine."""
        cookie = WebClient(self._web, "ada", _PASSWORD).sign_in().cookie
        paths = [self._paths[number % self.sources] for number in range(self.viewers)]
        command = [sys.executable, "-m", "benchmarks.viewers", "--port", str(self._web)]
        self._watching = subprocess.Popen(
            [*command, "--cookie", cookie, *paths],
            cwd=HERE.parent,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: place(_VIEWERS_CPU),
        )
        assert self._watching.stdout is not None
        self._watching.stdout.readline()
        sinks = self.sources + len(set(paths))

        def all_watched() -> bool:
            found = self._engine()["recorder"]["sources"]
            return bool(sum(source["recordings"] for source in found) == sinks)

        wait_for(all_watched, READY_S, f"{self.viewers} viewers")


@attrs.define
class Watched(Server):
    """The same, watched."""

    name = "watched"


def compare(
    viewers: int, times: int, folder: Path, turn: Callable[[], AbstractContextManager[None]]
) -> Iterator[Run]:
    """Record in turns with so many viewers and without; ``turn`` is held during each."""
    Watched.viewers = viewers
    for _ in range(times):
        for subject in (Server, Watched):
            with turn():
                run = measure(subject, CASE, folder, (0, 1))
            yield run


def told(run: Run) -> str:
    """What is to be said of a run besides."""
    facts = run.facts
    if run.error:
        return ""
    text = f"server {facts['server']:.1%}, engine {facts['engine']:.1%} of a core"
    if "dropped" not in facts:
        return text
    text += f"; {Watched.viewers} viewers, {facts['dropped']} of them dropped, "
    return text + f"the least took {facts['least_share']:.1%} of what was recorded"


def summary(runs: list[Run]) -> Iterator[str]:
    """Both, side by side: medians, and the most that was lost."""
    for subject in (Server, Watched):
        mine = [run for run in runs if run.subject == subject.name and not run.error]
        if not mine:
            yield f"{subject.name}: failed"
            continue
        yield (
            f"{subject.name:10} {median(run.load for run in mine):6.1%} of a core "
            f"(server {median(run.facts['server'] for run in mine):.1%}, "
            f"engine {median(run.facts['engine'] for run in mine):.1%}), "
            f"{max(run.memory_bytes for run in mine) >> 20} MiB, "
            f"{max(run.lost for run in mine)} datagrams lost of {_datagrams(mine[0])}, "
            f"{sum(run.facts.get('dropped', 0) for run in mine)} viewers dropped"
        )


def _datagrams(run: Run) -> int:
    return round(run.gbit * 1e9 / 8 / marked_ts.DATAGRAM)
