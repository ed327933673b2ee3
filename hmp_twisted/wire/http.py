"""Recognising a web browser. Pure.

Access is by address alone, so a web page that is open on an authorised machine could have its
browser post commands. Such a connection is closed at its request line, before any of its body.
"""

from __future__ import annotations

METHODS = frozenset(
    (b"GET", b"POST", b"PUT", b"PATCH", b"HEAD", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE")
)

_LONGEST_FIRST_WORD = max(map(len, METHODS)) + 1
_TAIL_BYTES = 32


def is_request_line(line: bytes) -> bool:
    """Whether the line's first word is an HTTP method and its last begins with ``HTTP/``."""
    words = line.split()
    return len(words) > 1 and words[0] in METHODS and words[-1].startswith(b"HTTP/")


class OverlongLine:
    """A line over the limit while it is thrown away.

    Only its first word and its last bytes are kept: enough to tell a request line, which a web page
    could make as long as it likes so as to have the body read as commands.
    """

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""

    def feed(self, data: bytes) -> bytes | None:
        """What follows the line's end, or nothing as long as the end has not come."""
        line, end, rest = data.partition(b"\n")
        if len(self._head) < _LONGEST_FIRST_WORD:
            self._head = (self._head + line).lstrip()[:_LONGEST_FIRST_WORD]
        self._tail = (self._tail + line[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        return rest if end else None

    @property
    def is_request_line(self) -> bool:
        """Whether the line, now that it has ended, was an HTTP request."""
        return is_request_line(self._head + b" " + self._tail)
