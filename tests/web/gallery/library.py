"""What a server holds after some weeks of use, made with real media by commands and hmpctl."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from tests.harness import Client, Server, free_tcp_port, free_udp_port, wait_for

from . import feeds

PASSWORD = "correct horse battery"
DAY_S = 86_400
OLDER = {"rounds": 1, "hearing": 4, "choir": 16}
"""Recordings that are to look older, and by how many days."""


@attrs.frozen
class Library:
    """A server that runs, and what is worth a look on it."""

    server: Server
    base: str
    """The web interface's URL."""
    pages: dict[str, str]
    """Paths of things with an ID, by a short name."""


@contextmanager
def furnished(folder: Path, quiet_s: float = 1.0) -> Iterator[Library]:
    """A server with people, sources that send, recordings of all kinds and streams; ended after.

    Args:
        folder: for its data.
        quiet_s: how long sources are well between faults; the engine tells two that are less
            than ten seconds apart as one.
    """
    web = {"endpoint": f"tcp:{free_tcp_port()}:interface=127.0.0.1"}
    with Server(folder, {"web": web}) as server, ExitStack() as stack:
        _people(server)
        filling = _Filling(server, stack, folder, quiet_s)
        filling.sources()
        server.start()
        filling.sessions()
        filling.recordings()
        base = f"http://127.0.0.1:{web['endpoint'].split(':')[1]}"
        yield Library(server, base, filling.pages)


def _people(server: Server) -> None:
    server.admit("Touch panel, room 101")
    server.hmpctl("role", "add", "Archivist", "--grant", "watch", "--grant", "download")
    for name, shown, role in (
        ("ada", "Ada Lovelace", "Administrator"),
        ("grace", "Grace Hopper", "Content Creator"),
        ("vic", "Victor Vague", "Viewer"),
        ("mira", "Mira Mendel", "Content Contributor"),
    ):
        add = ("user", "add", name, "--display-name", shown, "--role", role, "--password-stdin")
        done = server.try_hmpctl(*add, stdin=PASSWORD)
        assert done.returncode == 0, done.stderr
    server.hmpctl("group", "add", "Cardiology", "--role", "Viewer", "--member", "mira")
    server.hmpctl("group", "add", "Archive", "--role", "Archivist", "--member", "grace")
    server.hmpctl("permission", "add", "Watch and keep", "--grant", "watch", "--grant", "download")
    server.hmpctl("device", "add", "Theatre 2 controller", "10.20.1.15", "--user", "grace")
    server.hmpctl("device", "add", "Courtroom network", "10.30.0.0/16")


