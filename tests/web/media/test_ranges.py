"""Ranges over several files: what RFC 9110 promises, and never a byte of another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmp_twisted.web.media.ranges import Run, run_of, wanted
from hmp_twisted.web.pages.media import file_name


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=100-", None),
        ("bytes=20-10", None),
        ("bytes=-", (0, 100)),
        ("bytes=1-2,5-6", (0, 100)),
        ("chapters=1-2", (0, 100)),
        ("bytes=x-y", (0, 100)),
    ],
)
def test_what_a_header_asks_for(header: str | None, span: tuple[int, int] | None) -> None:
    """A range, its rest, its end; what cannot be understood is the whole."""
    assert wanted(header, 100) == span


def test_a_run_is_its_files_one_after_the_other(tmp_path: Path) -> None:
    """Any range of it is what the files would hold if they were one."""
    whole = bytes(range(250))
    paths = []
    for number, (first, last) in enumerate([(0, 100), (100, 100), (100, 170), (170, 250)]):
        path = tmp_path / str(number)
        path.write_bytes(whole[first:last])
        paths.append(path)
    run = run_of(paths)
    assert run.size == len(whole)
    for start, end in ((0, 250), (0, 1), (99, 101), (100, 170), (169, 250), (249, 250)):
        assert _read(run, start, end) == whole[start:end]


def _read(run: Run, start: int, end: int) -> bytes:
    pieces = run.pieces(start, end)
    return b"".join(path.read_bytes()[at : at + length] for path, at, length in pieces)


def test_a_title_makes_no_path_and_no_header() -> None:
    """Whatever it holds, what is saved is a plain name."""
    assert file_name('../../a "b"\r\nX: y\u2028ü', 2, "ts") == "_.._a _b___X_ y__-2.ts"
    assert file_name("...", 1, "mp4") == "recording-1.mp4"
