"""What is named is there, but its state forbids the act: 06xxxx, 040001, 0100xx and 030003."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..harness import Client, Receiver, free_udp_port, wait_for
from .lines import Line, covers, error, line, with_line
from .stage import Stage


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


@pytest.fixture
def recording(stage: Stage, client: Client) -> Iterator[str]:
    """A recording in progress, stopped after the test."""
    recording = stage.recording(client)
    yield recording
    client.ask("stopRecording", recording)


@pytest.fixture(scope="module")
def played(stage: Stage, client: Client) -> str:
    """A finished recording of three seconds, to be played out."""
    return stage.finished(client, seconds=3)


def _session_of(stage: Stage, recording: str) -> str:
    session: str = stage.show("recording", "show", recording)["session_id"]
    return session


@covers("deleteSession", "060003")
@covers("addSourceToSession", "060003")
@covers("removeSourceFromSession", "060003")
def test_session_is_being_recorded(stage: Stage, client: Client, recording: str) -> None:
    """A session that is recorded, also paused, can be neither deleted nor given other sources."""
    session, sources = _session_of(stage, recording), stage.names.sources
    for pause in (False, True):
        if pause:
            client.result("pauseRecording", recording)
        busy = error("deleteSession", "060003")
        assert client.ask("deleteSession", session) == busy
        busy = error("addSourceToSession", "060003")
        assert client.ask("addSourceToSession", session, sources[0]) == busy
        assert client.ask("addSourceToSession", session, sources[1]) == busy
        assert client.ask("removeSourceFromSession", session, sources[0]) == busy
    client.result("stopRecording", recording)
    assert client.ask("deleteSession", session) == "OK"


@covers("addSourceToSession", "060008")
def test_source_twice(stage: Stage, client: Client) -> None:
    """A source can be in a session once."""
    session = stage.session(client, 0)
    answer = client.ask("addSourceToSession", session, stage.names.sources[0])
    assert answer == error("addSourceToSession", "060008")


@covers("addSourceToSession", "070010")
def test_fifth_source(stage: Stage, client: Client) -> None:
    """A session has four sources at most."""
    session = stage.session(client, 0, 1, 2, 3)
    answer = client.ask("addSourceToSession", session, stage.names.sources[4])
    assert answer == error("addSourceToSession", "070010")
    assert len(stage.show("session", "show", session)["sources"]) == 4


@covers("startRecording", "060009")
def test_session_without_sources(stage: Stage, client: Client) -> None:
    """There must be something to record."""
    answer = client.ask("startRecording", stage.session(client))
    assert answer == error("startRecording", "060009")


@covers("pauseRecording", "070003")
@covers("resumeRecording", "070003")
def test_pause_twice_and_resume_twice(client: Client, recording: str) -> None:
    """Pausing what is paused and resuming what is not change nothing."""
    failed = "ERROR|070003|Failed to update state"
    assert client.ask("resumeRecording", recording) == failed
    client.result("pauseRecording", recording)
    assert client.ask("pauseRecording", recording) == failed
    assert client.ask("getRecordingStatus", recording) == "OK|PAUSED"
    client.result("resumeRecording", recording)
    assert client.ask("resumeRecording", recording) == failed
    assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"


@pytest.mark.parametrize(
    "line",
    with_line(line(f"{act}Recording", "040001") for act in ("pause", "resume", "stop")),
)
def test_recording_has_ended(stage: Stage, client: Client, line: Line) -> None:
    """A finished recording is no active one, though its state can be asked for."""
    recording = stage.finished(client, seconds=0)
    assert client.ask(line.command, recording) == line.answer()
    assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"


@covers("addHotmark", "010004")
def test_hotmark_on_a_finished_recording(stage: Stage, client: Client) -> None:
    """Only active recordings take HotMarks here; the answer names the ID as it was given."""
    recording = stage.finished(client, seconds=0).upper()
    answer = client.ask("addHotmark", recording, "late")
    assert answer == error("addHotmark", "010004", y=recording)


@covers("addHotmark", "060004")
def test_two_hotmarks_in_one_second(client: Client, recording: str) -> None:
    """While paused the clock stands still: a second HotMark is at the same time."""
    client.result("pauseRecording", recording)
    client.result("addHotmark", recording, "first")
    answer = client.ask("addHotmark", recording, "second")
    assert answer == error("addHotmark", "060004")


@covers("startRestreamRecording", "040002")
def test_restream_of_a_running_recording(client: Client, recording: str) -> None:
    """Only what has ended can be played out."""
    answer = client.ask("startRestreamRecording", recording, "127.0.0.1", "5000")
    assert answer == error("startRestreamRecording", "040002")


@covers("startRestreamRecording", "010005")
def test_restream_of_several_sources(stage: Stage, client: Client) -> None:
    """Only recordings of one source can be streamed."""
    recording = stage.finished(client, 0, 1)
    answer = client.ask("startRestreamRecording", recording, "127.0.0.1", "5000")
    assert answer == error("startRestreamRecording", "010005")


@covers("startRestreamRecording", "010006", "Address or port already in use")
def test_restream_to_an_address_in_use(client: Client, played: str) -> None:
    """Two streams cannot have the same address and port; once the first is over, another can."""
    port = free_udp_port()
    words = ("startRestreamRecording", played, "127.0.0.1", str(port))
    with Receiver(port):
        first = client.result(*words)
        taken = error("startRestreamRecording", "010006", "Address or port already in use")
        assert client.ask(*words) == taken
        client.result("stopRestreamRecording", first)
        client.result("stopRestreamRecording", client.result(*words))


@covers("startRestreamRecording", "010006", "in use by a source")
def test_restream_to_a_source(stage: Stage, client: Client, played: str) -> None:
    """A source's port, at any address of this machine, is in use, whether or not it is received."""
    port = str(stage.names.ports[5])
    taken = error("startRestreamRecording", "010006", "in use by a source")
    for address in ("127.0.0.1", "127.8.7.6"):
        assert client.ask("startRestreamRecording", played, address, port) == taken


