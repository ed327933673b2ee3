"""The bus between server and engine, both ends real, over a real Unix socket."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import UNIXClientEndpoint, UNIXServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.logger import LogEvent, globalLogPublisher

from hmp_twisted import errors
from hmp_twisted.bus import messages
from hmp_twisted.bus.client import EngineClient, Events
from hmp_twisted.bus.responder import EngineBus
from hmp_twisted.engine import manifest
from hmp_twisted.engine.recorder import Recorder
from hmp_twisted.engine.restreamer import Restreamer
from hmp_twisted.engine_tap import MediaEngine

ID = "f678f415-0665-48cd-b141-1e95283469f1"


@attrs.frozen
class Report:
    """As the restreamer tells of a stream."""

    stream_id: str
    recording_id: str
    position_s: float
    state: str = "PLAYING"


class RecordedCalls:
    """Stands for recorder and restreamer: keeps what was asked, answers what the test set."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        self.held: list[manifest.Recording] = []
        self.playing: list[Report] = []
        self.sources: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, *args, *kwargs.values()))
            return self.answers.get(name, lambda: succeed(None))()

        return call

    def active(self) -> list[manifest.Recording]:
        return self.held

    def streams(self) -> list[Report]:
        return self.playing

    def status(self) -> dict[str, Any]:
        return {"sources": self.sources}


@attrs.define
class Told:
    """What the server was told by the engine."""

    attached: int = 0
    recordings: list[tuple[Any, ...]] = attrs.field(factory=list)
    streams: list[tuple[str, str]] = attrs.field(factory=list)

    def events(self) -> Events:
        async def attached() -> None:
            self.attached += 1

        async def recording_ended(*args: Any) -> None:
            self.recordings.append(args)

        async def stream_ended(*args: Any) -> None:
            self.streams.append(args)

        return Events(attached, recording_ended, stream_ended)


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as ``condition`` holds; fail after ten seconds."""
    for _ in range(1000):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("waited ten seconds in vain")


@asynccontextmanager
async def bus(tmp_path: Path, factory: Factory, told: Told) -> AsyncIterator[EngineClient]:
    """A client of what ``factory`` makes, listening at a Unix socket."""
    path = str(tmp_path / "bus.sock")
    port = await UNIXServerEndpoint(reactor, path, wantPID=False).listen(factory)
    client = EngineClient(reactor, UNIXClientEndpoint(reactor, path))
    client.listen(told.events())
    client.service.startService()
    try:
        yield client
    finally:
        await client.service.stopService()
        await port.stopListening()


@asynccontextmanager
async def attached(tmp_path: Path) -> AsyncIterator[tuple[EngineClient, EngineBus, Told]]:
    """A client attached to a real responder before recorded halves."""
    factory, told = EngineBus(), Told()
    factory.recorder = factory.restreamer = RecordedCalls()
    async with bus(tmp_path, factory, told) as client:
        await until(lambda: client.is_attached)
        yield client, factory, told


@pytest_twisted.ensureDeferred
async def test_every_order_reaches_the_engine_with_its_arguments(tmp_path: Path) -> None:
    """Each method of the client calls its half of the engine, with what it was given."""
    track = manifest.Track(1, ID, "Camera", "udp://@:5000", "127.0.0.1")
    async with attached(tmp_path) as (client, factory, _):
        await client.start_recording(ID, [track])
        await client.pause_recording(ID)
        await client.resume_recording(ID)
        await client.stop_stream(ID)
        options = {"ttl": 8, "interface": "", "loop": True, "start_s": 1.5}
        await client.start_stream(ID, ID, "239.1.2.3", 5000, **options)
        assert factory.recorder.calls == [
            ("start", ID, [track]),
            ("pause", ID),
            ("resume", ID),
            ("stop", ID),
            ("start", ID, ID, "239.1.2.3", 5000, 8, "", True, 1.5),
        ]


@pytest_twisted.ensureDeferred
async def test_answers_come_back(tmp_path: Path) -> None:
    """A stop's state and duration, a clock, a status."""
    ended = manifest.Recording(ID, "FINISHED", 0.0, duration_s=12.25)
    async with attached(tmp_path) as (client, factory, _):
        factory.recorder.answers = {"stop": lambda: succeed(ended), "clock": lambda: 7.5}
        assert await client.stop_recording(ID) == ("FINISHED", 12.25)
        assert await client.read_clock(ID) == 7.5
        assert (await client.read_status())["recorder"] == {"sources": []}


