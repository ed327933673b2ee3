"""``hmpctl stream`` against a server's socket: real AMP, real SQLite, an engine that remembers."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted
from click.testing import CliRunner, Result
from sqlalchemy import insert
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from hmp_twisted.bus.administration import socket_in
from hmp_twisted.cli.main import hmpctl
from hmp_twisted.store.pool import Store
from hmp_twisted.store.schema import hotmarks
from hmp_twisted.wire.administration import AdministrationSocket
from tests.services.world import World

ADDRESS = "127.0.0.1"


class Terminal:
    """hmpctl on a world's data directory, its server's socket beside."""

    def __init__(self, world: World, data_dir: Path) -> None:
        self.world, self.data_dir = world, data_dir
        self.recording = world.recording()

    async def run(self, *arguments: str) -> Result:
        """What ``hmpctl stream …`` says; in a thread, since the server answers in this one."""
        options = ["--data-dir", str(self.data_dir), "stream", *arguments]
        done: Result = await deferToThread(CliRunner().invoke, hmpctl, options)
        return done

    async def start(self, *options: str) -> str:
        """Start a stream; its ID."""
        done = await self.run("start", self.recording, ADDRESS, "6000", *options)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout.strip()


@pytest_twisted.async_yield_fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    """A server that listens for hmpctl."""
    store = Store("", tmp_path, reactor)
    store.open()
    world = World(store, tmp_path / "recordings")
    socket = AdministrationSocket(reactor, socket_in(tmp_path), world.new_streams())
    socket.startService()
    yield Terminal(world, tmp_path)
    await socket.stopService()
    await store.close()


@pytest_twisted.ensureDeferred
async def test_a_stream_is_started_as_it_is_asked_for(terminal: Terminal) -> None:
    """What is not given is as the settings say; the ID alone is printed."""
    engine = terminal.world.engine
    stream = await terminal.start()
    assert engine.streams == {stream: (terminal.recording, ADDRESS, 6000)}
    assert engine.playing == (0.0, False, "", 8)
    assert (await terminal.run("stop", stream)).exit_code == 0
    assert engine.streams == {}
    await terminal.start("--from", "2.5", "--loop", "--interface", "127.0.0.2", "--ttl", "0")
    assert engine.playing == (2.5, True, "127.0.0.2", 0)


@pytest_twisted.ensureDeferred
async def test_a_hotmark_is_a_place(terminal: Terminal) -> None:
    """By its title, at the start and later; a title that is none is told with what is alike."""
    mark = {"recording_id": terminal.recording, "time_s": 7, "title": "Goal"}
    with terminal.world.store.begin("a HotMark") as conn:
        conn.execute(insert(hotmarks).values(**mark))
    stream = await terminal.start("--from", "Goal")
    assert terminal.world.engine.playing == (7.0, False, "", 8)
    assert (await terminal.run("seek", stream, "Goal")).exit_code == 0
    refused = await terminal.run("seek", stream, "Gaol")
    assert refused.exit_code == 1
    assert "'Gaol' is neither seconds nor a HotMark of the recording" in refused.stderr
    assert "Goal" in refused.stderr


@pytest_twisted.ensureDeferred
async def test_what_the_engine_knows_is_shown(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Position, and PAUSED; without an engine what the catalogue has."""
    stream = await terminal.start()
    assert "RUNNING  " in (await terminal.run("list")).stdout
    told = {stream: {"stream_id": stream, "position_s": 61.5, "state": "PAUSED"}}
    monkeypatch.setattr("hmp_twisted.cli.engine.list_streams", lambda endpoint: told)
    shown = json.loads((await terminal.run("show", stream, "--json")).stdout)
    assert (shown["state"], shown["position_s"]) == ("PAUSED", 61.5)
    assert "PAUSED  0:01:01.5" in (await terminal.run("list")).stdout
    told[stream]["state"] = "PLAYING"
    assert "State:      RUNNING" in (await terminal.run("show", stream)).stdout


@pytest_twisted.ensureDeferred
async def test_pause_resume_and_seek_reach_the_engine(terminal: Terminal) -> None:
    """In the order in which they are asked for."""
    stream = await terminal.start()
    for words in (("pause", stream), ("seek", stream, "3"), ("resume", stream)):
        assert (await terminal.run(*words)).exit_code == 0
    asked = ["start_stream", "pause_stream", "seek_stream", "resume_stream"]
    assert terminal.world.engine.calls == asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("start", "RECORDING", "example", "6000"), "ADDRESS 'example': must be an IP address"),
        (("start", "RECORDING", ADDRESS, "6001", "--from", "-1"), "must be seconds from 0 on"),
        (("start", "RECORDING", ADDRESS, "6001", "--interface", "eth0"), "--interface 'eth0'"),
        (("start", "RECORDING", ADDRESS, "6000"), "is sent to 127.0.0.1:6000"),
        (("start", "no such", ADDRESS, "6001"), "no recording 'no such'"),
        (("pause", "no such"), "no stream 'no such'"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_is_refused_in_a_line(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    """By hmpctl itself or by the server, nobody can tell."""
    await terminal.start()
    refused = await terminal.run(
        *(terminal.recording if word == "RECORDING" else word for word in words)
    )
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest_twisted.ensureDeferred
async def test_a_stream_that_has_ended_meanwhile_is_told(terminal: Terminal) -> None:
    """The catalogue had it running, the engine knows better."""
    stream = await terminal.start()
    terminal.world.engine.streams.clear()
    for what in ("pause", "stop"):
        refused = await terminal.run(what, stream)
        assert (refused.exit_code, "has ended" in refused.stderr) == (1, True)
    shown = await terminal.run("show", stream)
    assert "State:      ENDED" in shown.stdout


@pytest_twisted.ensureDeferred
async def test_a_fault_of_the_servers_is_one_line_here(terminal: Terminal) -> None:
    """And a traceback in its log."""
    terminal.world.engine.failures["start_stream"] = ZeroDivisionError("within")
    refused = await terminal.run("start", terminal.recording, ADDRESS, "6000")
    assert refused.exit_code == 1
    assert "the server failed: within" in refused.stderr


@pytest_twisted.ensureDeferred
async def test_the_socket_is_the_servers_users_alone(terminal: Terminal) -> None:
    """Who may open it may do anything; without a server there is one clear line."""
    path = socket_in(terminal.data_dir)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    aside = path.rename(path.with_name("aside"))
    refused = await terminal.run("start", terminal.recording, ADDRESS, "6000")
    aside.rename(path)
    assert refused.exit_code == 1
    assert f"no server answers at {path}" in refused.stderr
    assert f"one that runs on {terminal.data_dir}" in refused.stderr