@covers("startRestreamRecording", "070004")
def test_restream_of_no_media_or_to_port_0(stage: Stage, client: Client, played: str) -> None:
    """Nothing to send, and nowhere to send it, cannot be streamed."""
    failed = error("startRestreamRecording", "070004")
    empty = stage.finished(client, seconds=0)
    assert client.ask("startRestreamRecording", empty, "127.0.0.1", "5000") == failed
    assert client.ask("startRestreamRecording", played, "127.0.0.1", "0") == failed


@covers("stopRestreamRecording", "040003")
def test_stream_has_ended(stage: Stage, client: Client) -> None:
    """A stream that was stopped, or has played to its end, is not found."""
    recording, port = stage.finished(client, seconds=0.5), free_udp_port()
    with Receiver(port):
        stream = client.result("startRestreamRecording", recording, "127.0.0.1", str(port))
        gone = error("stopRestreamRecording", "040003")
        wait_for(lambda: not stage.show("stream", "list"), 10, "end of the stream by itself")
        assert client.ask("stopRestreamRecording", stream) == gone


@pytest.mark.parametrize(
    "line", with_line(line(c, "030003") for c in ("shareSessionWithUser", "shareSessionWithGroup"))
)
def test_sharing_a_session_without_the_right(stage: Stage, client: Client, line: Line) -> None:
    """Who may only watch a session cannot share it."""
    session = stage.session(client)
    client.result("shareSessionWithUser", "Viewer1", "WATCH", session)
    name = "Member" if line.command.endswith("User") else "Crew"
    with stage.client("127.0.0.2") as viewer:
        assert viewer.ask(line.command, name, "OWN", session) == line.answer()


@pytest.mark.parametrize(
    "line",
    with_line(line(c, "030003") for c in ("shareRecordingWithUser", "shareRecordingWithGroup")),
)
def test_sharing_a_recording_without_the_right(stage: Stage, client: Client, line: Line) -> None:
    """Who may only watch a recording cannot share it."""
    recording = stage.finished(client, seconds=0)
    client.result("shareRecordingWithUser", "Viewer1", "WATCH", recording)
    name = "Member" if line.command.endswith("User") else "Crew"
    with stage.client("127.0.0.2") as viewer:
        assert viewer.ask(line.command, name, "OWN", recording) == line.answer()
