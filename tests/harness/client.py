"""A control system: a blocking TCP client of the Command Line API, line by line."""

from __future__ import annotations

import socket
from typing import Any

import attrs

TRANSCRIPT: list[tuple[str, str]] = []
"""Every command sent through :meth:`Client.command` and its answer, oldest first."""


class ClosedError(Exception):
    """The server closed the connection; ``args[0]`` is what came after the last whole line."""


def quoted(word: str) -> str:
    """``word`` as one argument on the wire."""
    if word and not set(word) & set(' \t\n"') and word.isprintable():
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@attrs.define
class Client:
    """One connection, from address ``source`` (any of 127.0.0.0/8), to a port or Unix socket."""

    port: int | str
    host: str = "127.0.0.1"
    source: str = ""
    timeout: float = 15.0
    _buffer: bytes = b""
    connection: socket.socket = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        if isinstance(self.port, str):
            self.connection = socket.socket(socket.AF_UNIX)
            self.connection.settimeout(self.timeout)
            self.connection.connect(self.port)
        else:
            local = (self.source, 0) if self.source else None
            self.connection = socket.create_connection((self.host, self.port), self.timeout, local)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def finish(self) -> None:
        """Close the sending side only."""
        self.connection.shutdown(socket.SHUT_WR)

    def line(self) -> bytes:
        """The next line received, with its LF.

        Raises:
            ClosedError: the server closed before a whole line came.
            TimeoutError: nothing came in time.
        """
        while b"\n" not in self._buffer:
            try:
                data = self.connection.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise ClosedError(self._buffer)
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def exchange(self, data: bytes) -> bytes:
        """Send bytes and give the next line received, with its LF."""
        self.send(data)
        return self.line()

    def command(self, text: str) -> str:
        """Send one command line, and give its answer without the LF."""
        answer = self.exchange(text.encode() + b"\n")
        assert answer.endswith(b"\n")
        TRANSCRIPT.append((text, answer[:-1].decode()))
        return answer[:-1].decode()

    def ask(self, *words: str) -> str:
        """Send one command of these words, quoted where need be, and give its answer."""
        return self.command(" ".join(quoted(word) for word in words))

    def result(self, *words: str) -> str:
        """Send a command that must succeed, and give its result ("" where it has none)."""
        answer = self.ask(*words)
        status, _, result = answer.partition("|")
        assert status == "OK", f"{words}: {answer}"
        return result

    def is_closed(self) -> bool:
        """Whether the server has closed (what it sent before is read and kept)."""
        self.connection.settimeout(0.001)
        try:
            data = self.connection.recv(65536)
            self._buffer += data
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.connection.settimeout(self.timeout)
        return not data

    def rest(self) -> bytes:
        """All that comes until the server closes."""
        while True:
            try:
                data = self.connection.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                rest, self._buffer = self._buffer, b""
                return rest
            self._buffer += data
