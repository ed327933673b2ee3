"""``decisions.md``, the rows "restart", "while starting or stopping" and "no media engine"."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import (
    ORDERLY,
    Client,
    ClosedError,
    FakeEngine,
    Receiver,
    Sender,
    free_udp_port,
    listens,
    packets,
    wait_for,
)
from ..harness.fake_engine import Answer
from .stage import Stage

NOT_READY = "ERROR|070000|Internal Server Error"


@pytest.fixture
def server(template: Path) -> Iterator[Stage]:
    """A server of one test's own, running."""
    with Stage.on(template) as stage:
        yield stage.start()


def _segments(stage: Stage, recording: str) -> list[bytes]:
    (track,) = stage.show("recording", "show", recording)["tracks"]
    return [Path(segment["path"]).read_bytes() for segment in track["segments"]]


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
def test_restart_carries_active_recordings_on(server: Stage, end: str) -> None:
    """RECORDING goes on in a new segment, PAUSED stays paused, and running streams end."""
    with Sender([("127.0.0.1", server.names.ports[0])]) as sender, server.client() as client:
        running, paused = server.recording(client), server.recording(client)
        played = server.recording(client)
        sender.await_seconds(1)
        client.result("pauseRecording", paused)
        client.result("stopRecording", played)
        port = free_udp_port()
        with Receiver(port) as receiver:
            words = ("startRestreamRecording", played, "127.0.0.1", str(port))
            stream = client.result(*words)
            receiver.await_datagrams(1)
            if end == "SIGTERM":
                assert server.stop() in ORDERLY
            else:
                server.kill()
            server.start()
            receiver.await_silence(0.3)
        with server.client() as again:
            assert again.ask("stopRestreamRecording", stream) == "ERROR|040003|Stream not found"
            assert again.ask("getRecordingStatus", running) == "OK|RECORDING"
            assert again.ask("getRecordingStatus", paused) == "OK|PAUSED"
            sender.await_seconds(0.3)
            again.result("resumeRecording", paused)
            sender.await_seconds(0.3)
            for recording in (running, paused):
                again.result("stopRecording", recording)
                segments = _segments(server, recording)
                assert len(segments) == 2
                for segment in segments:
                    packets.assert_unbroken(segment)


def test_after_a_longer_time_recordings_are_finished(server: Stage) -> None:
    """A server that comes back later than ``resume_within_s`` has them FINISHED, with media."""
    with Sender([("127.0.0.1", server.names.ports[0])]) as sender, server.client() as client:
        recording, paused = server.recording(client), server.recording(client)
        sender.await_seconds(0.5)
        client.result("pauseRecording", paused)
        server.kill()
        server.daemon.await_nothing_left()
        _age(server.data_dir, 400)
        server.start()
        with server.client() as again:
            for ended in (recording, paused):
                assert again.ask("getRecordingStatus", ended) == "OK|FINISHED"
                (segment,) = _segments(server, ended)
                packets.assert_unbroken(segment)
                busy = again.ask("pauseRecording", ended)
                assert busy == "ERROR|040001|Active recording not found"


def _age(folder: Path, seconds: float) -> None:
    """Let every file look as if it had last been touched so long ago."""
    then = time.time() - seconds
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_resume_within_s_is_what_counts(server: Stage) -> None:
    """With 0 every restart finishes what was active."""
    server.configure(recordings={"resume_within_s": 0})
    with server.client() as client:
        recording = server.recording(client)
    server.kill()
    server.daemon.await_nothing_left()
    _age(server.data_dir, 2)
    server.start()
    with server.client() as client:
        assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"


def test_a_command_before_the_service_is_ready(template: Path) -> None:
    """The port is open, but the media engine has not been compared with yet: 070000."""
    with Stage.on(template) as stage:
        stage.configure(engine={"endpoint": f"unix:{stage.folder / 'nobody.sock'}"})
        stage.start(ready=False)
        wait_for(lambda: listens(stage.port), 20, "open port")
        with Client(stage.port) as client:
            assert client.ask("createSession", "x") == NOT_READY
        stage.await_ready()
        with Client(stage.port) as client:
            assert client.ask("createSession", "x").startswith("OK|")


def test_a_command_as_the_service_stops(template: Path) -> None:
    """What runs is finished and answered; what comes after is 070000, or finds no server."""
    with Stage.on(template) as stage:
        socket = stage.folder / "fake.sock"
        stage.configure(engine={"endpoint": f"unix:{socket}"})
        with FakeEngine(socket) as engine:
            stage.start()
            with stage.client() as client, stage.client() as other:
                recording = stage.recording(client)
                before = len(engine.asked)
                engine.answers["PauseRecording"] = _after(0.5)
                client.send(f"pauseRecording {recording}\n".encode())
                wait_for(lambda: len(engine.asked) > before, 5, "pause at the engine")
                stage.daemon.signal(15)
                wait_for(lambda: not listens(stage.port), 5, "closed port")
                try:
                    assert other.ask("createSession", "x") == NOT_READY
                except (ClosedError, OSError):
                    assert other.is_closed()
                assert client.line() == b"OK\n"
                assert client.rest() == b""
            assert stage.daemon.wait(20) in ORDERLY


def _after(seconds: float) -> Answer:
    """An engine's answer that takes its time."""

    def answer(_: dict[bytes, bytes]) -> dict[bytes, bytes]:
        began = time.monotonic()
        wait_for(lambda: time.monotonic() - began > seconds, seconds + 1, "time")
        return {}

    return answer


def test_no_media_engine(server: Stage) -> None:
    """While it is gone: 090001 for commands that need it, the others work; then all is well."""
    with server.client() as client:
        session = server.session(client, 0)
        recording = client.result("startRecording", session)
        engine = server.daemon.child("hmp-engine")
        os.kill(engine.pid, 19)  # SIGSTOP keeps it from being started again
        engine.kill()
        answer = client.ask("pauseRecording", recording)
        assert answer in ("ERROR|090001|No bus connection", "OK")
        assert client.ask("getRecordingStatus", recording).startswith("OK|")
        assert client.ask("setLiveSession", session, "true") == "OK"

        def stopped() -> bool:
            return client.ask("stopRecording", recording) == "OK"

        wait_for(stopped, 5, "stop by an engine that came back")
