"""``decisions.md``, "Access": a test for each row, with devices on loopback addresses."""

from __future__ import annotations

import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import Client, ClosedError, Server, free_tcp_port, listens, wait_for
from .lines import covers, unknown
from .stage import Stage

REFUSED = b"ERROR|020000|Not Authorized\n"
TAKES_EFFECT_S = 2.0


@pytest.fixture
def server(template: Path) -> Iterator[Stage]:
    """A running server of the test's own."""
    with Stage.on(template) as stage:
        yield stage.start()


def admitted(server: Server, source: str = "") -> bool:
    """Whether a new connection from ``source`` is answered as a device on the list."""
    try:
        with Client(server.port, source=source, timeout=5) as client:
            return client.ask("deleteSession", unknown()).startswith("ERROR|040006|")
    except (ClosedError, OSError):
        return False


def _within(condition: object, what: str, began: float) -> None:
    assert callable(condition)
    wait_for(condition, max(0.2, TAKES_EFFECT_S - (time.monotonic() - began)), what)


def test_disabled_is_the_default_and_nothing_listens(tmp_path: Path, template: Path) -> None:
    """On a new server connections are refused by the operating system, until it is enabled."""
    with Stage.on(template) as stage:
        (stage.data_dir / "hmp.db").unlink()
        stage.start(ready=False).daemon.await_log("hmp is ready", 20)
        stage.hmpctl("device", "add", "local", "127.0.0.1")
        assert not listens(stage.port)
        assert stage.show("api", "status")["enabled"] is False
        stage.hmpctl("api", "enable")
        _within(lambda: admitted(stage), "open port", time.monotonic())


def test_disabling_closes_the_port_and_the_connections(server: Stage) -> None:
    """Nothing listens within two seconds, and standing connections are closed."""
    client = server.client()
    assert client.ask("getRecordingStatus", "x").startswith("ERROR|010001|")
    server.hmpctl("api", "disable")
    began = time.monotonic()
    _within(lambda: not listens(server.port), "closed port", began)
    _within(client.is_closed, "closed connection", began)
    server.hmpctl("api", "enable")
    _within(lambda: admitted(server), "open port again", time.monotonic())


@covers("general", "020000")
def test_not_on_the_list(server: Stage) -> None:
    """The error line, then the end; nothing that the client sent is read."""
    for sent in (b"", b"createSession x\n", b"createSession x\n" * 10000):
        with server.client("127.0.0.77") as client:
            if sent:
                try:
                    client.send(sent)
                except OSError:
                    assert len(sent) > 1000  # the server had closed while we were sending
            assert client.rest() == REFUSED
    assert server.show("session", "list") == []
    with server.client("127.0.0.77") as client:  # what the mark is held to
        client.connection.settimeout(5)
        assert client.command("createSession x") == REFUSED.decode().strip()


def test_changes_take_effect_within_two_seconds(server: Stage) -> None:
    """A device that is added is admitted, one that is removed is not, without a restart."""
    assert not admitted(server, "127.0.0.5")
    server.hmpctl("device", "add", "late", "127.0.0.5")
    _within(lambda: admitted(server, "127.0.0.5"), "admitted device", time.monotonic())
    server.hmpctl("device", "remove", "late")
    _within(lambda: not admitted(server, "127.0.0.5"), "refused device", time.monotonic())


def test_standing_connections_are_closed_when_no_longer_admitted(server: Stage) -> None:
    """The removed device's connection is closed, another's stands."""
    server.hmpctl("device", "add", "late", "127.0.0.5")
    wait_for(lambda: admitted(server, "127.0.0.5"), 3, "admitted device")
    gone, stays = server.client("127.0.0.5"), server.client()
    assert gone.ask("deleteSession", unknown()).startswith("ERROR|040006|")
    server.hmpctl("device", "remove", "late")
    _within(gone.is_closed, "closed connection", time.monotonic())
    assert stays.ask("deleteSession", unknown()).startswith("ERROR|040006|")


