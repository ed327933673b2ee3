"""The media engine is gone, fails, or answers nonsense; ffmpeg is missing or fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import FakeEngine, fault, raw, says, wait_for
from .lines import covers, error
from .stage import Stage


@pytest.fixture(scope="module")
def staged(template: Path) -> Iterator[tuple[Stage, FakeEngine]]:
    """A server whose media engine says what the test wants."""
    with Stage.on(template) as stage:
        socket = stage.folder / "fake.sock"
        stage.configure(engine={"endpoint": f"unix:{socket}"})
        with FakeEngine(socket) as engine:
            stage.start()
            yield stage, engine


@covers("general", "070006")
def test_engine_answers_with_a_fault(staged: tuple[Stage, FakeEngine]) -> None:
    """A fault that the bus does not declare is 070006, for every command that needs the engine."""
    stage, engine = staged
    with stage.client() as client:
        session = stage.session(client, 0)
        recording = client.result("startRecording", session)
        for command, asked in [
            ("StartRecording", ("startRecording", session)),
            ("PauseRecording", ("pauseRecording", recording)),
            ("ReadClock", ("addHotmark", recording, "x")),
            ("StopRecording", ("stopRecording", recording)),
        ]:
            kept = engine.answers.get(command, says())
            engine.answers[command] = fault(b"UNHEARD_OF", b"boom")
            assert client.ask(*asked) == error("general", "070006"), command
            engine.answers[command] = kept
        assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
        client.ask("stopRecording", recording)


@covers("general", "070007")
def test_engine_answers_what_cannot_be_read(staged: tuple[Stage, FakeEngine]) -> None:
    """An answer that lacks a value, has one of the wrong kind, or is no AMP at all, is 070007."""
    stage, engine = staged
    with stage.client() as client:
        recording = stage.recording(client)
        for answer in (says(), says(seconds=b"soon"), raw(b"\xff" * 64)):
            engine.answers["ReadClock"] = answer
            assert client.ask("addHotmark", recording, "x") == error("general", "070007")
        engine.answers["ReadClock"] = says(seconds=b"7.9")
        asked = ("addHotmark", recording, "x")
        wait_for(lambda: client.ask(*asked) == "OK", 5, "answer after a new connection")
        client.ask("stopRecording", recording)
    assert stage.show("recording", "show", recording)["hotmarks"] == [{"time_s": 7, "title": "x"}]


@covers("general", "090001")
def test_no_media_engine(fresh_stage: Stage) -> None:
    """Commands that need the engine are 090001, the others work."""
    stage = fresh_stage
    stage.configure(engine={"endpoint": f"unix:{stage.folder / 'nobody.sock'}"})
    with stage.start().client() as client:
        session = stage.session(client, 0)
        assert client.ask("startRecording", session) == error("general", "090001")
        assert client.ask("updateSessionMetadata", session, "title", "y") == "OK"
        assert client.ask("deleteSession", session) == "OK"


@pytest.mark.parametrize("kind", ["missing", "failing"])
@covers("startRestreamRecording", "070004")
def test_no_ffmpeg(fresh_stage: Stage, kind: str) -> None:
    """An ffmpeg that is not there, or ends at once with 1, is 070004, and nothing is streamed."""
    stage = fresh_stage
    ffmpeg = stage.folder / "ffmpeg"
    if kind == "failing":
        ffmpeg.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 1\n")
        ffmpeg.chmod(0o755)
    stage.configure(restream={"ffmpeg": str(ffmpeg)})
    with stage.start().client() as client:
        recording = stage.finished(client, seconds=1)
        answer = client.ask("startRestreamRecording", recording, "127.0.0.1", "5004")
        assert answer == error("startRestreamRecording", "070004")
    assert stage.show("stream", "list") == []
    assert ("no such luck" if kind == "failing" else str(ffmpeg)) in stage.daemon.log
