"""Who may connect, when the port is open, and how it follows: decisions, "Access"."""

from __future__ import annotations

import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from hmp_twisted.errors import StoreError
from hmp_twisted.wire.access import DRAIN_S

from .serving import Served, access, connect, exchange, in_thread, read_all, serve, turns, until

NOT_AUTHORIZED = b"ERROR|020000|Not Authorized\n"
LOCAL = "127.0.0.0/8"


@pytest_twisted.async_yield_fixture
async def served() -> AsyncIterator[Served]:
    """A service that admits all of 127.0.0.0/8."""
    running = serve(access(LOCAL))
    running.api.startService()
    await until(lambda: running.api.address, "the port is open")
    yield running
    await running.stop()


@pytest.fixture
def logged() -> Any:
    """The events logged at warn or above."""
    events: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.warn:
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def _text(event: LogEvent) -> str:
    return str(event["log_format"]).format(**event)


@pytest_twisted.ensureDeferred
async def test_an_admitted_device_is_served(served: Served) -> None:
    """Its commands are executed as the actor that the list names."""
    assert await in_thread(exchange, served.port, b"one\ntwo 2\n") == b"OK|one\nOK|2\n"
    actor, words, peer = served.dispatcher.seen[0]
    assert (actor.user_id, actor.name, words) == (None, f"device {LOCAL}", ["one"])
    assert peer.startswith("127.0.0.1:")


@pytest_twisted.ensureDeferred
async def test_disabled_nothing_listens() -> None:
    """Connections are refused by the operating system until it is enabled, and again after."""
    served = serve(access(LOCAL, enabled=False))
    served.api.startService()
    await served.poll()
    assert served.api.address is None
    served.store.answer = access(LOCAL)
    await served.poll()
    await until(lambda: served.api.address, "the port is open")
    port = served.port
    served.store.answer = access(LOCAL, enabled=False)
    await served.poll()
    await until(lambda: served.api.address is None, "the port is closed")
    await turns()
    with pytest.raises(ConnectionRefusedError):
        await in_thread(connect, port)
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_a_device_not_on_the_list_reads_the_line_though_it_has_sent_much() -> None:
    """The line must not be destroyed by a reset: 100 times, with 10 KB sent first."""
    served = serve(access("10.0.0.0/8"))
    served.api.startService()
    await until(lambda: served.api.address, "the port is open")

    def refused() -> bytes:
        with connect(served.port) as client:
            client.sendall(b"deleteSession 1\n" * 640)
            return read_all(client)

    for _ in range(100):
        assert await in_thread(refused) == NOT_AUTHORIZED
    assert served.dispatcher.seen == []
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_who_is_refused_and_does_not_go_is_cut_off() -> None:
    """A peer that keeps its connection open, or keeps sending, does not keep ours."""
    served = serve(access())
    served.api.startService()
    await until(lambda: served.api.address, "the port is open")
    with await in_thread(connect, served.port) as client:
        assert await in_thread(client.recv, 100) == NOT_AUTHORIZED

        def send_on() -> None:
            while True:
                client.sendall(b"x" * 65536)

        with pytest.raises(ConnectionError):
            await in_thread(send_on)
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_a_standing_connection_is_closed_when_its_device_is_taken_off(
    served: Served,
) -> None:
    """After the answer of the command that runs; nothing after it is executed."""
    client = await in_thread(connect, served.port)
    client.sendall(b"wait\nnever\n")
    await until(lambda: served.dispatcher.waiting, "the command runs")
    served.store.answer = access("10.0.0.0/8")
    await served.poll()
    served.dispatcher.waiting.pop().callback("OK|done")
    assert await in_thread(read_all, client) == b"OK|done\n"
    client.close()
    assert [words for _, words, _ in served.dispatcher.seen] == [["wait"]]


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (access(LOCAL, "10.0.0.0/8"), True),
        (access(LOCAL, user_id="u2"), False),
        (access(LOCAL, enabled=False), False),
        (access("127.0.0.1/32", user_id="u2"), False),
        (StoreError("no"), True),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_change_closes_whom_it_concerns_only(
    served: Served, change: Any, stays: bool
) -> None:
    """Another user, or none, ends a connection; other changes and a failing poll do not."""
    client = await in_thread(connect, served.port)
    await until(lambda: served.api.connections == 1, "the connection is made")
    served.store.answer = change
    await served.poll()
    if stays:
        client.sendall(b"still\n")
        assert await in_thread(client.recv, 100) == b"OK|still\n"
    else:
        assert await in_thread(client.recv, 100) == b""
    client.close()
    await until(lambda: served.api.connections == 0, "the connection is gone")


@pytest_twisted.ensureDeferred
async def test_a_failing_poll_is_told_once_a_spell(served: Served, logged: list[LogEvent]) -> None:
    """And what was known holds."""
    for _ in range(2):
        served.store.answer = StoreError("database is away")
        await served.poll()
        await served.poll()
        assert await in_thread(exchange, served.port, b"one\n") == b"OK|one\n"
        served.store.answer = access(LOCAL)
        await served.poll()
    assert len(logged) == 2
    assert "database is away" in _text(logged[0])


@pytest_twisted.ensureDeferred
async def test_a_port_in_use_is_told_once_and_tried_again(logged: list[LogEvent]) -> None:
    """One clear line names the endpoint, the reason and what would do."""
    with socket.socket(socket.AF_INET6) as other:
        other.bind(("::", 0))
        other.listen()
        port = other.getsockname()[1]
        served = serve(access(LOCAL), f"tcp:{port}")
        served.api.startService()
        for _ in range(3):
            await served.poll()
        assert served.api.address is None
        assert len(logged) == 1
        assert f"'tcp:{port}': Address already in use. Free it" in _text(logged[0])
    await served.poll()
    await until(lambda: served.api.address, "the port is open")
    await served.stop()