def test_a_connection_that_would_be_another_user_is_closed(server: Stage) -> None:
    """What a device may do does not change under a standing connection: it must come again."""
    server.hmpctl("device", "add", "tied", "127.0.0.5", "--user", "Viewer1")
    wait_for(lambda: admitted(server, "127.0.0.5"), 3, "admitted device")
    client = server.client("127.0.0.5")
    assert client.ask("createSession", "x") == "ERROR|020000|Not Authorized"
    server.hmpctl("device", "remove", "tied")
    server.hmpctl("device", "add", "tied", "127.0.0.5")
    _within(client.is_closed, "closed connection", time.monotonic())

    def has_all_rights() -> bool:
        with server.client("127.0.0.5") as again:
            return again.exchange(b"createSession x\n").startswith(b"OK|")

    wait_for(has_all_rights, 2, "device that acts for itself")


def test_networks_and_the_longest_prefix(server: Stage) -> None:
    """A network admits its addresses; of several entries the longest prefix says who acts."""
    server.hmpctl("device", "add", "room", "127.9.0.0/16")
    server.hmpctl("device", "add", "desk", "127.9.8.0/24", "--user", "Viewer1")
    server.hmpctl("device", "add", "seat", "127.9.8.7")
    server.hmpctl("device", "add", "the last one", "127.11.0.1")
    wait_for(lambda: admitted(server, "127.11.0.1"), 3, "admission of the last one")
    assert not admitted(server, "127.10.0.1")
    for source, may in [("127.9.1.1", True), ("127.9.8.6", False), ("127.9.8.7", True)]:
        with server.client(source) as client:
            assert client.ask("createSession", "x").startswith("OK|" if may else "ERROR|020000|")


def test_ipv6_and_mapped_ipv4_devices(template: Path) -> None:
    """IPv6 devices are admitted by their address; an IPv4-mapped peer counts as IPv4."""
    with Stage.on(template) as stage:
        stage.configure(command_api={"endpoint": f"tcp6:{stage.port}:interface=\\:\\:"})
        stage.start()  # the harness comes from 127.0.0.1, mapped
        with Client(stage.port, host="::1") as client:
            assert client.rest() == REFUSED
        stage.hmpctl("device", "add", "six", "::1")

        def six() -> bool:
            with Client(stage.port, host="::1") as client:
                return client.exchange(b"x\n") == b"ERROR|000002|Command not found\n"

        wait_for(six, 3, "admitted IPv6 device")


def test_default_endpoint_takes_ipv4_and_ipv6(template: Path) -> None:
    """``tcp:PORT`` alone is open to devices of both kinds."""
    with Stage.on(template) as stage:
        stage.hmpctl("device", "add", "six", "::1")
        stage.configure(command_api={"endpoint": f"tcp:{stage.port}"})
        stage.start()
        for host in ("127.0.0.1", "::1"):
            with Client(stage.port, host=host) as client:
                assert client.exchange(b"x\n") == b"ERROR|000002|Command not found\n"


def test_unix_endpoint_has_all_rights(template: Path) -> None:
    """Over a Unix socket of mode 0660 the client acts with all rights."""
    with Stage.on(template) as stage:
        path = stage.folder / "api.sock"
        stage.configure(command_api={"endpoint": f"unix:{path}"})
        stage.start(ready=False)
        wait_for(path.exists, 20, "Unix socket")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with Client(str(path)) as client:
            assert client.ask("createSession", "x").startswith("OK|")


def test_a_device_without_a_user_has_all_rights(server: Stage) -> None:
    """ "Authorizations: All", unless the administrator ties it to a user."""
    with server.client() as free, server.client("127.0.0.2") as tied:
        session = server.session(free, 0)
        assert free.ask("deleteSession", session) == "OK"
        assert tied.ask("createSession", "x") == "ERROR|020000|Not Authorized"
        assert tied.ask("deleteSession", unknown()) == "ERROR|040006|Session not found"


def test_port_in_use_is_told_and_tried_again(template: Path) -> None:
    """One clear line names the endpoint; once the port is free the server takes it."""
    with Stage.on(template) as stage, socket.socket() as squatter:
        stage.port = free_tcp_port()
        stage.configure(command_api={"endpoint": f"tcp:{stage.port}:interface=127.0.0.1"})
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", stage.port))
        squatter.listen()
        stage.start(ready=False)
        line = stage.daemon.await_log(rf".*{stage.port}.*(?i:in use).*", 20)
        assert "Traceback" not in stage.daemon.log, line
        squatter.close()
        stage.await_ready()
