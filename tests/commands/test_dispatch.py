"""From words to answers: every line that forms and dispatch produce."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from hmp_twisted import errors
from hmp_twisted.commands.dispatch import UNKNOWN_COMMAND
from hmp_twisted.commands.registry import COMMANDS
from hmp_twisted.services.rights import Kind
from hmp_twisted.services.sharing import Subject

from .conftest import ACTOR, GOOD_ARGUMENTS, LOWER, PEER, UUID, Stage
from .test_registry import CONTRACT

BAD_UUID = "F678F415-0665-48cd-b141"
GENERAL = {
    errors.NotAuthorizedError: "ERROR|020000|Not Authorized",
    errors.NotReadyError: "ERROR|070000|Internal Server Error",
    errors.EngineUnavailableError: "ERROR|090001|No bus connection",
    errors.EngineFaultError: "ERROR|070006|Bus client error",
    errors.EngineAnswerError: "ERROR|070007|Bus response parsing error",
}
INTERNAL = {
    "createSession": "070019|Failed to create a session",
    "addSourceToSession": "070010|Could not create a track",
    "shareSessionWithUser": "070008|Error searching for a user",
    "shareSessionWithGroup": "070009|Error searching for a group",
    "shareRecordingWithUser": "070008|Error searching for a user",
    "shareRecordingWithGroup": "070009|Error searching for a group",
    "pauseRecording": "070003|Failed to update state",
    "resumeRecording": "070003|Failed to update state",
    "stopRecording": "070003|Internal Server Error",
    "getRecordingStatus": "070003|Recording not found",
    "updateMetadata": "070017|Failed to update a recording",
    "addHotmark": "070011|Could not locate recording",
    "startRestreamRecording": "070004|Error while starting stream",
    "stopRestreamRecording": "070005|Error while stopping stream",
}
SHARES = [name for name in COMMANDS if name.startswith("share")]
EVERY = pytest.mark.parametrize("name", list(COMMANDS))


@pytest.fixture
def logged() -> Any:
    """What is logged."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


# -- successes -----------------------------------------------------------------------------------


@EVERY
@pytest_twisted.ensureDeferred
async def test_a_command_answers_ok_and_its_result(stage: Stage, name: str) -> None:
    """``OK|result`` where the contract names one, else ``OK``."""
    stage.fakes.outcome = "result" if "result" in CONTRACT["command"][name] else None
    answer = await stage.ask_well(name)
    assert answer == ("OK|result" if stage.fakes.outcome else "OK")
    assert len(stage.fakes.calls) == 1


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["createSession", "Test 1"], ("create", ACTOR, "Test 1")),
        (["setLiveSession", UUID, "false"], ("set_live", ACTOR, LOWER, False)),
        (["deleteSession", UUID], ("delete", ACTOR, LOWER)),
        (["addSourceToSession", UUID, UUID], ("add_source", ACTOR, LOWER, LOWER)),
        (["removeSourceFromSession", UUID, UUID], ("remove_source", ACTOR, LOWER, LOWER)),
        (
            ["shareSessionWithUser", "Ann", "RECORD", UUID],
            ("share", ACTOR, Kind.SESSION, LOWER, Subject.USER, "Ann", "RECORD"),
        ),
        (
            ["shareSessionWithGroup", "Ops", UUID, UUID],
            ("share", ACTOR, Kind.SESSION, LOWER, Subject.GROUP, "Ops", LOWER),
        ),
        (
            ["shareRecordingWithUser", "Ann", "OWN", UUID],
            ("share", ACTOR, Kind.RECORDING, LOWER, Subject.USER, "Ann", "OWN"),
        ),
        (
            ["shareRecordingWithGroup", "Ops", "EDIT", UUID],
            ("share", ACTOR, Kind.RECORDING, LOWER, Subject.GROUP, "Ops", "EDIT"),
        ),
        (
            ["updateSessionMetadata", UUID, "description", ""],
            ("update", ACTOR, Kind.SESSION, LOWER, "description", ""),
        ),
        (
            ["setSessionCategory", UUID, UUID, "a", "b"],
            ("set_category", ACTOR, Kind.SESSION, LOWER, LOWER, ("a", "b")),
        ),
        (["startRecording", UUID], ("start", ACTOR, LOWER)),
        (["pauseRecording", UUID], ("pause", ACTOR, LOWER)),
        (["resumeRecording", UUID], ("resume", ACTOR, LOWER)),
        (["stopRecording", UUID], ("stop", ACTOR, LOWER)),
        (["getRecordingStatus", UUID], ("status", ACTOR, LOWER)),
        (
            ["updateMetadata", UUID, "title", "t"],
            ("update", ACTOR, Kind.RECORDING, LOWER, "title", "t"),
        ),
        (
            ["setCategory", UUID, UUID, "a"],
            ("set_category", ACTOR, Kind.RECORDING, LOWER, LOWER, ("a",)),
        ),
        (["addHotmark", UUID, ""], ("add_hotmark", ACTOR, LOWER, "")),
        (
            ["startRestreamRecording", UUID, "239.1.2.3", "5000"],
            ("start", ACTOR, LOWER, "239.1.2.3", 5000),
        ),
        (["stopRestreamRecording", UUID], ("stop", ACTOR, LOWER)),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_command_asks_its_service_with_typed_values(
    stage: Stage, words: list[str], call: tuple[Any, ...]
) -> None:
    """IDs in lower case, booleans and ports as such, values as a tuple."""
    await stage.ask(*words)
    assert stage.fakes.calls == [call]


