"""A running server with sources, users, groups, categories and permissions to name in commands."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from ..harness import Client, ClosedError, Sender, Server, free_udp_port, wait_for

SOURCES = 6
"""Sources 0 to 4 for sessions; the last is only ever a source, never recorded."""


@attrs.frozen
class Names:
    """What ``hmpctl`` made, for commands to name. Passwords: none, nobody signs in here."""

    sources: list[str]
    ports: list[int]
    single: str
    """A category."""
    several: str
    """A category that takes several values."""
    custom: str
    """A custom permission that grants ``watch`` and ``restream``."""


def prepared(folder: Path) -> Path:
    """Administer a new data directory in ``folder`` with the real ``hmpctl``; gives ``folder``.

    Users: ``Viewer1`` has the role Viewer, ``Roleless`` none, ``Member`` one through the group
    ``Crew``. Groups: ``Crew`` has the role Viewer, ``Idle`` none. The API is on for 127.0.0.1,
    with all rights, and for 127.0.0.2, which acts as ``Viewer1``.
    """
    server = Server(folder)
    ports = [free_udp_port() for _ in range(SOURCES)]
    server.admit()
    names = Names(
        sources=[
            server.hmpctl("source", "add", f"source {i}", f"udp://@127.0.0.1:{port}")
            for i, port in enumerate(ports)
        ],
        ports=ports,
        single=server.hmpctl("category", "add", "Quality", "--value", "HD", "--value", "SD"),
        several=server.hmpctl("category", "add", "Tags", "--multiple", "--custom"),
        custom=server.hmpctl(
            "permission", "add", "Play", "--grant", "watch", "--grant", "restream"
        ),
    )
    server.hmpctl("group", "add", "Crew", "--role", "Viewer")
    server.hmpctl("group", "add", "Idle")
    server.hmpctl("user", "add", "Viewer1", "--role", "Viewer")
    server.hmpctl("user", "add", "Roleless")
    server.hmpctl("user", "add", "Member", "--group", "Crew")
    server.hmpctl("device", "add", "viewer", "127.0.0.2", "--user", "Viewer1")
    (folder / "names.json").write_text(json.dumps(attrs.asdict(names)))
    return folder


@attrs.define(eq=False)
class Stage(Server):
    """A :class:`Server` on a copy of a :func:`prepared` directory."""

    names: Names = attrs.field(kw_only=True)

    @classmethod
    @contextmanager
    def on(cls, template: Path, **settings: dict[str, Any]) -> Iterator[Stage]:
        """A stage of its own (not started) that is taken down at the end."""
        folder = Path(tempfile.mkdtemp(prefix="hmp-"))
        shutil.copytree(template / "data", folder / "data")
        names = Names(**json.loads((template / "names.json").read_text()))
        stage = cls(folder, settings, names=names)
        try:
            yield stage
            stage.close()
        finally:
            stage.end_all()
            shutil.rmtree(folder, ignore_errors=True)

    def start(self, *, ready: bool = True) -> Stage:
        """As :meth:`Server.start`."""
        super().start(ready=ready)
        return self

    def end_all(self) -> None:
        """Kill whatever a failed test has left."""
        for process in self.daemon.survivors() if self.daemon.process else ():
            process.kill()

    def admitted_client(self, source: str) -> Client:
        """A connection from a device that was put on the list a moment ago."""
        return wait_for(lambda: self._if_admitted(source), 5, f"admission of {source}")

    def _if_admitted(self, source: str) -> Client | None:
        client = Client(self.port, source=source)
        try:
            if client.exchange(b"x\n") == b"ERROR|000002|Command not found\n":
                return client
        except (ClosedError, OSError):
            pass  # closed before what we sent was read: refused
        client.close()
        return None

    def session(self, client: Client, *sources: int, title: str = "a session") -> str:
        """A new session of these sources, by their number."""
        session = client.result("createSession", title)
        for number in sources:
            client.result("addSourceToSession", session, self.names.sources[number])
        return session

    def recording(self, client: Client, *sources: int) -> str:
        """A recording that has been started, of source 0 unless others are named."""
        return client.result("startRecording", self.session(client, *(sources or (0,))))

    def finished(self, client: Client, *sources: int, seconds: float = 0.3) -> str:
        """A finished recording that holds ``seconds`` of media of each source (0: none at all)."""
        recording = self.recording(client, *sources)
        if seconds:
            wanted = [("127.0.0.1", self.names.ports[n]) for n in sources or (0,)]
            with Sender(wanted) as sender:
                sender.await_seconds(seconds)
        client.result("stopRecording", recording)
        return recording

    def categories(self, kind: str, made: str) -> dict[str, list[str]]:
        """The values of each category of a session or recording, as ``hmpctl`` shows them."""
        shown = self.show(kind, "show", made)["categories"]
        return {entry["category_id"]: entry["values"] for entry in shown}
