"""Order, back-pressure and memory over real sockets."""

from __future__ import annotations

import resource
import socket
from collections.abc import AsyncIterator

import pytest_twisted

from .serving import Served, access, connect, exchange, in_thread, read_all, serve, turns, until

MB = 1 << 20


@pytest_twisted.async_yield_fixture
async def served() -> AsyncIterator[Served]:
    """A service that admits all of 127.0.0.0/8."""
    running = serve(access("127.0.0.0/8"))
    running.api.startService()
    await until(lambda: running.api.address, "the port is open")
    yield running
    await running.stop()


def _answers_of(count: int) -> bytes:
    return b"".join(b"OK|%d\n" % number for number in range(count))


@pytest_twisted.ensureDeferred
async def test_ten_thousand_commands_sent_at_once_are_answered_in_order(served: Served) -> None:
    """The client closes its sending side behind them; none is lost."""
    answers = in_thread(exchange, served.port, b"".join(b"x %d\n" % n for n in range(10_000)))
    while not answers.called:
        await turns(1)
        served.clock.advance(0)
    assert await answers == _answers_of(10_000)


@pytest_twisted.ensureDeferred
async def test_connections_do_not_wait_for_each_other(served: Served) -> None:
    """While one's command runs, another is answered."""
    slow = await in_thread(connect, served.port)
    slow.sendall(b"wait\n")
    await until(lambda: served.dispatcher.waiting, "the command runs")
    assert await in_thread(exchange, served.port, b"quick\n") == b"OK|quick\n"
    served.dispatcher.waiting.pop().callback("OK|slow")
    assert await in_thread(slow.recv, 100) == b"OK|slow\n"
    slow.close()


@pytest_twisted.ensureDeferred
async def test_a_client_that_never_reads_is_paused(served: Served) -> None:
    """It can send only so much; once it reads, every answer is there, in order."""
    word = b"y" * 60_000
    client = await in_thread(connect, served.port)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.settimeout(0.3)

    def send_until_stuck() -> tuple[int, bytes]:
        for number in range(10_000):
            line = b"x%d %s\n" % (number, word)
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[client.send(rest) :]
                except TimeoutError:
                    return number, bytes(rest)
        raise AssertionError("600 MB of commands were taken from a client that reads no answer")

    number, unsent = await in_thread(send_until_stuck)
    executed = len(served.dispatcher.seen)
    # What is not executed yet, and what is not read yet, lies in the kernel's buffers.
    assert executed <= number
    client.settimeout(10)
    expected = (number + 1) * len(b"OK|" + word + b"\n")

    def read_then_finish() -> int:
        received = 0
        client.setblocking(True)
        client.settimeout(10)
        pending = memoryview(unsent)
        while received < expected:
            client.settimeout(0.01 if pending else 10)
            try:
                received += len(client.recv(1 << 20))
            except TimeoutError:
                assert pending
            if pending:
                try:
                    pending = pending[client.send(pending) :]
                except TimeoutError:
                    continue
        return received

    assert await in_thread(read_then_finish) == expected
    assert [words[0] for _, words, _ in served.dispatcher.seen] == [
        f"x{n}" for n in range(number + 1)
    ]
    client.close()


@pytest_twisted.ensureDeferred
async def test_a_line_of_100_mb_takes_no_memory(served: Served) -> None:
    """It is answered once and thrown away as it comes; the connection lives on."""
    client = await in_thread(connect, served.port)
    block = b"x" * MB

    def send_line() -> bytes:
        for _ in range(100):
            client.sendall(block)
        client.sendall(b"\nnext\n")
        client.shutdown(socket.SHUT_WR)
        return read_all(client)

    await in_thread(client.sendall, block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = await in_thread(send_line)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert answers == b"ERROR|000001|Syntax Error\nOK|next\n"
    assert grown_kib < 16 * 1024
    client.close()


@pytest_twisted.ensureDeferred
async def test_the_answers_before_an_http_request_are_not_destroyed(served: Served) -> None:
    """The connection is closed with a body unread, yet without a reset."""

    def browse() -> bytes:
        with connect(served.port) as client:
            client.sendall(b"one\nPOST / HTTP/1.1\r\n\r\n" + b"deleteSession 1\n" * 10_000)
            return read_all(client)

    for _ in range(20):
        assert await in_thread(browse) == b"OK|one\n"
    assert {words[0] for _, words, _ in served.dispatcher.seen} == {"one"}


@pytest_twisted.ensureDeferred
async def test_a_client_that_vanishes_leaves_nothing_behind(served: Served) -> None:
    """Its unfinished line is not executed."""
    client = await in_thread(connect, served.port)
    client.sendall(b"one\nunfinished")
    await until(lambda: served.dispatcher.seen, "the command was executed")
    client.close()
    await until(lambda: served.api.connections == 0, "the connection is gone")
    assert [words for _, words, _ in served.dispatcher.seen] == [["one"]]
