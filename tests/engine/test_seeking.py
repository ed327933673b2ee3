"""Pausing, and going on elsewhere: for a receiver a seek is a joint like any other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hmp_twisted.engine.pacer.feed import NEVER, Feed, State
from hmp_twisted.engine.pacer.packets import DATAGRAM, PACKET
from hmp_twisted.engine.pacer.playlist import Playlist

from .test_feed import Pipe, pipe
from .test_playlist import assert_seamless, chunks_of, playlist_of

__all__ = ["pipe"]


def sent_with_a_seek(
    playlist: Playlist, chunks: int, datagrams: int, start_s: float
) -> tuple[bytes, list[float]]:
    """Some chunks whole, some datagrams of the next, a seek, and all that comes then."""
    taken = list(chunks_of(playlist, chunks))
    last = playlist.next_chunk()
    assert last is not None
    playlist.next_chunk()  # prepared ahead, and never sent
    filling = playlist.seek(start_s, last, datagrams)
    sent = b"".join(bytes(chunk.data) for chunk in taken)
    sent += bytes(last.data[: datagrams * DATAGRAM])
    due = [when for chunk in taken for when in chunk.due] + last.due[:datagrams]
    rest = [*([] if filling is None else [filling]), *chunks_of(playlist)]
    sent += b"".join(bytes(chunk.data) for chunk in rest)
    return sent, due + [when for chunk in rest for when in chunk.due]


@pytest.mark.parametrize("name", ["cbr", "data", "two"])
@pytest.mark.parametrize("start_s", [0.0, 1.3, 2.2, 3.9])
@pytest.mark.parametrize("datagrams", [1, 130, 203])
def test_a_seek_is_seamless(
    clips: dict[str, bytes], name: str, start_s: float, datagrams: int, tmp_path: Path
) -> None:
    """Forwards, backwards, and wherever the present chunk was cut; to the recording's end."""
    half = len(clips[name]) // 2 // PACKET * PACKET
    parts = (clips[name][:half], clips[name][half:])
    playlist = playlist_of(tmp_path, *parts, duration_s=2.5)
    sent, due = sent_with_a_seek(playlist, 0, datagrams, start_s)
    assert_seamless(sent, due)
    rest_s = 5.0 - start_s
    assert due[-1] - due[datagrams] == pytest.approx(rest_s, abs=0.45)


def test_positions_after_a_seek_are_the_recordings(clips: dict[str, bytes], tmp_path: Path) -> None:
    """As exact as a start position."""
    playlist = playlist_of(tmp_path, clips["cbr"], clips["data"])
    chunk = playlist.next_chunk()
    assert chunk is not None
    filling = playlist.seek(7.0, chunk, 10)
    chunk = filling or playlist.next_chunk()
    assert chunk is not None
    assert chunk.position_s == pytest.approx(7.0, abs=0.05)


def test_a_paused_feed_writes_nothing_and_goes_on_as_if_no_time_had_passed(pipe: Pipe) -> None:
    """Not a datagram is left out, and none comes in a burst."""
    pipe.open(0.0)
    pipe.feed.advance(0.1)
    pipe.take()
    position_s = pipe.feed.position_s
    pipe.feed.pause()
    pipe.feed.advance(30.0)
    assert (pipe.feed.wake, pipe.take(), pipe.feed.position_s) == (NEVER, 0, position_s)
    pipe.feed.go_on(50.0)
    pipe.feed.advance(50.0001)
    assert pipe.take() == 1
    pipe.feed.advance(50.0502)
    assert pipe.take() == 5


def test_a_feed_that_is_moved_while_paused_goes_on_there(pipe: Pipe) -> None:
    """And not before it is resumed."""
    pipe.open(0.0)
    pipe.feed.pause()
    pipe.feed.seek(0.9)
    pipe.feed.advance(1.0)
    assert (pipe.take(), round(pipe.feed.position_s, 1)) == (0, 0.9)
    pipe.feed.go_on(2.0)
    for tick in range(30):
        pipe.feed.advance(2.0 + tick / 100)
        pipe.take()
    assert pipe.feed.state is State.ENDED
    assert len(pipe.taken) == (2 + 10) * DATAGRAM


def test_a_pause_outlasts_a_reader_that_dies(pipe: Pipe) -> None:
    """The new one is given what it needs to open, and nothing more."""
    pipe.open(0.0)
    pipe.feed.pause()
    os.close(pipe.reading)
    pipe.reading, writing = os.pipe()
    pipe.feed.resume(writing)
    for _ in range(3):
        pipe.feed.advance(1.0)
        pipe.take()
    assert isinstance(pipe.feed, Feed)
    assert (pipe.feed.state, pipe.feed.wake) == (State.RUNNING, NEVER)
