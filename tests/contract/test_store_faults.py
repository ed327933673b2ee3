"""The database fails: triggers and missing tables, put there from outside while the server runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ..harness import Client, Receiver, free_udp_port
from .lines import Line, covers, error, line, with_line
from .stage import Stage

ABORT = "RAISE(ABORT, 'a fault of the test')"
IGNORE = "RAISE(IGNORE)"


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


@contextmanager
def refusing(stage: Stage, *events: str, how: str = ABORT) -> Iterator[None]:
    """While inside, the database refuses (or ignores) events such as ``INSERT ON sessions``."""
    with stage.database() as database:
        for number, event in enumerate(events):
            database.execute(f"CREATE TRIGGER fault{number} BEFORE {event} BEGIN SELECT {how}; END")
    try:
        yield
    finally:
        with stage.database() as database:
            for number, _ in enumerate(events):
                database.execute(f"DROP TRIGGER fault{number}")


@contextmanager
def missing(stage: Stage, table: str) -> Iterator[None]:
    """While inside, the database has no such table."""
    with stage.database() as database:
        database.execute(f"ALTER TABLE {table} RENAME TO hidden")
    try:
        yield
    finally:
        with stage.database() as database:
            database.execute(f"ALTER TABLE hidden RENAME TO {table}")


def _logged(stage: Stage, before: int, *words: str) -> None:
    """Hold that the cause is in the log, where an administrator looks."""
    for word in words:
        assert word in stage.daemon.log[before:]


@covers("createSession", "070019")
def test_create_session_fails(stage: Stage, client: Client) -> None:
    """070019, the cause in the log, and no more than the guide's text on the wire."""
    before = len(stage.daemon.log)
    with refusing(stage, "INSERT ON sessions"):
        assert client.ask("createSession", "x") == error("createSession", "070019")
    _logged(stage, before, "a fault of the test")
    assert client.ask("createSession", "x").startswith("OK|")


@covers("deleteSession", "070000")
def test_delete_session_fails(stage: Stage, client: Client) -> None:
    """070000, and the session is still there."""
    session = stage.session(client, 0)
    with refusing(stage, "DELETE ON sessions"):
        assert client.ask("deleteSession", session) == error("deleteSession", "070000")
    assert stage.show("session", "show", session)["sources"] == [stage.names.sources[0]]


@covers("addSourceToSession", "070010")
def test_add_source_fails(stage: Stage, client: Client) -> None:
    """070010, and the session has no source."""
    session = stage.session(client)
    with refusing(stage, "INSERT ON session_sources"):
        answer = client.ask("addSourceToSession", session, stage.names.sources[0])
    assert answer == error("addSourceToSession", "070010")
    assert stage.show("session", "show", session)["sources"] == []


@covers("removeSourceFromSession", "070000")
def test_remove_source_fails(stage: Stage, client: Client) -> None:
    """070000, and the session still has its source."""
    session = stage.session(client, 0)
    with refusing(stage, "DELETE ON session_sources"):
        answer = client.ask("removeSourceFromSession", session, stage.names.sources[0])
    assert answer == error("removeSourceFromSession", "070000")
    assert stage.show("session", "show", session)["sources"] == [stage.names.sources[0]]


SEARCHES = [
    line("shareSessionWithUser", "070008"),
    line("shareRecordingWithUser", "070008"),
    line("shareSessionWithGroup", "070009"),
    line("shareRecordingWithGroup", "070009"),
]


@pytest.mark.parametrize("line", with_line(SEARCHES))
def test_search_fails(stage: Stage, client: Client, line: Line) -> None:
    """The table of users or groups cannot be read."""
    made = stage.session(client) if "Session" in line.command else stage.finished(client, seconds=0)
    table, name = ("users", "Viewer1") if line.code == "070008" else ("groups", "Crew")
    with missing(stage, table):
        assert client.ask(line.command, name, "WATCH", made) == line.answer()
    assert client.ask(line.command, name, "WATCH", made) == "OK"


@covers("updateSessionMetadata", "070000")
def test_update_session_fails(stage: Stage, client: Client) -> None:
    """070000, and the title is what it was."""
    session = stage.session(client, title="old")
    with refusing(stage, "UPDATE ON sessions"):
        answer = client.ask("updateSessionMetadata", session, "title", "new")
    assert answer == error("updateSessionMetadata", "070000")
    assert stage.show("session", "show", session)["title"] == "old"