@pytest.mark.parametrize(
    "where",
    [
        "tcp:0:interface=192.0.2.1",
        "unix:/no/such/folder/socket",
        "tls:0:privateKey=/no/such/key.pem",
        "systemd:domain=INET:index=0",
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_listened_at_is_told(where: str, logged: list[LogEvent]) -> None:
    """An address that is not local, a folder that is not there."""
    served = serve(access(LOCAL), where)
    served.api.startService()
    await served.poll()
    assert len(logged) == 1
    assert where in _text(logged[0])
    await served.stop()


@pytest.mark.parametrize(
    ("host", "network", "peer"),
    [("127.0.0.1", "127.0.0.1/32", "127.0.0.1:"), ("::1", "::1/128", "[::1]:")],
)
@pytest_twisted.ensureDeferred
async def test_a_plain_tcp_endpoint_serves_ipv4_and_ipv6(
    host: str, network: str, peer: str
) -> None:
    """An IPv4 client counts as IPv4 although it comes through the IPv6 socket."""
    served = serve(access(network))
    served.api.startService()
    await until(lambda: served.api.address, "the port is open")
    assert await in_thread(exchange, served.port, b"one\n", host) == b"OK|one\n"
    assert served.dispatcher.seen[0][2].startswith(peer)
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_without_ipv6_a_plain_tcp_endpoint_serves_ipv4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine whose kernel has no IPv6 is no error."""
    real = socket.socket

    def no_ipv6(family: int = socket.AF_INET, *args: Any, **kwargs: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, *args, **kwargs)

    served = serve(access(LOCAL))
    with monkeypatch.context() as patch:
        patch.setattr("hmp_twisted.endpoints.socket.socket", no_ipv6)
        served.api.startService()
        await until(lambda: served.api.address, "the port is open")
    assert await in_thread(exchange, served.port, b"one\n") == b"OK|one\n"
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_over_a_unix_socket_the_files_permissions_decide(tmp_path: Path) -> None:
    """It is made 0660, and who can open it acts with all rights, whatever the list says."""
    path = tmp_path / "api.sock"
    served = serve(access(), f"unix:{path}")
    served.api.startService()
    await until(lambda: served.api.address, "the socket is there")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660

    def ask() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            client.sendall(b"one\n")
            return client.recv(100)

    assert await in_thread(ask) == b"OK|one\n"
    assert served.dispatcher.seen[0][0].user_id is None
    await served.stop()
    assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({"max_connections_per_device": 2}, ["127.0.0.1"] * 3),
        ({"max_connections": 2}, ["127.0.0.1", "::1", "127.0.0.1"]),
    ],
)
@pytest_twisted.ensureDeferred
async def test_past_a_limit_of_connections_the_answer_is_not_authorized(
    settings: dict[str, int], hosts: list[str]
) -> None:
    """Per client address, and in all; a place that is left is free again."""
    served = serve(access(LOCAL, "::1/128"), **settings)
    served.api.startService()
    await until(lambda: served.api.address, "the port is open")
    first, second, third = [await in_thread(connect, served.port, host) for host in hosts]
    assert await in_thread(read_all, third) == NOT_AUTHORIZED
    for client in (first, second):
        client.sendall(b"one\n")
        assert await in_thread(client.recv, 100) == b"OK|one\n"
    first.close()
    await until(lambda: served.api.connections == 1, "a place is free")
    assert await in_thread(exchange, served.port, b"two\n", hosts[0]) == b"OK|two\n"
    for client in (second, third):
        client.close()
    await served.stop()


@pytest_twisted.ensureDeferred
async def test_the_end_lets_running_commands_finish_and_refuses_others(served: Served) -> None:
    """The port closes at once; what runs is answered, what was sent after it is refused."""
    client = await in_thread(connect, served.port)
    client.sendall(b"wait\nlate\n")
    await until(lambda: served.dispatcher.waiting, "the command runs")
    port = served.port
    stopped = served.api.stopService()
    await until(lambda: served.api.address is None, "the port is closed")
    await turns()
    with pytest.raises(ConnectionRefusedError):
        await in_thread(connect, port)
    assert not stopped.called
    served.dispatcher.waiting.pop().callback("OK|done")
    answers = await in_thread(read_all, client)
    assert answers == b"OK|done\nERROR|070000|Internal Server Error\n"
    client.close()
    await stopped


@pytest_twisted.ensureDeferred
async def test_the_end_may_be_asked_for_twice(served: Served) -> None:
    """Both are told when all is over."""
    client = await in_thread(connect, served.port)
    client.sendall(b"wait\n")
    await until(lambda: served.dispatcher.waiting, "the command runs")
    both = [served.api.stopService(), served.api.stopService()]
    await until(lambda: served.api.address is None, "the port is closed")
    await turns()
    served.dispatcher.waiting.pop().callback("OK|done")
    assert await in_thread(read_all, client) == b"OK|done\n"
    client.close()
    await both[0]
    await both[1]
    assert served.api.connections == 0


@pytest_twisted.ensureDeferred
async def test_the_end_does_not_wait_for_ever(served: Served, logged: list[LogEvent]) -> None:
    """A command that is never answered is given up, and said to be."""
    client = await in_thread(connect, served.port)
    client.sendall(b"wait\n")
    await until(lambda: served.dispatcher.waiting, "the command runs")
    stopped = served.api.stopService()
    await turns()
    served.clock.advance(DRAIN_S)
    await stopped
    assert "Closing 1 connections" in _text(logged[-1])
    client.close()
    await turns()
    served.dispatcher.waiting.pop().callback("OK")
