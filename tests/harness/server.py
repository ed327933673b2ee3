"""The real server and the real media engine as subprocesses, with data of their own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner

from hmp_twisted.cli.main import hmpctl

from .client import Client, ClosedError
from .daemon import Daemon, script
from .ports import free_tcp_port
from .waiting import wait_for

Tables = Mapping[str, Mapping[str, Any]]


def toml(tables: Tables) -> str:
    """``tables`` as TOML: a JSON scalar is one of TOML's."""
    lines = []
    for name, values in tables.items():
        lines.append(f"[{name}]")
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()
        ]
    return "\n".join(lines) + "\n"


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end (60 s at most), its output kept as text."""
    options = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run(arguments, **options)


@attrs.define(eq=False)
class Site:
    """A data directory with its ``hmp.toml``, and what administers it."""

    folder: Path
    settings: dict[str, dict[str, Any]] = attrs.field(factory=dict)

    @property
    def data_dir(self) -> Path:
        """What ``--data-dir`` names."""
        return self.folder / "data"

    @property
    def config(self) -> Path:
        """What ``--config`` names."""
        return self.folder / "hmp.toml"

    @property
    def recordings_dir(self) -> Path:
        """Where the recordings' folders are."""
        return self.data_dir / "recordings"

    @property
    def options(self) -> list[str]:
        """The options that every one of our programs takes."""
        return ["--config", str(self.config), "--data-dir", str(self.data_dir)]

    def configure(self, **tables: Mapping[str, Any]) -> None:
        """Write ``hmp.toml``, these keys over those that it has."""
        for name, values in tables.items():
            self.settings.setdefault(name, {}).update(values)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(toml(self.settings))

    def try_hmpctl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the installed script ``hmpctl`` on this data directory, whatever comes of it."""
        return run(script("hmpctl"), *self.options, *arguments, input=stdin)

    def hmpctl(self, *arguments: str) -> str:
        """What ``hmpctl`` prints, stripped; it must succeed.

        It runs in this process, which saves the half second that a new Python takes to load it.
        """
        done = CliRunner().invoke(hmpctl, [*self.options, *arguments])
        assert done.exit_code == 0, f"hmpctl {arguments}: {done.exit_code}\n{done.output}"
        return done.stdout.strip()

    def show(self, *arguments: str) -> Any:
        """What ``hmpctl … --json`` prints, as Python has it."""
        return json.loads(self.hmpctl(*arguments, "--json"))

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The server's SQLite file, opened from outside; committed at the end."""
        with closing(sqlite3.connect(self.data_dir / "hmp.db", timeout=10)) as connection:
            yield connection
            connection.commit()


@attrs.define(eq=False)
class Server(Site):
    """``twistd hmp`` on a :class:`Site`, with its port on 127.0.0.1."""

    port: int = attrs.field(factory=free_tcp_port)
    daemon: Daemon = attrs.field(init=False)
    _clients: list[Client] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.daemon = Daemon(
            "server", [script("twistd"), "-n", "--pidfile=", "hmp", *self.options], self.folder
        )
        given = {name: dict(values) for name, values in self.settings.items()}
        self.settings = {
            "command_api": {"endpoint": f"tcp:{self.port}:interface=127.0.0.1"},
            "web": {"endpoint": ""},
            "recordings": {"min_free_bytes": 1 << 20},
            "restream": {"interface": "127.0.0.1"},
            "log": {"level": "debug"},
        }
        self.configure(**given)

    def admit(self, name: str = "local", address: str = "127.0.0.1", *options: str) -> None:
        """Enable the API, and put a device on the list."""
        self.hmpctl("api", "enable")
        self.hmpctl("device", "add", name, address, *options)

    def start(self, *, ready: bool = True) -> Server:
        """Start it; wait until it answers commands and has its engine, unless told not to."""
        self.daemon.start()
        if ready:
            self.await_ready()
        return self

    def await_ready(self, timeout: float = 30) -> None:
        """Wait until commands are answered by a service that has a media engine."""
        with wait_for(self._reached, timeout, "server that takes connections") as client:
            asked = ("stopRestreamRecording", str(uuid.uuid4()))
            ready = "ERROR|040003|Stream not found"
            wait_for(lambda: client.ask(*asked) == ready, timeout, "ready server")

    def _reached(self) -> Client | None:
        assert self.daemon.running, f"the server ended while starting\n{self.daemon.tail()}"
        with suppress(OSError, ClosedError):
            client = Client(self.port)
            if client.exchange(b"x\n") != b"ERROR|020000|Not Authorized\n":
                return client
            client.close()
        return None

    def client(self, source: str = "", **options: Any) -> Client:
        """A new connection; it is closed with the server at the latest."""
        client = Client(self.port, source=source, **options)
        self._clients.append(client)
        return client

    def stop(self) -> int:
        """End it with SIGTERM; gives its exit status."""
        return self.daemon.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.daemon.kill()

    def engine_pid(self) -> int:
        """The process number of the media engine that it started."""
        return self.daemon.child("hmp-engine").pid

    def close(self) -> None:
        """End it and its clients, and see that nothing is left running."""
        for client in self._clients:
            client.close()
        self.daemon.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def stand_alone_engine(server: Server) -> Daemon:
    """An engine of its own for ``server`` (neither is started), which is told where it listens."""
    socket = server.folder / "engine.sock"
    server.configure(engine={"endpoint": f"unix:{socket}"})
    return Daemon(
        "engine",
        [
            script("twistd"),
            "-n",
            "--pidfile=",
            "hmp-engine",
            "--listen",
            f"unix:{socket}",
            *server.options,
        ],
        server.folder,
    )
