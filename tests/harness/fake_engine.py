"""A media engine that says what a test wants: AMP over a Unix socket, answered by rule."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
from twisted.protocols import amp

from hmp_twisted.bus.messages import PROTOCOL, ListRecordings

Answer = Callable[[dict[bytes, bytes]], dict[bytes, bytes] | bytes]
"""From what was asked to the answer: an AMP box, or bytes that are sent as they are."""


def fault(code: bytes, description: bytes) -> Answer:
    """An AMP error, declared or not."""
    return lambda _: {b"_error_code": code, b"_error_description": description}


def says(**values: bytes) -> Answer:
    """An answer of these values."""
    return lambda _: {key.encode(): value for key, value in values.items()}


def raw(data: bytes) -> Answer:
    """Bytes that may be no AMP at all."""
    return lambda _: data


def _agreeable() -> dict[str, Answer]:
    return {
        "Attach": says(
            protocol=str(PROTOCOL).encode(),
            version=b"0",
            instance=b"fake",
            pid=str(os.getpid()).encode(),
        ),
        "ListStreams": says(streams=b""),
        "ReadStatus": says(status=b"{}"),
        "StopRecording": says(state=b"FINISHED", duration_s=b"1.5"),
        "ReadClock": says(seconds=b"3.7"),
    }


_BECOMES = {
    "StartRecording": "RECORDING",
    "PauseRecording": "PAUSED",
    "ResumeRecording": "RECORDING",
    "StopRecording": "",
}
"""The state of a recording after a command that was answered without an error."""


@attrs.define(eq=False)
class FakeEngine:
    """Listens on ``path``; ``answers`` by command name, an empty answer to the others.

    It remembers which recordings it holds, so that a server that compares finds nothing amiss.
    """

    path: Path
    answers: dict[str, Answer] = attrs.field(factory=_agreeable)
    asked: list[tuple[str, dict[bytes, bytes]]] = attrs.field(factory=list)
    held: dict[str, str] = attrs.field(factory=dict)
    """The state of each recording that it was told to start, and not to stop."""
    _listener: socket.socket = attrs.field(init=False)
    _taken: list[socket.socket] = attrs.field(factory=list)

    def __enter__(self) -> FakeEngine:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True, name="fake engine").start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._listener.close()
        for connection in self._taken:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._taken.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            buffer = b""
            while data := connection.recv(65536):
                boxes, buffer = _whole_boxes(buffer + data)
                for box in boxes:
                    self._answer(connection, box)

    def _answer(self, connection: socket.socket, box: dict[bytes, bytes]) -> None:
        name = box[b"_command"].decode()
        self.asked.append((name, box))
        answer = self.answers.get(name, self._list if name == "ListRecordings" else says())(box)
        if name in _BECOMES and isinstance(answer, dict) and b"_error_code" not in answer:
            self._note(box[b"recording_id"].decode(), _BECOMES[name])
        if isinstance(answer, bytes):
            connection.sendall(answer)
        elif b"_ask" in box:
            key = b"_error" if b"_error_code" in answer else b"_answer"
            connection.sendall(amp.AmpBox({key: box[b"_ask"], **answer}).serialize())

    def _note(self, recording: str, state: str) -> None:
        if state:
            self.held[recording] = state
        else:
            self.held.pop(recording, None)

    def _list(self, box: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """One page with all that is held; the next is empty."""
        entries = [
            {"recording_id": recording, "state": state, "duration_s": 1.0}
            for recording, state in (self.held.items() if not box[b"after"] else ())
        ]
        made: dict[bytes, bytes] = ListRecordings.makeResponse({"recordings": entries}, None)
        return made


def _whole_boxes(data: bytes) -> tuple[list[dict[bytes, bytes]], bytes]:
    """The whole AMP boxes in ``data``, and what is left."""
    boxes: list[dict[bytes, bytes]] = []
    box: dict[bytes, bytes] = {}
    key: bytes | None = None
    at = start = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2])
        end = at + 2 + length
        if end > len(data):
            break
        value, at = data[at + 2 : end], end
        if key is not None:
            box[key], key = value, None
        elif value:
            key = value
        else:
            boxes.append(box)
            box, start = {}, at
    return boxes, data[start:]