@pytest_twisted.ensureDeferred
async def test_a_status_of_a_thousand_sources_comes_whole(tmp_path: Path) -> None:
    """One value on the bus would not hold it, and what is too long ends the connection."""
    sources = [
        {"address": f"udp://@239.0.0.1:{port}", "why": 900 * "."} for port in range(5000, 6000)
    ]
    async with attached(tmp_path) as (client, factory, _):
        factory.recorder = RecordedCalls()  # not the restreamer's
        factory.recorder.sources = sources[::-1]
        assert (await client.read_status())["recorder"]["sources"] == sources
        assert client.is_attached


@pytest_twisted.ensureDeferred
async def test_a_connection_comes_and_goes_without_a_word_of_twisteds(tmp_path: Path) -> None:
    """Each ``hmpctl status`` is one: the log of an engine is not to be full of them."""
    told: list[LogEvent] = []
    globalLogPublisher.addObserver(told.append)
    try:
        async with attached(tmp_path) as (client, _, _):
            await client.read_status()
    finally:
        globalLogPublisher.removeObserver(told.append)
    namespaces = {event.get("log_namespace") for event in told}
    assert "hmp_twisted.bus.client" in namespaces
    assert "twisted.protocols.amp" not in namespaces


@pytest_twisted.ensureDeferred
async def test_long_lists_come_in_pages(tmp_path: Path) -> None:
    """More recordings and streams than fit one AMP value all arrive."""
    ids = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(messages.PAGE * 2 + 7)]
    async with attached(tmp_path) as (client, factory, _):
        factory.recorder.held = [manifest.Recording(i, "PAUSED", 0.0, 1.5) for i in ids]
        factory.recorder.playing = [Report(i, ID, 2.5) for i in ids]
        assert await client.list_recordings() == dict.fromkeys(ids, ("PAUSED", 1.5))
        assert await client.list_streams() == dict.fromkeys(ids, 2.5)


@pytest.mark.parametrize("error", messages.DECLARED)
@pytest_twisted.ensureDeferred
async def test_declared_errors_arrive_as_they_are(tmp_path: Path, error: type[Exception]) -> None:
    """An engine's refusal has the same type and text at the server."""
    async with attached(tmp_path) as (client, factory, _):
        factory.recorder.answers = {"pause": lambda: fail(error("the disk is on fire"))}
        with pytest.raises(error, match="the disk is on fire"):
            await client.pause_recording(ID)


