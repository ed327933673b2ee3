"""A web browser is told from a control system: decisions, "HTTP"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.wire.http import METHODS, OverlongLine, is_request_line


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_known(method: bytes) -> None:
    """The nine methods, with a CR before the line's end or without."""
    assert is_request_line(method + b" / HTTP/1.1\r")
    assert is_request_line(method + b"  /x?y  HTTP/1.0")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET /",
        b"get / HTTP/1.1",
        b"createSession GET HTTP/1.1",
        b"GET / HTTP/1.1 x",
        b"GETX / HTTP/1.1",
        b"Host: hmp",
    ],
)
def test_other_lines_are_no_requests(line: bytes) -> None:
    """Only a method first and HTTP last make a request line."""
    assert not is_request_line(line)


@given(st.lists(st.integers(1, 40), max_size=6), st.booleans())
def test_a_request_line_over_the_limit_is_known(cuts: list[int], is_request: bool) -> None:
    """However long, and however it comes in pieces; what follows its end is given back."""
    data = b" GET /" + b"a" * 100 + (b" HTTP/1.1" if is_request else b"") + b"\r\nrest"
    line = OverlongLine()
    rest = None
    for cut in [*cuts, len(data)]:
        piece, data = data[:cut], data[cut:]
        if rest is not None:
            rest += piece
        elif piece:
            rest = line.feed(piece)
    assert rest == b"rest"
    assert line.is_request_line is is_request
