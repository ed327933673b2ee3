"""A word with the media engine, without a reactor: one AMP box there, one back.

hmpctl asks two things only, and goes on without an answer; so it never attaches to the engine,
whose server it is not.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, BinaryIO

from twisted.internet.endpoints import _parse as parse_endpoint
from twisted.protocols import amp

from ..bus import messages
from ..errors import (
    DomainError,
    EngineAnswerError,
    EngineFaultError,
    EngineUnavailableError,
)

TIMEOUT_S = 3.0
"""How long each step may take."""


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
    try:
        return dict(json.loads(ask(endpoint, messages.ReadStatus)["status"]))
    except (ValueError, TypeError) as error:
        raise EngineAnswerError(f"the media engine's status is no JSON object: {error}") from error


def ask(endpoint: str, command: type[amp.Command], **arguments: Any) -> dict[str, Any]:
    """Ask the engine at ``endpoint`` (``unix:PATH``) and give its answer.

    Raises:
        EngineUnavailableError: nobody listens there, or no answer came in time.
        EngineFaultError: the engine failed in a way that ``command`` does not declare.
        EngineAnswerError: the answer cannot be read.
        DomainError: an error that ``command`` declares.
    """
    path = _path_of(endpoint)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(path)
            connection.sendall(_question(command, arguments))
            with connection.makefile("rb") as stream:
                box = _read_box(stream)
    except TimeoutError as error:
        raise EngineUnavailableError(f"{path}: no answer within {TIMEOUT_S:g} s") from error
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
