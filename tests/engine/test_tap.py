"""A tap sends what arrives, keeps a bound, and never holds the writer up."""

from __future__ import annotations

import socket

from hmp_twisted.engine.tap import Tap


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a stream."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def read_all(sock: socket.socket) -> bytes:
    """What waits in the socket."""
    found = b""
    try:
        while data := sock.recv(1 << 20, socket.MSG_DONTWAIT):
            found += data
    except BlockingIOError:
        pass
    return found


def test_what_is_written_comes_out_in_order() -> None:
    """Whatever the pieces are that it is given in."""
    ours, theirs = pair()
    lost: list[str] = []
    tap = Tap(ours, lost.append)
    for number in range(100):
        tap.segment_at(0.0).write(memoryview(bytes([number]) * 1316))
    assert read_all(theirs) == b"".join(bytes([n]) * 1316 for n in range(100))
    assert lost == []
    tap.close()
    assert theirs.recv(1) == b""
    theirs.close()


def test_what_is_not_taken_waits_and_follows() -> None:
    """A reader that stalls for a while misses nothing within the bound."""
    ours, theirs = pair()
    tap = Tap(ours, lambda why: None, bound=8 << 20)
    sent = b""
    for number in range(60):
        piece = bytes([number]) * (100 * 1316)
        sent += piece
        tap.write(piece)
    found = b""
    while len(found) < len(sent):
        found += read_all(theirs)
        tap.write(b"")
    assert found == sent
    tap.close()
    theirs.close()


def test_a_reader_that_never_reads_is_dropped_once() -> None:
    """The bound is all the memory that it costs."""
    ours, theirs = pair()
    lost: list[str] = []
    tap = Tap(ours, lost.append, bound=1 << 20)
    for _ in range(100):
        tap.write(bytes(100 * 1316))
    assert len(lost) == 1
    assert "wait to be taken" in lost[0]
    tap.close()
    theirs.close()


def test_a_reader_that_is_gone_ends_the_tap() -> None:
    """Writing to it is no error: recordings share the writer."""
    ours, theirs = pair()
    lost: list[str] = []
    tap = Tap(ours, lost.append)
    theirs.close()
    tap.write(bytes(1316))
    tap.write(bytes(1316))
    assert len(lost) == 1
    tap.close()
