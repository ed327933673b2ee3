"""The success of each of the 21 commands, and that what it says was done."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ..harness import Client, Receiver, free_udp_port
from .lines import covers
from .stage import Stage

ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


@covers("createSession", "OK")
def test_create_session(stage: Stage, client: Client) -> None:
    """Answers ``OK|`` and the new session's ID, in lower case."""
    answer = client.exchange(b'createSession "Test Session1"\n').decode()
    assert re.fullmatch(f"OK\\|{ID}\n", answer)
    assert client.command("createSession x").startswith("OK|")
    shown = stage.show("session", "show", answer[3:-1])
    assert (shown["title"], shown["live"], shown["createdby"]) == ("Test Session1", False, "")


@covers("setLiveSession", "OK")
def test_set_live_session(stage: Stage, client: Client) -> None:
    """A session is live after ``true``, and not after ``false``; setting it again is OK."""
    session = stage.session(client)
    for word in ("true", "true", "false", "false", "true"):
        assert client.ask("setLiveSession", session, word) == "OK"
    assert stage.show("session", "show", session)["live"] is True


@covers("deleteSession", "OK")
def test_delete_session(stage: Stage, client: Client) -> None:
    """The session is gone; its ID is not found any more."""
    session = stage.session(client, 0)
    assert client.ask("deleteSession", session) == "OK"
    assert client.ask("deleteSession", session) == "ERROR|040006|Session not found"


@covers("addSourceToSession", "OK")
@covers("removeSourceFromSession", "OK")
def test_add_and_remove_source(stage: Stage, client: Client) -> None:
    """The session has the source, and then has it no more."""
    session, source = stage.session(client), stage.names.sources[1]
    assert client.ask("addSourceToSession", session, source) == "OK"
    assert stage.show("session", "show", session)["sources"] == [source]
    assert client.ask("removeSourceFromSession", session, source) == "OK"
    assert stage.show("session", "show", session)["sources"] == []


@covers("shareSessionWithUser", "OK")
@covers("shareSessionWithGroup", "OK")
def test_share_session(stage: Stage, client: Client) -> None:
    """The session shows who was given what, custom permissions by their ID."""
    session = stage.session(client)
    assert client.ask("shareSessionWithUser", "viewer1", "EDIT", session) == "OK"
    assert client.ask("shareSessionWithGroup", "CREW", stage.names.custom, session) == "OK"
    shares = stage.show("session", "show", session)["shares"]
    assert {"user": "Viewer1", "permission": "EDIT"} in shares
    assert {"group": "Crew", "permission": stage.names.custom} in shares


@covers("updateSessionMetadata", "OK")
def test_update_session_metadata(stage: Stage, client: Client) -> None:
    """Each of the three fields is changed."""
    session = stage.session(client)
    for field in ("title", "description", "createdby"):
        assert client.ask("updateSessionMetadata", session, field, f"new {field}") == "OK"
    shown = stage.show("session", "show", session)
    assert [shown[f] for f in ("title", "description", "createdby")] == [
        "new title",
        "new description",
        "new createdby",
    ]


@covers("setSessionCategory", "OK")
def test_set_session_category(stage: Stage, client: Client) -> None:
    """The session has the values, in their order."""
    session = stage.session(client)
    assert client.ask("setSessionCategory", session, stage.names.several, "b", "a") == "OK"
    assert stage.categories("session", session) == {stage.names.several: ["b", "a"]}


@covers("startRecording", "OK")
@covers("pauseRecording", "OK")
@covers("resumeRecording", "OK")
@covers("stopRecording", "OK")
@covers("getRecordingStatus", "OK")
def test_life_of_a_recording(stage: Stage, client: Client) -> None:
    """RECORDING, PAUSED, RECORDING, FINISHED, as it is started, paused, resumed and stopped."""
    answer = client.ask("startRecording", stage.session(client, 0))
    assert re.fullmatch(f"OK\\|{ID}", answer)
    recording = answer[3:]
    seen = [client.ask("getRecordingStatus", recording)]
    for act in ("pauseRecording", "resumeRecording", "stopRecording"):
        assert client.ask(act, recording) == "OK"
        seen.append(client.ask("getRecordingStatus", recording))
    assert seen == ["OK|RECORDING", "OK|PAUSED", "OK|RECORDING", "OK|FINISHED"]


@covers("shareRecordingWithUser", "OK")
@covers("shareRecordingWithGroup", "OK")
def test_share_recording(stage: Stage, client: Client) -> None:
    """The recording shows who was given what."""
    recording = stage.finished(client, seconds=0)
    assert client.ask("shareRecordingWithUser", "Member", "OWN", recording) == "OK"
    assert client.ask("shareRecordingWithGroup", "Crew", "WATCH", recording) == "OK"
    shares = stage.show("recording", "show", recording)["shares"]
    assert {"user": "Member", "permission": "OWN"} in shares
    assert {"group": "Crew", "permission": "WATCH"} in shares


@covers("updateMetadata", "OK")
@covers("setCategory", "OK")
def test_update_metadata_and_category(stage: Stage, client: Client) -> None:
    """A finished recording's fields and categories are changed."""
    recording = stage.finished(client, seconds=0)
    assert client.ask("updateMetadata", recording, "title", "Test2") == "OK"
    assert client.ask("setCategory", recording, stage.names.single, "HD") == "OK"
    shown = stage.show("recording", "show", recording)
    assert shown["title"] == "Test2"
    assert stage.categories("recording", recording) == {stage.names.single: ["HD"]}


@covers("addHotmark", "OK")
def test_add_hotmark(stage: Stage, client: Client) -> None:
    """The recording has the HotMark at its own time, in whole seconds."""
    recording = stage.recording(client)
    assert client.ask("addHotmark", recording, "Phase I") == "OK"
    client.result("stopRecording", recording)
    (mark,) = stage.show("recording", "show", recording)["hotmarks"]
    assert mark["title"] == "Phase I"
    assert mark["time_s"] in (0, 1)


@covers("startRestreamRecording", "OK")
@covers("stopRestreamRecording", "OK")
def test_restream(stage: Stage, client: Client) -> None:
    """Datagrams come when the command has been answered, and end with the other."""
    recording, port = stage.finished(client, seconds=2), free_udp_port()
    with Receiver(port) as receiver:
        answer = client.ask("startRestreamRecording", recording, "127.0.0.1", str(port))
        assert re.fullmatch(f"OK\\|{ID}", answer)
        receiver.await_datagrams(1, 2)
        assert client.ask("stopRestreamRecording", answer[3:]) == "OK"
        assert client.ask("stopRestreamRecording", answer[3:]) == "ERROR|040003|Stream not found"
