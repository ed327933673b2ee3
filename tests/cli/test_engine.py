"""A word with the media engine: real AMP over a real Unix socket, hmpctl in a thread."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.threads import deferToThread
from twisted.protocols import amp

from hmp_twisted.bus import messages
from hmp_twisted.cli import engine
from hmp_twisted.errors import (
    EngineAnswerError,
    EngineFaultError,
    EngineUnavailableError,
    UnknownRecordingError,
)


class _Engine(amp.AMP):
    """Answers as a media engine does; what goes wrong depends on the recording's ID."""

    @messages.RefreshManifest.responder
    def refresh(self, recording_id: str) -> Any:
        """Known, unknown, or never answered."""
        if recording_id == "silent":
            return Deferred()
        if recording_id == "unknown":
            raise UnknownRecordingError("no active recording 'unknown'")
        return {}

    @messages.ReadStatus.responder
    def status(self, after: str) -> dict[str, Any]:
        """Some report."""
        return {"status": json.dumps({"pid": 7})}


@pytest_twisted.async_yield_fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[str]:
    """Where that engine listens."""
    path = tmp_path / "engine.sock"
    port = await UNIXServerEndpoint(reactor, str(path)).listen(Factory.forProtocol(_Engine))
    yield f"unix:{path}"
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_the_engine_answers(endpoint: str) -> None:
    """Its report, and that the figures are up to date."""
    assert await deferToThread(engine.read_status, endpoint) == {"pid": 7}
    assert await deferToThread(engine.refresh_manifest, endpoint, "known") is None


@pytest_twisted.ensureDeferred
async def test_a_declared_error_is_raised_as_itself(endpoint: str) -> None:
    """With the engine's own words."""
    with pytest.raises(UnknownRecordingError, match="no active recording 'unknown'"):
        await deferToThread(engine.refresh_manifest, endpoint, "unknown")


@pytest_twisted.ensureDeferred
async def test_an_engine_that_does_not_answer_is_given_up(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a time that a person at a terminal can bear."""
    monkeypatch.setattr(engine, "TIMEOUT_S", 0.2)
    with pytest.raises(EngineUnavailableError, match=r"no answer within 0\.2 s"):
        await deferToThread(engine.refresh_manifest, endpoint, "silent")


def test_an_engine_that_is_not_there_is_told_by_its_socket(tmp_path: Path) -> None:
    """Whether there is no file, no listener, or a path that no socket can have."""
    missing = tmp_path / "none.sock"
    with pytest.raises(EngineUnavailableError, match=f"{missing}: No such file"):
        engine.read_status(f"unix:{missing}")
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    with pytest.raises(EngineUnavailableError, match="refused"):
        engine.read_status(f"unix:{stale}")
    with pytest.raises(EngineUnavailableError, match="too long"):
        engine.read_status(f"unix:{tmp_path}/{'x' * 120}")


def _answering(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x07_answer\x00\x011\x00\x00",
        b"\x00\x07_answer\x00\x011\x00\x06status\x00\x01{\x00\x00",
        b"\x00\x07_answer\x00\x011\x00\x06status\x00\x0217\x00\x00",
        b"\x00\x07_answer\x00\x011\x00\x06status\x00\x01\xff\x00\x00",
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_answer_that_cannot_be_read_is_told_as_one(tmp_path: Path, answer: bytes) -> None:
    """Cut short, of another protocol, without its fields, or no JSON."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        answered = deferToThread(_answering, listener, answer)
        with pytest.raises(EngineAnswerError):
            await deferToThread(engine.read_status, f"unix:{tmp_path}/engine.sock")
        await answered


@pytest_twisted.ensureDeferred
async def test_a_fault_of_the_engine_is_told_as_one(tmp_path: Path) -> None:
    """Named by what was asked, with the engine's words."""
    box = amp.Box(_error=b"1", _error_code=b"UNKNOWN", _error_description=b"Unknown Error")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        answered = deferToThread(_answering, listener, box.serialize())
        with pytest.raises(EngineFaultError, match="failed in ReadStatus: Unknown Error"):
            await deferToThread(engine.read_status, f"unix:{tmp_path}/engine.sock")
        await answered
