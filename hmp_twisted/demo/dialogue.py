"""The dialogue with the Command Line API, printed as it happens."""

from __future__ import annotations

import socket
import time


class DemoError(Exception):
    """The first thing that was wrong, in one line."""


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


class Dialogue:
    """A control system's connection: a command out, a line back."""

    def __init__(self, port: int, within_s: float = 20.0) -> None:
        deadline = time.monotonic() + within_s
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise DemoError(f"port {port} did not open within {within_s:g} s") from None
                time.sleep(0.05)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")

    def command(self, line: str) -> str:
        """Send ``line``; the result behind ``OK|``, or "" for a plain ``OK``.

        Raises:
            DemoError: the answer was an error.
        """
        say(f"  > {line}")
        self._socket.sendall(line.encode() + b"\n")
        answer = self._lines.readline().rstrip("\n")
        say(f"  < {answer}")
        if answer != "OK" and not answer.startswith("OK|"):
            raise DemoError(f"{line!r} was answered {answer!r}")
        return answer.partition("|")[2]

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()