# -- the number of parameters, and their forms -----------------------------------------------------


@EVERY
@pytest_twisted.ensureDeferred
async def test_a_wrong_number_of_parameters_comes_first(stage: Stage, name: str) -> None:
    """In the command's own wording, before any form."""
    (text,) = (t for code, t in CONTRACT["command"][name]["errors"] if code == "010003")
    wanted = len(COMMANDS[name].parameters)
    numbers = [0, wanted - 1] if "Category" in name else [0, wanted - 1, wanted + 1, 50]
    for number in numbers:
        answer = await stage.ask(name, *["\0"] * number)
        assert answer == f"ERROR|010003|{text}".replace("{n}", str(number))
    assert stage.fakes.calls == []


@EVERY
@pytest_twisted.ensureDeferred
async def test_forms_are_checked_from_left_to_right_before_any_service(
    stage: Stage, name: str
) -> None:
    """Each parameter made wrong, with all those after it: the first wrong one is told."""
    command, good = COMMANDS[name], GOOD_ARGUMENTS[name]
    for at, parameter in enumerate(command.parameters):
        if not parameter.form.refusals:
            continue
        bad = "" if parameter.name in ("sessionTitle", "value") else BAD_UUID
        answer = await stage.ask(name, *good[:at], *[bad] * (len(good) - at))
        assert answer in [each.line(y=bad) for each in parameter.form.refusals]
    assert stage.fakes.calls == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["createSession", ""], "010001|Session name must be at least 1 character"),
        (["setLiveSession", "Yy", "x"], "010001|'Yy' is not a uuid"),
        (["setLiveSession", UUID, "TRUE"], "010001|'TRUE' is not a boolean"),
        (["deleteSession", "Test Session1"], "010001|'Test Session1' is not a uuid"),
        (["addSourceToSession", UUID, ""], "010001|'' is not a UUID"),
        (["removeSourceFromSession", UUID, "s"], "010001|'s' is not a uuid"),
        (
            ["shareSessionWithUser", "", "watch", "x"],
            "010001|Permission must be one of: WATCH, EDIT, RECORD, OWN",
        ),
        (["shareSessionWithUser", "", "WATCH", "x"], "010001|'x' is not a UUID"),
        (
            ["shareRecordingWithGroup", "g", "RECORD", UUID],
            "010001|Permission must be one of: WATCH, EDIT, OWN",
        ),
        (["updateMetadata", UUID, "Title", ""], "010001|'Title' is an invalid field name"),
        (
            ["updateSessionMetadata", UUID, "title", ""],
            "010001|Session name must be at least 1 character",
        ),
        (["setCategory", UUID, "c", ""], "010001|'c' is not a UUID"),
        (["startRestreamRecording", UUID, "host", "x"], "010001|'host' is not an ip address"),
        (["startRestreamRecording", UUID, "1.2.3.4", "x"], "010001|'x' is not a port number"),
        (["createsession", "x"], "000002|Command not found"),
        (["CREATESESSION", "x"], "000002|Command not found"),
        ([""], "000002|Command not found"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_not_of_its_form_is_told_in_the_guides_words(
    stage: Stage, words: list[str], line: str
) -> None:
    """No service is asked."""
    assert await stage.ask(*words) == f"ERROR|{line}"
    assert stage.fakes.calls == []


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("Ab 'c'", "Ab 'c'"),
        ("a\tb\nc\rd\x1be\u2028f\x85", r"a\tb\nc\rd\x1be\u2028f\x85"),
        ("é" * 200, "é" * 200),
        ("é" * 201, "é" * 200 + "…"),
        ("\n" * 150, r"\n" * 100 + "…"),
        ("{y}{n}{0}|", "{y}{n}{0}|"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_argument_is_shown_as_it_was_understood(
    stage: Stage, argument: str, shown: str
) -> None:
    """Its case kept, control characters visible, cut to 200 characters."""
    assert await stage.ask("startRecording", argument) == f"ERROR|010001|'{shown}' is not a UUID"


# -- what the services find ------------------------------------------------------------------------


@EVERY
@pytest_twisted.ensureDeferred
async def test_each_domain_error_of_a_command_is_its_line(stage: Stage, name: str) -> None:
    """As declared, and the declaration is held to the contract elsewhere."""
    command = COMMANDS[name]
    for kind in command.errors:
        stage.fakes.outcome = kind("not for the wire")
        answer = command.answer_to(kind)
        assert answer is not None
        assert await stage.ask_well(name) == answer.line(y=UUID)


@EVERY
@pytest_twisted.ensureDeferred
async def test_a_fault_of_the_store_is_the_commands_own_internal_error(
    stage: Stage, name: str, logged: list[LogEvent]
) -> None:
    """Logged with who asked what; the answer says no more than the guide."""
    stage.fakes.outcome = errors.StoreError("disk I/O error")
    line = INTERNAL.get(name, "070000|Internal Server Error")
    assert await stage.ask_well(name) == f"ERROR|{line}"
    (event,) = logged
    text = formatEvent(event)
    assert name in text
    assert PEER in text
    assert "disk I/O error" in text


@EVERY
@pytest_twisted.ensureDeferred
async def test_general_errors_are_the_same_for_every_command(stage: Stage, name: str) -> None:
    """Rights, readiness and the media engine."""
    for kind, line in GENERAL.items():
        stage.fakes.outcome = kind("why")
        assert await stage.ask_well(name) == line


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("createSession", errors.TitleTooLongError, "070019|Failed to create a session"),
        ("updateSessionMetadata", errors.TitleTooLongError, "070000|Internal Server Error"),
        ("updateMetadata", errors.TitleTooLongError, "070017|Failed to update a recording"),
        ("updateMetadata", errors.EmptyTitleError, "070017|Failed to update a recording"),
        ("addHotmark", errors.TitleTooLongError, "070000|Internal Server Error"),
        ("addHotmark", errors.NotActiveError, f"010004|'{UUID}' is not an active recording"),
        ("addSourceToSession", errors.TooManySourcesError, "070010|Could not create a track"),
        (
            "deleteSession",
            errors.RecordingInProgressError,
            "060003|Recording currently in progress",
        ),
        (
            "addSourceToSession",
            errors.RecordingInProgressError,
            "060003|Active recording currently in progress",
        ),
        (
            "removeSourceFromSession",
            errors.RecordingInProgressError,
            "060003|Active recording currently in progress",
        ),
        ("pauseRecording", errors.WrongStateError, "070003|Failed to update state"),
        ("startRecording", errors.DiskFullError, "070027|Insufficient Disk Space"),
        ("startRecording", errors.WriteFailedError, "070014|Error writing to file"),
        ("startRecording", errors.SourceUnusableError, "070000|Internal Server Error"),
        ("resumeRecording", errors.WriteFailedError, "070003|Failed to update state"),
        ("startRestreamRecording", errors.NoMediaError, "070004|Error while starting stream"),
        ("startRestreamRecording", errors.StreamFailedError, "070004|Error while starting stream"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_where_the_decisions_name_the_line(
    stage: Stage, name: str, error: type[Exception], line: str
) -> None:
    """Errors that several commands word differently, or that the guide leaves open."""
    stage.fakes.outcome = error("why")
    assert await stage.ask_well(name) == f"ERROR|{line}"


@pytest.mark.parametrize("name", SHARES)
@pytest_twisted.ensureDeferred
async def test_an_unknown_permission_is_told_like_what_is_none(stage: Stage, name: str) -> None:
    """The service finds it, the words are the form's."""
    stage.fakes.outcome = errors.PermissionNotFoundError("no such")
    words = "WATCH, EDIT, RECORD, OWN" if "Session" in name else "WATCH, EDIT, OWN"
    assert await stage.ask_well(name) == f"ERROR|010001|Permission must be one of: {words}"


@pytest_twisted.ensureDeferred
async def test_what_is_unforeseen_is_logged_with_its_traceback(
    stage: Stage, logged: list[LogEvent]
) -> None:
    """And answered 070000, whatever the command."""
    stage.fakes.outcome = ZeroDivisionError("a bug")
    assert await stage.ask_well("stopRecording") == "ERROR|070000|Internal Server Error"
    (event,) = logged
    assert event["log_failure"].check(ZeroDivisionError)
    assert "stopRecording" in formatEvent(event)


@pytest_twisted.ensureDeferred
async def test_what_a_client_brings_about_is_not_logged_as_a_fault(
    stage: Stage, logged: list[LogEvent]
) -> None:
    """Although the guide's code for it begins with 07."""
    stage.fakes.outcome = errors.WrongStateError("paused")
    await stage.ask_well("pauseRecording")
    assert logged == []


@pytest_twisted.ensureDeferred
async def test_before_the_server_is_ready_every_command_is_070000(stage: Stage) -> None:
    """Nothing is executed."""
    stage.ready = False
    assert await stage.ask_well("createSession") == "ERROR|070000|Internal Server Error"
    assert stage.fakes.calls == []


@pytest_twisted.ensureDeferred
async def test_commands_are_counted_and_timed(stage: Stage) -> None:
    """By name; what does not exist is counted together."""
    await stage.ask_well("createSession")
    await stage.ask("createSession")
    await stage.ask("nonsense")
    counts = stage.dispatcher.counts
    created, unknown = counts["createSession"], counts[UNKNOWN_COMMAND]
    assert (created.commands, created.errors, created.seconds) == (2, 1, 1.0)
    assert (unknown.commands, unknown.errors) == (1, 1)
    assert counts["stopRecording"].commands == 0


@given(
    st.lists(
        st.one_of(st.sampled_from([*COMMANDS, UUID, "title", "OWN", "true"]), st.text()),
        min_size=1,
    )
)
def test_no_words_make_two_lines_or_fail(words: list[str]) -> None:
    """Whatever a client sends, there is one answer, and it is one line."""
    answer: Deferred[str] = ensureDeferred(Stage().ask(*words))
    texts: list[str] = []
    answer.addCallback(texts.append)
    (text,) = texts
    assert text == "OK" or text.startswith(("OK|", "ERROR|"))
    assert len(text.splitlines()) == 1
