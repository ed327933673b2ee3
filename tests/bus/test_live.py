"""Live bytes from an engine to a server: over a real socket, from a real source."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint, UNIXServerEndpoint

from hmp_twisted.bus.live import LiveBytes, watch
from hmp_twisted.bus.responder import EngineBus
from hmp_twisted.config import RecordingsSettings
from hmp_twisted.engine.recorder import Recorder
from hmp_twisted.errors import EngineUnavailableError, SourceUnusableError
from tests.harness import free_udp_port

PACKETS = (b"\x47\x01\x00\x10" + bytes(184)) * 7


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Recorder, UNIXClientEndpoint]]:
    """A media engine that records nothing, and how it is reached."""
    path = str(tmp_path / "e")
    bus = EngineBus()
    (tmp_path / "recordings").mkdir()
    bus.recorder = Recorder(
        reactor, tmp_path / "recordings", RecordingsSettings(min_free_bytes=1), lambda r: None
    )
    pytest_twisted.blockon(bus.recorder.open())
    port = pytest_twisted.blockon(UNIXServerEndpoint(reactor, path).listen(bus))
    yield bus.recorder, UNIXClientEndpoint(reactor, path)
    pytest_twisted.blockon(port.stopListening())
    pytest_twisted.blockon(bus.recorder.close())


@pytest_twisted.ensureDeferred
async def test_a_source_is_received_as_long_as_it_is_watched(
    engine: tuple[Recorder, UNIXClientEndpoint],
) -> None:
    """Its bytes come as they were sent; afterwards its port is free again."""
    recorder, endpoint = engine
    port = free_udp_port()
    enough: Deferred[None] = Deferred()
    ended: Deferred[None] = Deferred()
    got = bytearray()

    def take(data: bytes) -> None:
        got.extend(data)
        if len(got) >= 3 * len(PACKETS) and not enough.called:
            enough.callback(None)

    live = LiveBytes(take, lambda: ended.callback(None))
    await watch(reactor, endpoint, f"udp://@127.0.0.1:{port}", "", live)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send() -> None:
        if not enough.called:
            sender.sendto(PACKETS, ("127.0.0.1", port))
            reactor.callLater(0.02, send)

    send()
    await enough
    assert bytes(got[: 3 * len(PACKETS)]) == 3 * PACKETS
    assert len(recorder.watches) == 1
    live.stop()
    await ended
    await freed(recorder)
    sender.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", port))


async def freed(recorder: Recorder) -> None:
    """Wait until nothing is watched."""
    for _ in range(200):
        if not len(recorder.watches):
            return
        turn: Deferred[None] = Deferred()
        reactor.callLater(0.01, turn.callback, None)
        await turn
    pytest.fail("the source is still held two seconds later")


@pytest_twisted.ensureDeferred
async def test_a_source_that_cannot_be_received_is_refused(
    engine: tuple[Recorder, UNIXClientEndpoint],
) -> None:
    """With the engine's own words."""
    _, endpoint = engine
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"udp://@127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SourceUnusableError, match="is taken"):
            await watch(reactor, endpoint, url, "", LiveBytes(lambda data: None, lambda: None))


@pytest_twisted.ensureDeferred
async def test_without_an_engine_there_is_nothing_to_watch(tmp_path: Path) -> None:
    """And that is told as such."""
    endpoint = UNIXClientEndpoint(reactor, str(tmp_path / "none"))
    with pytest.raises(EngineUnavailableError):
        await watch(
            reactor, endpoint, "udp://@127.0.0.1:9", "", LiveBytes(lambda d: None, lambda: None)
        )