@pytest_twisted.ensureDeferred
async def test_any_other_failure_is_an_engine_fault(tmp_path: Path) -> None:
    """What the bus does not declare is logged by the engine; the connection lives on."""
    async with attached(tmp_path) as (client, factory, told):
        factory.recorder.answers = {"stop": lambda: 1 // 0}
        with pytest.raises(errors.EngineFaultError):
            await client.stop_recording(ID)
        await client.pause_recording(ID)
        assert told.attached == 1


@pytest_twisted.ensureDeferred
async def test_no_engine_is_told_at_once(tmp_path: Path) -> None:
    """Without a connection an order fails immediately, and the client goes on trying."""
    client = EngineClient(reactor, UNIXClientEndpoint(reactor, str(tmp_path / "none.sock")))
    client.service.startService()
    with pytest.raises(errors.EngineUnavailableError):
        await client.pause_recording(ID)
    await client.service.stopService()


@pytest_twisted.ensureDeferred
async def test_an_engine_lost_in_the_middle_is_unavailable_and_found_again(tmp_path: Path) -> None:
    """A connection that breaks during an order fails that order; the next one works."""
    async with attached(tmp_path) as (client, factory, told):
        hanging: Deferred[None] = Deferred()
        factory.recorder.answers = {"pause": lambda: hanging}
        order = Deferred.fromCoroutine(client.pause_recording(ID))
        await until(lambda: bool(factory.recorder.calls))
        for protocol in set(factory.attached):
            protocol.transport.abortConnection()
        with pytest.raises(errors.EngineUnavailableError):
            await order
        await until(lambda: told.attached == 2)
        hanging.callback(None)
        await client.resume_recording(ID)


@pytest_twisted.ensureDeferred
async def test_an_engine_that_ends_does_not_tell_what_it_holds_no_more(tmp_path: Path) -> None:
    """It lays one recording after the other down for its next life: none of them is lost."""
    factory, path = EngineBus(), str(tmp_path / "engine.sock")
    factory.recorder = factory.restreamer = halves = RecordedCalls()
    halves.held = [manifest.Recording(id=ID, state="RECORDING", created=0.0)]
    engine = MediaEngine(reactor, factory, path)
    engine.startService()
    client = EngineClient(reactor, UNIXClientEndpoint(reactor, path))
    client.service.startService()
    await until(lambda: client.is_attached)
    assert ID in await client.list_recordings()

    closing: Deferred[None] = Deferred()

    def close() -> Deferred[None]:
        halves.held = []
        return closing

    halves.answers = {"close": close}
    ended = engine.stopService()
    asked = Deferred.fromCoroutine(client.list_recordings())
    await until(lambda: not halves.held)
    with pytest.raises(errors.EngineUnavailableError):
        await asked
    closing.callback(None)
    await ended
    await client.service.stopService()


class Babbler(Protocol):
    """Answers an order with bytes that are no AMP at all."""

    def dataReceived(self, data: bytes) -> None:
        if b"Attach" in data:
            box = {
                b"_answer": b"1",
                b"protocol": b"%d" % messages.PROTOCOL,
                b"version": b"x",
                b"pid": b"1",
            }
            for key, value in box.items():
                self.transport.write(bytes([0, len(key)]) + key + bytes([0, len(value)]) + value)
            self.transport.write(b"\0\0")
        else:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_nonsense_cannot_be_read(tmp_path: Path) -> None:
    """Bytes that are no AMP are told from a lost connection."""
    async with bus(tmp_path, Factory.forProtocol(Babbler), Told()) as client:
        await until(lambda: client.is_attached)
        with pytest.raises(errors.EngineAnswerError):
            await client.pause_recording(ID)


@pytest_twisted.ensureDeferred
async def test_what_ends_by_itself_is_told_to_attached_servers(tmp_path: Path) -> None:
    """A recording that ran out of disk and a stream at its end reach the server."""
    async with attached(tmp_path) as (_, factory, told):
        factory.recording_ended(manifest.Recording(ID, "ERROR", 0.0, 3.5, "disk full"))
        factory.stream_ended(ID, "no route to host")
        await until(lambda: bool(told.recordings and told.streams))
        assert told.recordings == [(ID, "ERROR", 3.5, "disk full")]
        assert told.streams == [(ID, "no route to host")]


@pytest_twisted.ensureDeferred
async def test_streams_end_with_the_last_server(tmp_path: Path) -> None:
    """When the server is gone its streams are stopped; recordings are left alone."""
    async with attached(tmp_path) as (_, factory, _told):
        halves = factory.recorder
        halves.playing = [Report(ID, ID, 0.0)]
    await until(lambda: ("stop", ID) in halves.calls)
    assert [call for call in halves.calls if call[0] != "stop"] == []


@pytest.mark.parametrize(
    ("half", "methods"),
    [
        (Recorder, ("start", "pause", "resume", "stop", "clock", "refresh", "active", "status")),
        (Restreamer, ("start", "stop", "streams", "status")),
    ],
)
def test_the_engine_has_what_the_responder_calls(half: type, methods: tuple[str, ...]) -> None:
    """The recorded halves above stand for methods that the real ones have."""
    for method in methods:
        assert inspect.isfunction(getattr(half, method)), method
