"""One stream's pipe, with a real pipe and a clock by hand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hmp_twisted.engine.pacer.control import Order, add_message, order_of, receive, send
from hmp_twisted.engine.pacer.feed import Feed, State
from hmp_twisted.engine.pacer.loop import Loop
from hmp_twisted.engine.pacer.packets import DATAGRAM
from hmp_twisted.engine.pacer.playlist import Playlist
from hmp_twisted.engine.pacer.segment import Segment

from .packet_maker import packet

DATA = b"".join(packet(0x300, k, bytes([k % 251]) * 184) for k in range(7 * 100))
"""A hundred datagrams, 10 ms apart: a second without PCRs."""


class Pipe:
    """Feeds a feed's pipe and reads it as ffmpeg would."""

    def __init__(self, folder: Path) -> None:
        """A feed of :data:`DATA` and its pipe."""
        path = folder / "00001.ts"
        path.write_bytes(DATA)
        self.reading, writing = os.pipe()
        self.feed = Feed(
            "s", Playlist((Segment(path, 0.0, 1.0),), loop=False, start_s=0.0), writing
        )
        self.taken = b""

    def take(self) -> int:
        """Read all that is in the pipe; how many datagrams that was."""
        os.set_blocking(self.reading, False)
        try:
            data = os.read(self.reading, 1 << 20)
        except BlockingIOError:
            return 0
        self.taken += data
        return len(data) // DATAGRAM

    def open(self, at: float) -> None:
        """Take the two datagrams that ffmpeg needs to open its output."""
        for _ in range(2):
            self.feed.advance(at)
            assert self.take() == 1
        self.feed.advance(at)
        assert self.feed.state is State.RUNNING

    def renew(self) -> None:
        """The reader dies, another one comes with a new pipe."""
        os.close(self.reading)
        self.feed.advance(100.0)
        assert self.feed.state is State.BROKEN
        self.reading, writing = os.pipe()
        self.feed.resume(writing)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    """A feed whose pipe is empty and whose clock has not begun."""
    made = Pipe(tmp_path)
    yield made
    made.feed.close()
    os.close(made.reading)


def test_the_clock_begins_when_the_second_datagram_is_taken(pipe: Pipe) -> None:
    """Until then nothing more is written, however long it takes."""
    for at in (10.0, 11.0):
        pipe.feed.advance(at)
        pipe.feed.advance(at + 0.5)
        assert (pipe.feed.state, pipe.take()) == (State.OPENING, 1)
    pipe.feed.advance(12.0)
    assert (pipe.feed.state, pipe.take()) == (State.RUNNING, 0)
    assert pipe.feed.wake == pytest.approx(12.01)


def test_what_is_due_is_written(pipe: Pipe) -> None:
    """No more and no less, and at the end the pipe is closed."""
    pipe.open(0.0)
    pipe.feed.advance(0.055)
    assert pipe.take() == 5
    for tick in range(6, 110):
        pipe.feed.advance(tick / 100)
        pipe.take()
    assert pipe.feed.state is State.ENDED
    assert pipe.taken == DATA
    assert os.read(pipe.reading, 1) == b""


def test_a_full_pipe_never_blocks_and_is_made_up_without_a_burst(pipe: Pipe) -> None:
    """A reader that stalls finds whole datagrams; the clock is set back by the stall."""
    pipe.open(0.0)
    for tick in range(100):
        pipe.feed.advance(tick / 100)
    held = pipe.take()
    assert 40 <= held < 97
    assert len(pipe.taken) % DATAGRAM == 0
    pipe.feed.advance(5.0)
    assert pipe.take() <= 3
    pipe.feed.advance(5.1)
    assert 9 <= pipe.take() <= 11


def test_what_a_dead_reader_left_is_sent_again(pipe: Pipe) -> None:
    """The new one begins with the first datagram that nobody took."""
    pipe.open(0.0)
    pipe.feed.advance(0.1)
    before = len(pipe.taken)
    pipe.renew()
    pipe.open(100.0)
    assert pipe.taken[before:] == DATA[before : before + 2 * DATAGRAM]


def test_positions_are_the_recordings(pipe: Pipe) -> None:
    """The clock at what is written next."""
    pipe.open(0.0)
    pipe.feed.advance(0.2)
    assert pipe.feed.position_s == pytest.approx(0.22, abs=0.015)


def test_messages_and_descriptors_arrive_together() -> None:
    """An order comes out as it went in, its pipe with it; the end of the other side is told."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.setblocking(False)
    order = Order("s", tuple(Segment(Path(f"/r/{k}.ts"), k, 1.5) for k in range(500)), True, 2.5)
    reading, writing = os.pipe()
    with ours, theirs:
        with pytest.raises(BlockingIOError):
            receive(theirs)
        send(ours, {"do": "remove", "stream": "t"})
        send(ours, add_message(order), writing)
        os.close(writing)
        assert receive(theirs) == ({"do": "remove", "stream": "t"}, [])
        message, [descriptor] = receive(theirs)
        assert message is not None
        assert order_of(message) == order
        os.write(descriptor, b"through")
        assert os.read(reading, 10) == b"through"
        os.close(descriptor)
        os.close(reading)
        ours.close()
        assert receive(theirs) == (None, [])


def test_an_order_whose_descriptors_were_left_out_fails_alone() -> None:
    """A pacer that may hold no more files says so of that stream, and lives on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = Order("s", (Segment(Path("/r/1.ts"), 0.0, 1.5),), False, 0.0)
    reading, writing = os.pipe()
    with ours, theirs:
        send(ours, add_message(order), writing)  # its page is missing
        os.close(writing)
        ours.shutdown(socket.SHUT_WR)
        Loop(theirs).run()
        message, _ = receive(ours)
    assert message is not None
    assert (message["event"], message["stream"]) == ("failed", "s")
    assert "LimitNOFILE" in message["reason"]
    assert os.read(reading, 1) == b""  # nobody holds the other end any more
    os.close(reading)


def test_a_message_that_is_too_large_is_refused_in_words() -> None:
    """Before anything is sent."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, pytest.raises(OSError, match="too many segments"):
        send(ours, {"do": "x" * 200_000})