@attrs.define(eq=False)
class _Filling:
    """Fills one server, step by step."""

    server: Server
    stack: ExitStack
    folder: Path
    quiet_s: float
    pages: dict[str, str] = attrs.field(factory=dict)
    _ids: dict[str, str] = attrs.field(factory=dict)
    _line: feeds.BadLine = attrs.field(init=False)
    _client: Client = attrs.field(init=False)

    def sources(self) -> None:
        """Three that send, one on a bad line, one that is switched off; and two categories."""
        for name, picture in (
            ("Stage", "stage"),
            ("Microscope", "microscope"),
            ("Slides", "slides"),
        ):
            port = free_udp_port()
            clip = feeds.clip(self.folder, picture)
            self.stack.enter_context(feeds.repeated(clip, port))
            self._source(name, f"udp://@127.0.0.1:{port}")
        port = free_udp_port()
        self._line = feeds.BadLine(
            feeds.clip(self.folder, "counter", 20 + int(4 * self.quiet_s)), port
        )
        self._source("Theatre 2, remote", f"rtp://@127.0.0.1:{port}")
        self._source("Room 205", "udp://@239.7.7.7:5004")
        values = [f"--value={name}" for name in ("Cardiology", "Law", "Music")]
        self._ids["Department"] = self.server.hmpctl("category", "add", "Department", *values)
        self._ids["Speaker"] = self.server.hmpctl("category", "add", "Speaker", "--custom")
        many = ("--multiple", "--value=interview", "--value=close-up", "--value=exam")
        self._ids["Keywords"] = self.server.hmpctl("category", "add", "Keywords", *many)

    def _source(self, name: str, url: str) -> None:
        self._ids[name] = self.server.hmpctl("source", "add", name, url)

    def sessions(self) -> None:
        """A lecture of two sources, and others."""
        self._client = self.server.client()
        self._session("lecture", "Cardiology lecture 7: valves", "Theatre 2, remote", "Slides")
        self._session("rounds", "Morning rounds", "Microscope")
        self._session("hearing", "Hearing 2 O 117/26", "Stage", "Slides", "Microscope")
        self._session("choir", "Choir practice", "Stage")
        self._session("test", "Sound check", "Slides")
        self._session("evening", "Evening talk", "Stage", "Microscope")
        self._ask("setLiveSession", self._ids["evening"], "true")
        self._ask("shareSessionWithGroup", "Cardiology", "EDIT", self._ids["lecture"])

    def _session(self, name: str, title: str, *sources: str) -> None:
        session = self._ask("createSession", title)
        for source in sources:
            self._ask("addSourceToSession", session, self._ids[source])
        self._ids[name] = session

    def recordings(self) -> None:
        """All at once, as time is short; one over a bad line, with a pause."""
        with self._line as line:
            line.run_for(1)
            for name in (*OLDER, "test"):
                self._start(name)
            lecture = self._start("lecture")
            line.run_for(2 + self.quiet_s)
            self._mark(lecture, "Aortic valve")
            line.run_for(1, losing=True)
            line.run_for(self.quiet_s)
            self._ask("pauseRecording", lecture)
            line.run_for(1.5)
            self._ask("resumeRecording", lecture)
            line.run_for(2)
            self._mark(lecture, "Question from the audience")
            line.run_for(2.5, silent=True)
            line.run_for(self.quiet_s)
            line.run_for(0.5, losing=True)
            line.run_for(self.quiet_s)
            for name in ("lecture", *OLDER, "test"):
                self._ask("stopRecording", self._ids[f"{name} recording"])
        self._about(lecture)
        self._now()
        self._age()
        self.pages = {
            "live-one": f"/live/{self._ids['evening']}",
            "recording": f"/videos/{lecture}",
            "recording-running": f"/videos/{self._ids['evening recording']}",
            "recording-streamed": f"/videos/{self._ids['rounds recording']}",
            "session": f"/sessions/{self._ids['lecture']}",
        }

    def _start(self, name: str) -> str:
        recording = self._ask("startRecording", self._ids[name])
        self._ids[f"{name} recording"] = recording
        return recording

    def _mark(self, recording: str, title: str) -> None:
        self._ask("addHotmark", recording, title)

    def _about(self, lecture: str) -> None:
        text = "Seventh of twelve. The remote picture comes from theatre 2."
        self._ask("updateMetadata", lecture, "description", text)
        self._ask("setCategory", lecture, self._ids["Department"], "Cardiology")
        self._ask("setCategory", lecture, self._ids["Keywords"], "close-up", "exam")
        self._ask("setCategory", self._ids["hearing recording"], self._ids["Department"], "Law")
        self._ask("shareRecordingWithUser", "vic", "WATCH", lecture)
        self._ask("shareRecordingWithGroup", "Archive", "EDIT", lecture)

    def _now(self) -> None:
        """What goes on while the pages are looked at: two recordings and a stream."""
        self._start("evening")
        self._mark(self._ids["evening recording"], "Welcome")
        waits = self._ask("createSession", "Rehearsal")
        self._ask("addSourceToSession", waits, self._ids["Stage"])
        self._ids["rehearsal"] = waits
        self._ask("pauseRecording", self._start("rehearsal"))
        played = (self._ids["rounds recording"], "127.0.0.1", str(free_udp_port()))
        self.server.hmpctl("stream", "start", *played, "--loop")
        folder = self.server.recordings_dir / self._ids["lecture recording"]
        wait_for(lambda: _is_complete(folder), 60, "certificate of the lecture")
        self._client.ask("startRecording", "no-such-session")

    def _age(self) -> None:
        with self.server.database() as connection:
            for name, days in OLDER.items():
                connection.execute(
                    "UPDATE recordings SET created = created - ? WHERE id = ?",
                    (days * DAY_S, self._ids[f"{name} recording"]),
                )
            connection.execute(
                "UPDATE recordings SET deleted = created WHERE id = ?",
                (self._ids["test recording"],),
            )

    def _ask(self, *words: str) -> str:
        answer = self._client.ask(*words)
        assert answer.startswith("OK"), f"{words}: {answer}"
        return answer.removeprefix("OK|")


def _is_complete(folder: Path) -> bool:
    path = folder / "certificate.json"
    return path.exists() and '"state": "complete"' in path.read_text()
