"""Viewers of live streams: HTTP connections that read all that comes, and count it.

    python -m benchmarks.viewers --port PORT --cookie COOKIE PATH …

Says when it has asked for everything. Ended by a signal it prints, as JSON, how many bytes each
path gave, and which were ended by the server.
"""

from __future__ import annotations

import argparse
import json
import selectors
import signal
import socket
from collections.abc import Sequence
from types import FrameType

import attrs

_AT_ONCE = 1 << 18


@attrs.define(eq=False)
class Viewer:
    """One connection."""

    socket: socket.socket
    taken: int = 0
    ended: bool = False

    @classmethod
    def ask(cls, port: int, cookie: str, path: str) -> Viewer:
        """Connect, and ask for a path."""
        connection = socket.create_connection(("127.0.0.1", port))
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
        connection.sendall(request.encode())
        connection.setblocking(False)
        return cls(connection)

    def read(self) -> bool:
        """Take what has come; gives whether there may be more."""
        try:
            count = len(self.socket.recv(_AT_ONCE))
        except BlockingIOError:
            return True
        except ConnectionError:
            count = 0
        self.taken += count
        self.ended = not count
        return not self.ended


def watch(viewers: Sequence[Viewer]) -> None:
    """Read from all of them until a signal comes."""
    over: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        """Have done with it."""
        over.append(number)

    signal.signal(signal.SIGTERM, end)
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        while not over:
            for key, _ in selector.select(0.1):
                if not key.data.read():
                    selector.unregister(key.fileobj)


def main() -> None:
    """Watch, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cookie", required=True)
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    viewers = [Viewer.ask(args.port, args.cookie, path) for path in args.paths]
    print("watching", flush=True)
    watch(viewers)
    taken = [viewer.taken for viewer in viewers]
    print(json.dumps({"taken": taken, "ended": sum(viewer.ended for viewer in viewers)}))


if __name__ == "__main__":
    main()
