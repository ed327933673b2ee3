"""Live streams over HTTP: viewers that are slow or lose the right to them, a server that dies."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import attrs
import pytest

from tests.harness import Sender, Server, free_tcp_port, free_udp_port, wait_for
from tests.harness.encoder import encoder
from tests.harness.web import Streaming, WebClient, add_user

PASSWORD = "correct horse battery"
MOST_BYTES = 40 << 20
"""More than may wait anywhere for one viewer: in the server, and in both sockets."""
PATIENCE_S = 60.0
_ESTABLISHED = 1


@attrs.frozen
class House:
    """A server with a source, and somebody who owns all."""

    server: Server
    port: int
    udp: int
    source: str
    owner: WebClient


@attrs.frozen
class Show:
    """A session with the source, and a guest with whom it is shared."""

    house: House
    session: str
    guest: WebClient

    @property
    def path(self) -> str:
        """Of the source."""
        return f"/media/session/{self.session}/source/{self.house.source}"


@contextmanager
def _house(folder: Path) -> Iterator[House]:
    port, udp = free_tcp_port(), free_udp_port()
    with Server(folder, {"web": {"endpoint": f"tcp:{port}:interface=127.0.0.1"}}) as server:
        server.admit()
        add_user(server, "ada", "Administrator", PASSWORD)
        source = server.hmpctl("source", "add", "Camera", f"udp://@127.0.0.1:{udp}")
        server.start()
        yield House(server, port, udp, source, WebClient(port, "ada", PASSWORD).sign_in())


def _show(house: House) -> Show:
    name = f"guest-{uuid4().hex[:6]}"
    add_user(house.server, name, "Viewer", PASSWORD)
    with house.server.client() as client:
        session = client.result("createSession", "Show")
        client.result("addSourceToSession", session, house.source)
        client.result("shareSessionWithUser", name, "WATCH", session)
    return Show(house, session, WebClient(house.port, name, PASSWORD).sign_in())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for the tests that leave it standing."""
    with _house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def show(house: House) -> Show:
    """Each test ends its own."""
    return _show(house)


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def _is_open(stream: Streaming) -> bool:
    """Whether its connection is established, as this side knows."""
    info = stream.connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] == _ESTABLISHED


@contextmanager
def _read_on(stream: Streaming) -> Iterator[None]:
    """Read all that comes, on a thread, meanwhile."""
    enough = threading.Event()

    def read() -> None:
        while not enough.is_set() and stream.take():
            pass

    thread = threading.Thread(target=read, daemon=True, name="viewer")
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(PATIENCE_S)


def test_a_viewer_that_does_not_read_is_dropped_not_buffered(show: Show) -> None:
    """It is told of once, its connection is cut, memory stays; who reads misses nothing of it."""
    daemon, owner = show.house.server.daemon, show.house.owner
    said, before = "Camera: a viewer that reads too slowly is dropped", len(daemon.log)
    with (
        Sender([("127.0.0.1", show.house.udp)], bitrate=40_000_000),
        owner.stream(f"{show.path}/live") as healthy,
        show.guest.stream(f"{show.path}/live", buffer_bytes=1 << 16) as slow,
        _read_on(healthy),
    ):
        wait_for(lambda: healthy.taken, PATIENCE_S, "first bytes")
        memory = _resident_bytes(daemon.pid)
        daemon.await_log(said, PATIENCE_S, after=before)
        grown = _resident_bytes(daemon.pid) - memory
        wait_for(lambda: not _is_open(slow), PATIENCE_S, "a connection that is cut")
        taken = healthy.taken
        wait_for(lambda: healthy.taken > taken + MOST_BYTES // 4, PATIENCE_S, "more for who reads")
    assert grown < MOST_BYTES
    assert daemon.log.count(said, before) == 1


def _unshare(show: Show) -> None:
    at = f"/sessions/{show.session}"
    fields = {"subject": "user", "name": show.guest.name}
    status, _ = show.house.owner.post(f"{at}/shares/remove", at, fields)
    assert status == 303


def _remove_user(show: Show) -> None:
    show.house.server.hmpctl("user", "remove", show.guest.name)


def _change_password(show: Show) -> None:
    change = ("user", "passwd", show.guest.name, "--password-stdin")
    done = show.house.server.try_hmpctl(*change, stdin="another horse, another battery")
    assert done.returncode == 0, done.stderr


def _remove_source(show: Show) -> None:
    with show.house.server.client() as client:
        client.result("removeSourceFromSession", show.session, show.house.source)


def _delete_session(show: Show) -> None:
    with show.house.server.client() as client:
        client.result("deleteSession", show.session)


@pytest.mark.parametrize(
    "lose", [_unshare, _remove_user, _change_password, _remove_source, _delete_session]
)
def test_a_stream_ends_with_the_right_to_it(show: Show, lose: Callable[[Show], None]) -> None:
    """Who loses it gets no more within a second or two, and is told of once."""
    daemon = show.house.server.daemon
    said, before = "Camera: a viewer who may not see it any more is dropped", len(daemon.log)
    with (
        Sender([("127.0.0.1", show.house.udp)]),
        show.guest.stream(f"{show.path}/live") as stream,
    ):
        assert stream.take()
        lose(show)
        wait_for(lambda: not stream.take(), PATIENCE_S, "the stream's end")
    status, _ = show.guest.get(f"{show.path}/live")
    assert status in (303, 403, 404)
    assert daemon.log.count(said, before) == 1


def test_a_preview_dies_with_its_server(tmp_path: Path) -> None:
    """Killed outright the server leaves no ffmpeg behind."""
    with _house(tmp_path) as house, encoder(house.udp):
        server, path = house.server, _show(house).path
        with house.owner.stream(f"{path}/preview") as stream:
            assert stream.take(188).startswith(b"\x47")
            server.daemon.child("ffmpeg", "pipe:0")
            server.kill()
            server.daemon.await_nothing_left(PATIENCE_S)
            wait_for(lambda: not stream.take(), PATIENCE_S, "the stream's end")
