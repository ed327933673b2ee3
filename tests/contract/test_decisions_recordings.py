"""``decisions.md``, the table's rows for recordings, HotMarks and streams."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import Client, Receiver, Sender, free_udp_port, packets, wait_for
from .lines import unknown
from .stage import Stage

FAILED = "ERROR|070003|Failed to update state"


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


def _media(stage: Stage, recording: str, track: int = 0) -> list[bytes]:
    """The bytes of each segment of a track."""
    shown = stage.show("recording", "show", recording)["tracks"][track]
    return [Path(segment["path"]).read_bytes() for segment in shown["segments"]]


def _to(stage: Stage, *sources: int) -> list[tuple[str, int]]:
    return [("127.0.0.1", stage.names.ports[n]) for n in sources]


def test_start_recording_twice_at_a_time(stage: Stage, client: Client) -> None:
    """Each recording gets its own ID and files, and both have the same bytes."""
    session = stage.session(client, 0)
    with Sender(_to(stage, 0)) as sender:
        first = client.result("startRecording", session)
        second = client.result("startRecording", session)
        sender.await_seconds(0.5)
        client.result("stopRecording", first)
        sender.await_seconds(0.2)
        client.result("stopRecording", second)
    (one,), (two,) = _media(stage, first), _media(stage, second)
    assert packets.assert_unbroken(one)[0] <= packets.assert_unbroken(two)[0]
    assert packets.assert_unbroken(one)[1] < packets.assert_unbroken(two)[1]


def test_start_recording_takes_the_sessions_metadata_over(stage: Stage, client: Client) -> None:
    """Title, description and categories; ``createdby`` stays unset; later changes do not follow."""
    session = stage.session(client, 0, title="the title")
    client.result("updateSessionMetadata", session, "description", "the text")
    client.result("updateSessionMetadata", session, "createdby", "somebody")
    client.result("setSessionCategory", session, stage.names.several, "b", "a")
    recording = client.result("startRecording", session)
    client.result("updateSessionMetadata", session, "title", "another")
    client.result("stopRecording", recording)
    shown = stage.show("recording", "show", recording)
    assert [shown[k] for k in ("title", "description", "createdby")] == [
        "the title",
        "the text",
        "",
    ]
    assert stage.categories("recording", recording) == {stage.names.several: ["b", "a"]}


def test_start_recording_of_a_source_that_sends_nothing(stage: Stage, client: Client) -> None:
    """No error: its track starts when it does."""
    recording = stage.recording(client, 0, 1)
    with Sender(_to(stage, 0)) as first:
        first.await_seconds(0.3)
        with Sender(_to(stage, 1), seed=2) as second:
            second.await_seconds(0.3)
            client.result("stopRecording", recording)
    packets.assert_unbroken(b"".join(_media(stage, recording, 0)))
    packets.assert_unbroken(b"".join(_media(stage, recording, 1)), seed=2)


def test_a_disk_that_runs_full_stops_the_recording(template: Path) -> None:
    """It ends with all that it has, and its state is ERROR, which can be played."""
    with Stage.on(template) as stage:
        free = os.statvfs(stage.folder)
        floor = free.f_bavail * free.f_frsize - (64 << 20)
        stage.configure(recordings={"min_free_bytes": floor})
        filler = stage.folder / "filler"
        with stage.start().client() as client, Sender(_to(stage, 0)) as sender:
            recording = client.result("startRecording", stage.session(client, 0))
            sender.await_seconds(0.5)
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, 128 << 20)
            asked = ("getRecordingStatus", recording)
            wait_for(lambda: client.ask(*asked) == "OK|ERROR", 5, "end of the recording")
            filler.unlink()
            assert client.ask("stopRecording", recording).startswith("ERROR|040001|")
            assert client.ask("updateMetadata", recording, "title", "kept") == "OK"
            port = free_udp_port()
            with Receiver(port) as receiver:
                words = ("startRestreamRecording", recording, "127.0.0.1", str(port))
                assert client.ask(*words).startswith("OK|")
                receiver.await_datagrams(5)
        packets.assert_unbroken(b"".join(_media(stage, recording)))


def test_pause_and_resume(stage: Stage, client: Client) -> None:
    """Pausing what is paused and resuming what is not fail; what comes in between is left out."""
    with Sender(_to(stage, 0)) as sender:
        recording = stage.recording(client)
        sender.await_seconds(0.3)
        assert client.ask("resumeRecording", recording) == FAILED
        client.result("pauseRecording", recording)
        assert client.ask("pauseRecording", recording) == FAILED
        sender.await_seconds(0.3)
        client.result("resumeRecording", recording)
        sender.await_seconds(0.3)
        client.result("stopRecording", recording)
    before, after = _media(stage, recording)
    assert packets.assert_unbroken(after)[0] - packets.assert_unbroken(before)[1] >= 100


def test_stop_recording_has_every_byte_on_disk(stage: Stage, client: Client) -> None:
    """When it answers, all that was sent before it is in the file, and can be played."""
    for _ in range(3):
        recording = stage.recording(client)
        with Sender(_to(stage, 0), bitrate=20_000_000) as sender:
            sender.await_seconds(0.3)
            sent = sender.finish()
        client.result("stopRecording", recording)
        (data,) = _media(stage, recording)
        wanted = packets.datagrams(0, sent, bitrate=20_000_000)
        assert packets.sha256(data) == packets.sha256(wanted)


def test_stop_recording_of_what_has_ended(stage: Stage, client: Client) -> None:
    """040001."""
    recording = stage.finished(client, seconds=0)
    answer = client.ask("stopRecording", recording)
    assert answer == "ERROR|040001|Active recording not found"


def test_get_recording_status_of_any_recording(stage: Stage, client: Client) -> None:
    """Finished ones too; an ID that no recording has is 040001."""
    recording = stage.finished(client, seconds=0)
    assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"
    answer = client.ask("getRecordingStatus", unknown())
    assert answer == "ERROR|040001|Active recording not found"


def test_hotmark_titles(stage: Stage, client: Client) -> None:
    """May be empty; over 1,024 characters is 070000."""
    recording = stage.recording(client)
    too_long = client.ask("addHotmark", recording, "x" * 1025)
    assert too_long == "ERROR|070000|Internal Server Error"
    assert client.ask("addHotmark", recording, "") == "OK"
    client.result("stopRecording", recording)


def test_the_recordings_clock(stage: Stage, client: Client) -> None:
    """Runs from the start, pauses left out, whether or not the sources send; rounded down."""
    began = time.monotonic()
    recording = stage.recording(client)
    started = time.monotonic()
    wait_for(lambda: time.monotonic() - started > 1.2, 5, "1.2 s")
    client.result("pauseRecording", recording)
    paused = time.monotonic()
    wait_for(lambda: time.monotonic() - paused > 1.5, 5, "1.5 s of pause")
    client.result("addHotmark", recording, "allowed while paused")
    client.result("resumeRecording", recording)
    resumed = time.monotonic()
    wait_for(lambda: time.monotonic() - resumed > 1, 5, "another second")
    client.result("addHotmark", recording, "after the pause")
    client.result("stopRecording", recording)
    ended = time.monotonic()
    shown = stage.show("recording", "show", recording)
    first, second = (mark["time_s"] for mark in shown["hotmarks"])
    assert first == int(paused - began) or first == int(paused - started)
    longest = (paused - began) + (ended - resumed)
    assert second in (int(longest), int(longest) - 1)
    assert longest - 0.5 < shown["duration_s"] < longest + 0.05


def test_restream_only_of_what_has_ended(stage: Stage, client: Client) -> None:
    """Neither a running nor a paused recording; and one without media is 070004."""
    recording = stage.recording(client)
    words = ("startRestreamRecording", recording, "127.0.0.1", str(free_udp_port()))
    not_found = "ERROR|040002|Recording not found"
    assert client.ask(*words) == not_found
    client.result("pauseRecording", recording)
    assert client.ask(*words) == not_found
    client.result("stopRecording", recording)
    assert client.ask(*words) == "ERROR|070004|Error while starting stream"


def test_restream_in_use_is_address_and_port(stage: Stage, client: Client) -> None:
    """The same port at another address, or another port, is free."""
    recording = stage.finished(client, seconds=3)
    port, other = str(free_udp_port()), str(free_udp_port())
    first = client.result("startRestreamRecording", recording, "127.0.0.1", port)
    taken = client.ask("startRestreamRecording", recording, "127.0.0.1", port)
    assert taken == "ERROR|010006|Address or port already in use"
    second = client.result("startRestreamRecording", recording, "127.0.0.2", port)
    third = client.result("startRestreamRecording", recording, "127.0.0.1", other)
    for stream in (first, second, third):
        client.result("stopRestreamRecording", stream)


def test_restream_in_use_by_a_source(stage: Stage, client: Client) -> None:
    """A unicast source's port at any of this machine's addresses; a group only as a group."""
    group_port, any_port = free_udp_port(), free_udp_port()
    stage.hmpctl("source", "add", "a group", f"udp://@239.1.2.3:{group_port}")
    stage.hmpctl("source", "add", "anywhere", f"udp://@:{any_port}")
    recording = stage.finished(client, seconds=3)
    taken = "ERROR|010006|Address or port already in use by a source"
    for address, port in [
        ("127.0.0.1", stage.names.ports[5]),
        ("127.200.0.1", stage.names.ports[5]),
        ("127.0.0.1", any_port),
        ("239.1.2.3", group_port),
    ]:
        answer = client.ask("startRestreamRecording", recording, address, str(port))
        assert answer == taken, (address, port)
    for address, port in [("239.1.2.4", group_port), ("127.0.0.1", group_port)]:
        stream = client.result("startRestreamRecording", recording, address, str(port))
        client.result("stopRestreamRecording", stream)


def test_restream_to_port_0(stage: Stage, client: Client) -> None:
    """Its form is right, but nothing can be sent to it: 070004."""
    recording = stage.finished(client, seconds=0.3)
    answer = client.ask("startRestreamRecording", recording, "127.0.0.1", "0")
    assert answer == "ERROR|070004|Error while starting stream"


def test_restream_ok_means_the_first_datagram_is_on_its_way(stage: Stage, client: Client) -> None:
    """When OK has come, a datagram is there or comes at once."""
    recording, port = stage.finished(client, seconds=2), free_udp_port()
    with Receiver(port) as receiver:
        stream = client.result("startRestreamRecording", recording, "127.0.0.1", str(port))
        receiver.await_datagrams(1, 0.1)
        client.result("stopRestreamRecording", stream)
    assert packets.assert_unbroken(receiver.data)[0] < 50


def test_a_stream_that_has_played_to_its_end_is_gone(stage: Stage, client: Client) -> None:
    """040003, and its address is free again."""
    recording, port = stage.finished(client, seconds=0.5), free_udp_port()
    words = ("startRestreamRecording", recording, "127.0.0.1", str(port))
    with Receiver(port) as receiver:
        stream = client.result(*words)
        receiver.await_silence()
        gone = "ERROR|040003|Stream not found"
        wait_for(lambda: not stage.show("stream", "list"), 5, "end of the stream")
        assert client.ask("stopRestreamRecording", stream) == gone
        client.result("stopRestreamRecording", client.result(*words))
