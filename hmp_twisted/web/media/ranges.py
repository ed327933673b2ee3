"""Several files as one that can be had in ranges (RFC 9110, section 14): a track's segments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import attrs
from twisted.internet.interfaces import IPullProducer
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

CHUNK = 1 << 17
"""Bytes read at a time, when the browser has taken those before."""

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@attrs.frozen
class Run:
    """Files one after the other."""

    files: tuple[tuple[Path, int], ...]
    """Each with its length in bytes."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(length for _, length in self.files)

    def pieces(self, start: int, end: int) -> Iterator[tuple[Path, int, int]]:
        """Where the bytes from ``start`` to before ``end`` are: file, offset, length."""
        before = 0
        for path, length in self.files:
            first, last = max(start - before, 0), min(end - before, length)
            if first < last:
                yield path, first, last - first
            before += length


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The range that a header asks for, its end not included; everything without a usable header.

    ``None`` if nothing of it is there (416). Of several ranges the whole is sent, as it may be.
    """
    asked = _RANGE.fullmatch(header.strip()) if header else None
    if asked is None or asked[1] == asked[2] == "":
        return 0, size
    if asked[1] == "":
        start, end = max(0, size - int(asked[2])), size
    else:
        start = int(asked[1])
        end = min(size, int(asked[2]) + 1) if asked[2] else size
    return (start, end) if start < end else None


class RunResource(Resource):
    """Answers with a run of files, or a range of it."""

    isLeaf = True

    def __init__(self, run: Run, media_type: str, file_name: str = "") -> None:
        """``file_name``: what the browser saves it as; "" if it is not for saving."""
        super().__init__()
        self._run = run
        self._type = media_type
        self._name = file_name

    def render(self, request: Request) -> int | bytes:
        """Send what was asked for."""
        size = self._run.size
        request.setHeader("Content-Type", self._type)
        request.setHeader("Accept-Ranges", "bytes")
        if self._name:
            request.setHeader("Content-Disposition", f'attachment; filename="{self._name}"')
        header = request.getHeader("Range")
        span = wanted(header, size)
        if span is None:
            request.setResponseCode(416)
            request.setHeader("Content-Range", f"bytes */{size}")
            request.setHeader("Content-Length", "0")
            return b""
        start, end = span
        request.setHeader("Content-Length", str(end - start))
        if end - start < size:
            request.setResponseCode(206)
            request.setHeader("Content-Range", f"bytes {start}-{end - 1}/{size}")
        _Sender(request, self._run.pieces(start, end)).begin()
        return NOT_DONE_YET


@implementer(IPullProducer)
class _Sender:
    """Reads on whenever the connection has room."""

    def __init__(self, request: Request, pieces: Iterator[tuple[Path, int, int]]) -> None:
        self._request = request
        self._pieces = pieces
        self._file: BinaryIO | None = None
        self._left = 0

    def begin(self) -> None:
        """Send until all is sent."""
        self._request.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """Send a little more."""
        try:
            data = self._read()
        except OSError:  # shorter than it was told to be; the browser sees it by the length
            self.stopProducing()
            self._request.loseConnection()
            return
        if data:
            self._request.write(data)
        else:
            self.stopProducing()
            self._request.unregisterProducer()
            self._request.finish()

    def stopProducing(self) -> None:
        """Send no more."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _read(self) -> bytes:
        if not self._left:
            self.stopProducing()
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            path, offset, self._left = piece
            self._file = path.open("rb")
            self._file.seek(offset)
        data = self._file.read(min(CHUNK, self._left)) if self._file is not None else b""
        if not data:
            raise OSError("the file ends early")
        self._left -= len(data)
        return data


def run_of(paths: Sequence[Path]) -> Run:
    """These files as they are now. Raises OSError if one is missing."""
    return Run(tuple((path, path.stat().st_size) for path in paths))
