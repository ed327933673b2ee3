"""The tracks of a recording have one clock: they begin, pause and end at the same moment."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from ..harness import free_udp_port, packets
from ..harness.sending import output_socket
from .bench_of_recording import Bench, media, split, track, until

TRACKS = 4
MILLISECOND = 0.001


class Stamped:
    """Sends the same datagrams to several ports, and remembers between when each went to each."""

    def __init__(self, ports: list[int], interval_s: float) -> None:
        self.sent: list[list[tuple[float, float]]] = [[] for _ in ports]
        """By port and datagram: Unix time before and after it was sent."""
        self._ports, self._interval_s = ports, interval_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Send no more."""
        self._end.set()
        self._thread.join(10)

    def _run(self) -> None:
        datagrams = split(packets.datagrams(0, 20_000))
        with output_socket() as out:
            for datagram in datagrams:
                if self._end.wait(self._interval_s):
                    return
                for port, sent in zip(self._ports, self.sent, strict=True):
                    before = time.time()
                    out.sendto(datagram, ("127.0.0.1", port))
                    sent.append((before, time.time()))


def edges(segments: list[bytes]) -> list[int]:
    """The numbers of the first and the last datagram of each segment."""
    found = [packets.assert_unbroken(segment) for segment in segments]
    return [number for pair in found for number in pair]


@pytest_twisted.ensureDeferred
async def test_four_tracks_are_cut_at_the_same_datagram(bench: Bench) -> None:
    """The same stream on four sources: each edge of a pause is at the same datagram in all (one
    that was being sent to the four at that very moment aside), and each segment's times are those
    at which its first and last datagram were sent, to the millisecond, on the same clock."""
    ports = [free_udp_port() for _ in range(TRACKS)]
    recorder = await bench.open()
    stream = Stamped(ports, 0.0005)
    try:
        await until(lambda: len(stream.sent[-1]) > 50, "datagrams sent")
        await recorder.start("one", [track(port, number=n) for n, port in enumerate(ports, 1)])
        for _ in range(3):
            await deferLater(reactor, 0.15)
            await recorder.pause("one")
            await deferLater(reactor, 0.05)
            await recorder.resume("one")
        await deferLater(reactor, 0.15)
        recording = await recorder.stop("one")
    finally:
        stream.finish()
    found = [edges(media(recording, bench.path("one"), n)) for n in range(1, TRACKS + 1)]
    for edge in zip(*found, strict=True):
        assert max(edge) - min(edge) <= 1
    for one, numbers, sent in zip(recording.tracks, found, stream.sent, strict=True):
        times = [(s.started, s.started + s.duration_s) for s in one.segments]
        for moment, number in zip(itertools.chain(*times), numbers, strict=True):
            assert sent[number][0] - MILLISECOND < moment < sent[number][1] + MILLISECOND
    for segments in zip(*(one.segments for one in recording.tracks), strict=True):
        zeros = [segment.started - segment.offset_s for segment in segments]
        assert max(zeros) - min(zeros) < MILLISECOND


@pytest_twisted.ensureDeferred
async def test_a_segments_times_are_those_of_its_datagrams(bench: Bench) -> None:
    """Not of the tick that took them in: the start, and the time between first and last."""
    port = free_udp_port()
    recorder = await bench.open()
    await recorder.start("one", [track(port)])
    await deferLater(reactor, 0.3)  # the tick has become its longest
    wall, sent = time.time(), []
    for datagram in split(packets.datagrams(0, 3)):
        sent.append(time.monotonic())
        bench.send([datagram], port)
        await deferLater(reactor, 0.11)
    recording = await recorder.stop("one")
    (segment,) = recording.tracks[0].segments
    assert segment.started == pytest.approx(wall, abs=2 * MILLISECOND)
    assert segment.duration_s == pytest.approx(sent[-1] - sent[0], abs=2 * MILLISECOND)
    assert segment.offset_s == pytest.approx(0.3, abs=0.1)


@pytest_twisted.ensureDeferred
async def test_the_clock_over_pauses(bench: Bench) -> None:
    """A segment's offset is the recording's clock at its first datagram, pauses left out."""
    port = free_udp_port()
    recorder = await bench.open()
    stream = Stamped([port], 0.001)
    try:
        await until(lambda: stream.sent[0], "datagrams sent")
        await recorder.start("one", [track(port)])
        clocks = [0.0]
        for _ in range(2):
            await deferLater(reactor, 0.2)
            await recorder.pause("one")
            clocks.append(recorder.clock("one"))
            await deferLater(reactor, 0.2)
            await recorder.resume("one")
        recording = await recorder.stop("one")
    finally:
        stream.finish()
    segments = recording.tracks[0].segments
    for segment, clock in zip(segments, clocks, strict=False):
        assert clock <= segment.offset_s < clock + 0.1
    for earlier, later in itertools.pairwise(segments):
        assert later.offset_s >= earlier.offset_s + earlier.duration_s
