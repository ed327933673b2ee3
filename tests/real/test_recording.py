"""Recording real input: byte for byte what arrived, whatever it came as."""

from __future__ import annotations

import time

import pytest

from ..harness import Receiver, Sender, free_udp_port, packets, wait_for
from ..harness.encoder import encoder
from .hall import Hall


def test_the_whole_main_job_with_ffmpeg(hall: Hall) -> None:
    """An encoder through a tap: record, HotMark, pause, resume, stop; the files have its bytes."""
    source, port = hall.source()
    hall.start()
    with (
        hall.client() as client,
        Receiver(free_udp_port(), onward=("127.0.0.1", port)) as tap,
        encoder(tap.port),
    ):
        tap.await_datagrams(20, 30)
        recording = hall.record(client, source)
        client.result("addHotmark", recording, "first")
        tap.await_datagrams(len(tap.datagrams) + 100)
        client.result("pauseRecording", recording)
        tap.await_datagrams(len(tap.datagrams) + 50)
        client.result("resumeRecording", recording)
        tap.await_datagrams(len(tap.datagrams) + 100)
        client.result("stopRecording", recording)
        assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"
        seen = tap.data
    first, second = hall.segments(recording)
    for segment in (first, second):
        assert len(segment) > 60_000
        assert seen.count(segment) == 1, "the segment is not one run of what the encoder sent"
    assert seen.index(first) + len(first) < seen.index(second)
    shown = hall.show("recording", "show", recording)
    assert [mark["title"] for mark in shown["hotmarks"]] == ["first"]
    assert shown["tracks"][0]["bytes"] == len(first) + len(second)
    assert shown["tracks"][0]["lost_datagrams"] == 0


def test_every_byte_between_start_and_stop(hall: Hall) -> None:
    """All that was sent after OK to start and before the stop is there, once, in order."""
    source, port = hall.source()
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)], bitrate=10_000_000) as sender:
        sender.await_seconds(0.3)
        recording = hall.record(client, source)
        first = sender.sent
        sender.await_seconds(2)
        last = sender.sent
        client.result("stopRecording", recording)
    from_, to = packets.assert_unbroken(hall.media(recording), bitrate=10_000_000)
    assert from_ <= first
    assert to >= last - 1
    assert hall.lost(recording) == [0]


def test_four_sources(hall: Hall) -> None:
    """Each source has its track, in the session's order; segments of a pause are the same four."""
    sources = [hall.source() for _ in range(4)]
    hall.start()
    destinations = [("127.0.0.1", port) for _, port in sources]
    with hall.client() as client, Sender(destinations) as sender:
        recording = hall.record(client, *(source for source, _ in sources))
        sender.await_seconds(1)
        client.result("pauseRecording", recording)
        client.result("resumeRecording", recording)
        sender.await_seconds(0.5)
        client.result("stopRecording", recording)
    shown = hall.show("recording", "show", recording)["tracks"]
    assert [track["source_id"] for track in shown] == [source for source, _ in sources]
    for track in range(4):
        segments = hall.segments(recording, track)
        assert len(segments) == 2
        for segment in segments:
            packets.assert_unbroken(segment, seed=1 + track)
    assert hall.lost(recording) == [0] * 4


def test_multicast(hall: Hall) -> None:
    """A group is joined on the source's interface; another group's datagrams stay out."""
    source, port = hall.source("udp://@239.77.1.2:{port}", "--interface", "127.0.0.1")
    hall.start()
    wanted, other = ("239.77.1.2", port), ("239.77.1.3", port)
    with hall.client() as client, Sender([wanted, other]) as sender:
        recording = hall.record(client, source)
        sender.await_seconds(1)
        client.result("stopRecording", recording)
    packets.assert_unbroken(hall.media(recording))


def test_source_specific_multicast(hall: Hall) -> None:
    """Of a group, what one sender sends, and nothing that another does."""
    url = "udp://127.0.0.21@232.77.1.2:{port}"
    source, port = hall.source(url, "--interface", "127.0.0.1")
    hall.start()
    group = [("232.77.1.2", port)]
    with (
        hall.client() as client,
        Sender(group, source="127.0.0.21", seed=3) as sender,
        Sender(group, source="127.0.0.22", seed=4),
    ):
        recording = hall.record(client, source)
        sender.await_seconds(1)
        client.result("stopRecording", recording)
    packets.assert_unbroken(hall.media(recording), seed=3)


@pytest.mark.parametrize("scheme", ["rtp", "udp"])
def test_rtp(hall: Hall, scheme: str) -> None:
    """Headers are taken off and neighbours put in order, under either scheme."""
    source, port = hall.source(scheme + "://@127.0.0.1:{port}")
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)], rtp=True) as sender:
        recording = hall.record(client, source)
        sender.await_seconds(1.5)
        client.result("stopRecording", recording)
    packets.assert_unbroken(hall.media(recording))
    assert hall.lost(recording) == [0]


def test_a_source_shared_by_several_recordings(hall: Hall) -> None:
    """Received once, and each recording has the same bytes for the time that both ran."""
    source, port = hall.source()
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)]) as sender:
        first = hall.record(client, source)
        sender.await_seconds(0.5)
        second = hall.record(client, source)
        sockets = _udp_sockets(port)
        sender.await_seconds(0.5)
        client.result("stopRecording", first)
        sender.await_seconds(0.3)
        client.result("stopRecording", second)
    assert sockets == 1
    one, two = (
        packets.assert_unbroken(hall.media(first)),
        packets.assert_unbroken(hall.media(second)),
    )
    assert one[0] < two[0] < one[1] < two[1]


def _udp_sockets(port: int) -> int:
    from pathlib import Path

    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(f":{port:04X}") for line in lines)


def test_32_sources_while_commands_run(hall: Hall) -> None:
    """128 Mbit/s in all, HotMarks and queries all the while: not one datagram is lost."""
    sources = [hall.source() for _ in range(32)]
    hall.start()
    destinations = [("127.0.0.1", port) for _, port in sources]
    with hall.client() as client, Sender(destinations) as sender:
        recordings = [
            hall.record(client, *(source for source, _ in sources[n : n + 4]))
            for n in range(0, 32, 4)
        ]
        first, end, asked = sender.sent, time.monotonic() + 6, 0
        while time.monotonic() < end:
            for recording in recordings:
                assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
                client.result("updateMetadata", recording, "description", f"at {asked}")
                asked += 1
        last = sender.sent
        for recording in recordings:
            client.result("stopRecording", recording)
    assert asked > 100
    for n, recording in enumerate(recordings):
        assert hall.lost(recording) == [0] * 4
        for track in range(4):
            media = hall.media(recording, track)
            found = packets.assert_unbroken(media, seed=1 + 4 * n + track)
            assert found[0] <= first
            assert found[1] >= last - 1


def test_a_stop_at_once_after_the_start(hall: Hall) -> None:
    """A recording that received nothing is finished, holds nothing, and its session is free."""
    source, _ = hall.source()
    hall.start()
    with hall.client() as client:
        recording = hall.record(client, source)
        client.result("stopRecording", recording)
        session = hall.show("recording", "show", recording)["session_id"]
        assert client.ask("deleteSession", session) == "OK"
    assert hall.segments(recording) == []
    wait_for(lambda: hall.hmpctl("recording", "verify", recording) is not None, 5, "verdict")