@covers("startRecording", "070000")
def test_start_recording_fails(stage: Stage, client: Client) -> None:
    """070000, and nothing is being recorded."""
    session = stage.session(client, 0)
    for event in ("INSERT ON recordings", "UPDATE ON recordings"):
        with refusing(stage, event):
            assert client.ask("startRecording", session) == error("startRecording", "070000")
    assert client.ask("deleteSession", session) == "OK"


@pytest.mark.parametrize(
    "line",
    with_line(
        [
            line("pauseRecording", "070003"),
            line("resumeRecording", "070003"),
            line("stopRecording", "070003"),
        ]
    ),
)
def test_change_of_state_fails(stage: Stage, client: Client, line: Line) -> None:
    """070003 in the command's own words; the state is what it was, and the act works later."""
    recording = stage.recording(client)
    if line.command == "resumeRecording":
        client.result("pauseRecording", recording)
    was = client.ask("getRecordingStatus", recording)
    with refusing(stage, "UPDATE ON recordings"):
        assert client.ask(line.command, recording) == line.answer()
        if line.command != "stopRecording":
            assert client.ask("getRecordingStatus", recording) == was
    client.ask("stopRecording", recording)
    assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"


@covers("getRecordingStatus", "070003")
def test_state_cannot_be_read(stage: Stage, client: Client) -> None:
    """070003: the recording is known, but its state is none that there is."""
    recording = stage.finished(client, seconds=0)
    with stage.database() as database:
        database.execute("UPDATE recordings SET state = 'garbage' WHERE id = ?", [recording])
    answer = client.ask("getRecordingStatus", recording)
    assert answer == error("getRecordingStatus", "070003")


@covers("updateMetadata", "070017")
def test_update_recording_fails(stage: Stage, client: Client) -> None:
    """070017, and the description is what it was."""
    recording = stage.finished(client, seconds=0)
    with refusing(stage, "UPDATE ON recordings"):
        answer = client.ask("updateMetadata", recording, "description", "new")
    assert answer == error("updateMetadata", "070017")
    assert stage.show("recording", "show", recording)["description"] == ""


@covers("updateMetadata", "040012")
def test_update_touches_nothing(stage: Stage, client: Client) -> None:
    """040012: the recording was there a moment ago, and yet no row was changed."""
    recording = stage.finished(client, seconds=0)
    with refusing(stage, "UPDATE ON recordings", how=IGNORE):
        answer = client.ask("updateMetadata", recording, "title", "new")
    assert answer == error("updateMetadata", "040012")


@covers("setCategory", "040012")
def test_category_touches_nothing(stage: Stage, client: Client) -> None:
    """040012: the recording was there a moment ago, and yet no row was changed."""
    recording = stage.finished(client, seconds=0)
    with refusing(stage, "UPDATE ON recordings", how=IGNORE):
        answer = client.ask("setCategory", recording, stage.names.single, "HD")
    assert answer == error("setCategory", "040012")


@covers("addHotmark", "070011")
def test_add_hotmark_fails(stage: Stage, client: Client) -> None:
    """070011, and the recording goes on."""
    recording = stage.recording(client)
    with refusing(stage, "INSERT ON hotmarks"):
        assert client.ask("addHotmark", recording, "x") == error("addHotmark", "070011")
    assert client.ask("stopRecording", recording) == "OK"


@covers("startRestreamRecording", "070004")
@covers("stopRestreamRecording", "070005")
def test_start_and_stop_of_a_stream_fail(stage: Stage, client: Client) -> None:
    """070004 and 070005; what was refused to start does not send."""
    recording, port = stage.finished(client, seconds=2), free_udp_port()
    words = ("startRestreamRecording", recording, "127.0.0.1", str(port))
    with Receiver(port) as receiver:
        with refusing(stage, "INSERT ON streams"):
            assert client.ask(*words) == error("startRestreamRecording", "070004")
        assert receiver.datagrams == []
        stream = client.result(*words)
        with refusing(stage, "UPDATE ON streams", "DELETE ON streams"):
            answer = client.ask("stopRestreamRecording", stream)
        assert answer == error("stopRestreamRecording", "070005")
