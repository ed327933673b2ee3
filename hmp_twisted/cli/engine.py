"""A word with the media engine or the server, without a reactor: one AMP box there, one back.

hmpctl never attaches to the engine, whose server it is not: of the engine it asks only what it can
go on without. What only a running server can do is asked of the server (:func:`ask_server`).
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.endpoints import _parse as parse_endpoint
from twisted.protocols import amp

from ..bus import administration, messages
from ..bus.status import Report
from ..errors import (
    DomainError,
    EngineAnswerError,
    EngineFaultError,
    EngineUnavailableError,
    NotReadyError,
)

TIMEOUT_S = 3.0
"""How long each step may take."""
SERVER_TIMEOUT_S = 30.0
"""The same for the server, which asks the media engine in its turn."""


def refresh_manifest(endpoint: str, recording_id: str) -> None:
    """Let the engine bring an active recording's ``recording.json`` up to date.

    Raises:
        EngineUnavailableError, EngineFaultError, EngineAnswerError: it did not.
        UnknownRecordingError: it holds no such active recording.
    """
    ask(endpoint, messages.RefreshManifest, recording_id=recording_id)


def read_status(endpoint: str) -> dict[str, Any]:
    """The engine's report on itself.

    Raises:
        EngineUnavailableError, EngineFaultError, EngineAnswerError: there is none.
    """
    report = Report()
    try:
        while report.after is not None:
            report.take(ask(endpoint, messages.ReadStatus, after=report.after)["status"])
    except (ValueError, TypeError) as error:
        raise EngineAnswerError(f"the media engine's status is no JSON object: {error}") from error
    return report.whole


def list_streams(endpoint: str) -> dict[str, dict[str, Any]]:
    """What plays: position and state of each stream, by its ID.

    Raises:
        EngineUnavailableError, EngineFaultError, EngineAnswerError: that is not known.
    """
    found: dict[str, dict[str, Any]] = {}
    while page := ask(endpoint, messages.ListStreams, after=max(found, default=""))["streams"]:
        found |= {entry["stream_id"]: entry for entry in page}
    return found


def ask_server(data_dir: Path, command: type[amp.Command], **arguments: Any) -> dict[str, Any]:
    """Ask the server that runs on ``data_dir`` and give its answer.

    Raises:
        NotReadyError: none runs there, or it does not answer.
        DomainError: what it refuses, as the services raise it.
    """
    path = administration.socket_in(data_dir)
    try:
        return ask(f"unix:{path}", command, timeout_s=SERVER_TIMEOUT_S, **arguments)
    except EngineUnavailableError as error:
        if str(error).startswith(f"{path}: "):
            raise NotReadyError(
                f"no server answers at {error}; this needs one that runs on {data_dir}"
            ) from error
        raise


def ask(
    endpoint: str, command: type[amp.Command], *, timeout_s: float | None = None, **arguments: Any
) -> dict[str, Any]:
    """Ask who listens at ``endpoint`` (``unix:PATH``) and give the answer.

    Raises:
        EngineUnavailableError: nobody listens there, or no answer came in time.
        EngineFaultError: it failed in a way that ``command`` does not declare.
        EngineAnswerError: the answer cannot be read.
        DomainError: an error that ``command`` declares.
    """
    path, limit = _path_of(endpoint), timeout_s or TIMEOUT_S
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(limit)
            connection.connect(path)
            connection.sendall(_question(command, arguments))
            with connection.makefile("rb") as stream:
                box = _read_box(stream)
    except TimeoutError as error:
        raise EngineUnavailableError(f"{path}: no answer within {limit:g} s") from error
    except OSError as error:
        raise EngineUnavailableError(f"{path}: {error.strerror or error}") from error
    return _answer(command, box)


def _path_of(endpoint: str) -> str:
    arguments, options = parse_endpoint(endpoint)
    return str(options.get("address") or arguments[1])


def _question(command: type[amp.Command], arguments: dict[str, Any]) -> bytes:
    box = command.makeArguments(arguments, None)
    box[amp.ASK] = b"1"
    box[amp.COMMAND] = command.commandName
    return bytes(box.serialize())


def _read_box(stream: BinaryIO) -> amp.Box:
    """One box: keys and values, each after its length in two bytes, up to an empty key."""
    box = amp.Box()
    while key := _read_string(stream):
        box[key] = _read_string(stream)
    return box


def _read_string(stream: BinaryIO) -> bytes:
    (length,) = struct.unpack("!H", _read_exactly(stream, 2))
    return _read_exactly(stream, length)


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EngineAnswerError("the media engine hung up within its answer")
    return data


def _answer(command: type[amp.Command], box: amp.Box) -> dict[str, Any]:
    if amp.ERROR in box:
        raise _declared(command, box)
    try:
        return dict(command.parseResponse(box, None))
    except Exception as error:  # whatever AMP's parsers raise on an answer of the wrong form
        raise EngineAnswerError(
            f"the media engine's answer to {command.__name__} cannot be read: {error!r}"
        ) from error


def _declared(command: type[amp.Command], box: amp.Box) -> DomainError:
    code = box.get(amp.ERROR_CODE, b"")
    text = box.get(amp.ERROR_DESCRIPTION, b"").decode("utf-8", "replace")
    for kind, declared in command.errors.items():
        if declared == code and issubclass(kind, DomainError):
            return kind(text)
    what = text or code.decode("ascii", "replace")
    return EngineFaultError(f"the media engine failed in {command.__name__}: {what}")
