"""What is named is not there: every 0400xx that needs no further state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..harness import Client
from .lines import Line, covers, error, line, unknown, with_line
from .stage import Stage
from .test_forms import _good as with_right_form


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


FIRST = [
    line("setLiveSession", "040006"),
    line("deleteSession", "040006"),
    line("addSourceToSession", "040006"),
    line("removeSourceFromSession", "040006"),
    line("updateSessionMetadata", "040006"),
    line("setSessionCategory", "040007"),
    line("startRecording", "040006"),
    line("pauseRecording", "040001"),
    line("resumeRecording", "040001"),
    line("stopRecording", "040001"),
    line("getRecordingStatus", "040001"),
    line("updateMetadata", "040002"),
    line("setCategory", "040007"),
    line("addHotmark", "040002"),
    line("startRestreamRecording", "040002"),
    line("stopRestreamRecording", "040003"),
]


@pytest.mark.parametrize("line", with_line(FIRST))
def test_nothing_has_the_ids(client: Client, line: Line) -> None:
    """With every ID unknown, the first in the contract's order is what is not found."""
    assert client.ask(line.command, *with_right_form(line.command)) == line.answer()


@pytest.mark.parametrize(
    "line", with_line(line(c, "040009") for c in ("addSourceToSession", "removeSourceFromSession"))
)
def test_unknown_source(stage: Stage, client: Client, line: Line) -> None:
    """The session is there, the source is not."""
    assert client.ask(line.command, stage.session(client), unknown()) == line.answer()


@pytest.mark.parametrize(
    ("line", "permission"),
    [
        pytest.param(line(command, code), permission, marks=covers(command, code))
        for command, code in [
            ("shareSessionWithUser", "040004"),
            ("shareSessionWithGroup", "040005"),
            ("shareRecordingWithUser", "040004"),
            ("shareRecordingWithGroup", "040005"),
        ]
        for permission in ("WATCH", "custom")
    ],
)
def test_unknown_user_or_group(stage: Stage, client: Client, line: Line, permission: str) -> None:
    """The user or group is looked up before the object."""
    word = stage.names.custom if permission == "custom" else permission
    assert client.ask(line.command, "nobody at all", word, unknown()) == line.answer()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        pytest.param(line(command, code), name, marks=covers(command, code))
        for command, code, name in [
            ("shareSessionWithUser", "060001", "Roleless"),
            ("shareSessionWithGroup", "060002", "Idle"),
            ("shareRecordingWithUser", "060001", "Roleless"),
            ("shareRecordingWithGroup", "060002", "Idle"),
            ("shareSessionWithUser", "040006", "Viewer1"),
            ("shareSessionWithGroup", "040006", "Crew"),
            ("shareRecordingWithUser", "040002", "Viewer1"),
            ("shareRecordingWithGroup", "040002", "Crew"),
        ]
    ],
)
def test_unknown_object_of_a_share(client: Client, line: Line, name: str) -> None:
    """Roles are checked once the user or group is found, the object after that."""
    assert client.ask(line.command, name, "OWN", unknown()) == line.answer()


@covers("setSessionCategory", "040006")
def test_unknown_session_for_a_category(stage: Stage, client: Client) -> None:
    """The category is there, the session is not."""
    answer = client.ask("setSessionCategory", unknown(), stage.names.single, "HD")
    assert answer == error("setSessionCategory", "040006")


@covers("setCategory", "040002")
def test_unknown_recording_for_a_category(stage: Stage, client: Client) -> None:
    """The category is there, the recording is not."""
    answer = client.ask("setCategory", unknown(), stage.names.single, "HD")
    assert answer == error("setCategory", "040002")
