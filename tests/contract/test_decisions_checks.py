"""``decisions.md``, "Checks, in this order", and its table for sessions, shares and metadata."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..harness import Client
from .lines import COMMANDS, unknown
from .stage import Stage

SESSION_GONE = "ERROR|040006|Session not found"
FAILED = "ERROR|070000|Internal Server Error"


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


def test_1_the_number_of_parameters_comes_first(client: Client) -> None:
    """Also when not one of them has the right form."""
    answer = client.ask("updateMetadata", "x", "y")
    assert answer == "ERROR|010003|Expected 3 parameter(s). Got 2 parameter(s)"


def test_2_forms_are_checked_from_left_to_right(client: Client) -> None:
    """The first parameter of a wrong form is the one that is told, before anything is looked up."""
    for words, wrong in [
        (("addSourceToSession", "left", "right"), "'left' is not a UUID"),
        (("addSourceToSession", unknown(), "right"), "'right' is not a UUID"),
        (("updateMetadata", "left", "field", "x"), "'left' is not a UUID"),
        (("updateMetadata", unknown(), "field", "x"), "'field' is an invalid field name"),
        (("startRestreamRecording", unknown(), "a", "b"), "'a' is not an ip address"),
        (("startRestreamRecording", unknown(), "1.2.3.4", "b"), "'b' is not a port number"),
        (("setLiveSession", "left", "maybe"), "'left' is not a uuid"),
        (("setCategory", "left", "right", ""), "'left' is not a UUID"),
        (("setCategory", unknown(), "right", ""), "'right' is not a UUID"),
    ]:
        assert client.ask(*words) == f"ERROR|010001|{wrong}"


def test_2_permission_before_the_sessions_id(client: Client) -> None:
    """``permissionId`` stands left of ``sessionId``; its form is checked first."""
    answer = client.ask("shareSessionWithUser", "nobody", "VIEW", "x")
    assert answer == "ERROR|010001|Permission must be one of: WATCH, EDIT, RECORD, OWN"


def test_3_what_is_named_is_looked_up_in_the_contracts_order(stage: Stage, client: Client) -> None:
    """The session before the source, the category before the session, the user before all."""
    session = stage.session(client, 0)
    recording = client.result("startRecording", session)
    for words, code in [
        (("addSourceToSession", unknown(), unknown()), "040006"),
        (("addSourceToSession", session, unknown()), "040009"),
        (("addSourceToSession", session, stage.names.sources[0]), "060003"),
        (("removeSourceFromSession", session, stage.names.sources[1]), "040009"),
        (("setSessionCategory", unknown(), unknown(), "x"), "040007"),
        (("shareSessionWithUser", "nobody", "OWN", unknown()), "040004"),
        (("shareSessionWithUser", "Roleless", "OWN", unknown()), "060001"),
    ]:
        assert client.ask(*words).split("|")[1] == code, words
    client.result("stopRecording", recording)


def test_a_uuid_in_either_case_is_answered_in_lower_case(stage: Stage, client: Client) -> None:
    """IDs are found whatever their case; what is answered and listed is lower case."""
    session = stage.session(client, 0)
    assert session == session.lower()
    recording = client.result("startRecording", session.upper())
    assert recording == recording.lower()
    assert client.ask("stopRecording", recording.upper()) == "OK"
    assert stage.show("recording", "show", recording)["session_id"] == session


def test_an_error_changes_nothing(stage: Stage, client: Client) -> None:
    """One error at a time, the first that applies, and all is as it was."""
    session = stage.session(client, 0)
    before = stage.show("session", "show", session)
    for words in [
        ("setLiveSession", session, "TRUE"),
        ("updateSessionMetadata", session, "title", ""),
        ("updateSessionMetadata", session, "title", "x" * 1025),
        ("setSessionCategory", session, stage.names.several, "good", " bad"),
        ("setSessionCategory", session, unknown(), "good"),
        ("addSourceToSession", session, stage.names.sources[0]),
        ("removeSourceFromSession", session, stage.names.sources[1]),
        ("shareSessionWithUser", "Roleless", "OWN", session),
    ]:
        assert client.ask(*words).startswith("ERROR|"), words
    assert stage.show("session", "show", session) == before


# -- createSession, setLiveSession, deleteSession -----------------------------------------------


def test_create_session_titles_need_not_be_unique(client: Client) -> None:
    """Two sessions of one title have IDs of their own."""
    assert client.result("createSession", "twin") != client.result("createSession", "twin")


def test_create_session_title_length(client: Client) -> None:
    """1 to 1,024 characters (not bytes); a longer one is 070019."""
    assert client.ask("createSession", "é" * 1024).startswith("OK|")
    too_long = client.ask("createSession", "é" * 1025)
    assert too_long == "ERROR|070019|Failed to create a session"
    assert client.ask("createSession", " ").startswith("OK|")


def test_set_live_session(stage: Stage, client: Client) -> None:
    """A new session is not live; setting what already is answers OK."""
    session = stage.session(client)
    assert stage.show("session", "show", session)["live"] is False
    assert client.ask("setLiveSession", session, "false") == "OK"
    assert client.ask("setLiveSession", session, "true") == "OK"
    assert client.ask("setLiveSession", session, "true") == "OK"


def test_delete_session_is_by_id(client: Client) -> None:
    """The guide's example, by title, contradicts its table."""
    client.result("createSession", "Test Session1")
    answer = client.ask("deleteSession", "Test Session1")
    assert answer == "ERROR|010001|'Test Session1' is not a uuid"


def test_delete_session_keeps_finished_recordings(stage: Stage, client: Client) -> None:
    """They stay; paused ones count as in progress."""
    session = stage.session(client, 0)
    first = client.result("startRecording", session)
    second = client.result("startRecording", session)
    client.result("pauseRecording", second)
    client.result("stopRecording", first)
    busy = "ERROR|060003|Recording currently in progress"
    assert client.ask("deleteSession", session) == busy
    client.result("stopRecording", second)
    client.result("deleteSession", session)
    for recording in (first, second):
        assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"
        assert client.ask("updateMetadata", recording, "title", "kept") == "OK"


# -- sources ------------------------------------------------------------------------------------


def test_a_fifth_source(stage: Stage, client: Client) -> None:
    """070010, and the four stay."""
    session = stage.session(client, 4, 3, 2, 1)
    answer = client.ask("addSourceToSession", session, stage.names.sources[0])
    assert answer == "ERROR|070010|Could not create a track"
    shown = stage.show("session", "show", session)["sources"]
    assert shown == [stage.names.sources[n] for n in (4, 3, 2, 1)]


def test_removing_a_source_of_another_session(stage: Stage, client: Client) -> None:
    """A source that exists, but not in this session, is 040009."""
    session = stage.session(client, 0)
    answer = client.ask("removeSourceFromSession", session, stage.names.sources[1])
    assert answer == "ERROR|040009|Source not found"


# -- shares -------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["User", "Group"])
def test_a_share_replaces_the_former(stage: Stage, client: Client, subject: str) -> None:
    """One share a user or group and object: the last."""
    session, name = stage.session(client), {"User": "Viewer1", "Group": "Crew"}[subject]
    for permission in ("OWN", stage.names.custom, "WATCH"):
        client.result(f"shareSessionWith{subject}", name, permission, session)
    shares = stage.show("session", "show", session)["shares"]
    assert shares == [{subject.lower(): name, "permission": "WATCH"}]


def test_names_are_compared_without_case(stage: Stage, client: Client) -> None:
    """By Unicode case folding, where ``ß`` is ``ss``."""
    stage.hmpctl("user", "add", "Straße", "--role", "Viewer")
    stage.hmpctl("group", "add", "ΣΊΣΥΦΟΣ", "--role", "Viewer")
    session = stage.session(client)
    assert client.ask("shareSessionWithUser", "STRASSE", "WATCH", session) == "OK"
    assert client.ask("shareSessionWithUser", "straSSe", "EDIT", session) == "OK"
    assert client.ask("shareSessionWithGroup", "σίσυφος", "WATCH", session) == "OK"
    shares = stage.show("session", "show", session)["shares"]
    assert sorted(share.get("user") or share["group"] for share in shares) == ["Straße", "ΣΊΣΥΦΟΣ"]


def test_permission_ids(stage: Stage, client: Client) -> None:
    """A listed word in capitals, or a custom permission's UUID in either case, and nothing else."""
    session = stage.session(client)
    wrong = "ERROR|010001|Permission must be one of: WATCH, EDIT, RECORD, OWN"
    for word in ("WATCH", "EDIT", "RECORD", "OWN", stage.names.custom, stage.names.custom.upper()):
        assert client.ask("shareSessionWithUser", "Viewer1", word, session) == "OK"
    for word in ("watch", "Play", "", unknown()):
        assert client.ask("shareSessionWithUser", "Viewer1", word, session) == wrong


def test_an_unknown_permission_is_checked_before_the_user(client: Client) -> None:
    """Though it looks like a UUID, it is told before the user or group is looked up."""
    for command, listed in [
        ("shareSessionWithUser", "WATCH, EDIT, RECORD, OWN"),
        ("shareRecordingWithGroup", "WATCH, EDIT, OWN"),
    ]:
        answer = client.ask(command, "nobody", unknown(), unknown())
        assert answer == f"ERROR|010001|Permission must be one of: {listed}"


def test_a_user_has_a_role_directly_or_through_a_group(stage: Stage, client: Client) -> None:
    """``Member`` has none of its own; its group has."""
    session = stage.session(client)
    assert client.ask("shareSessionWithUser", "Member", "WATCH", session) == "OK"
    assert client.ask("shareSessionWithUser", "Roleless", "WATCH", session).startswith(
        "ERROR|060001|"
    )


# -- metadata and categories --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "empty", "long"),
    [
        ("Session", "ERROR|010001|Session name must be at least 1 character", FAILED),
        (
            "Recording",
            "ERROR|070017|Failed to update a recording",
            "ERROR|070017|Failed to update a recording",
        ),
    ],
)
def test_metadata_values(stage: Stage, client: Client, kind: str, empty: str, long: str) -> None:
    """A title has 1 to 1,024 characters; the other two may be emptied."""
    session = stage.session(client, 0)
    made = session if kind == "Session" else stage.finished(client, seconds=0)
    command = "updateSessionMetadata" if kind == "Session" else "updateMetadata"
    assert client.ask(command, made, "title", "x" * 1024) == "OK"
    assert client.ask(command, made, "title", "") == empty
    assert client.ask(command, made, "title", "x" * 1025) == long
    for field in ("description", "createdby"):
        assert client.ask(command, made, field, "something") == "OK"
        assert client.ask(command, made, field, "") == "OK"
    shown = stage.show(kind.lower(), "show", made)
    assert (shown["title"], shown["description"], shown["createdby"]) == ("x" * 1024, "", "")


def test_an_empty_session_title_comes_after_its_id_and_field(client: Client) -> None:
    """Values are checked last; an unknown session is not found if its new title is right."""
    answer = client.ask("updateSessionMetadata", unknown(), "title", "right")
    assert answer == SESSION_GONE
    wrong = client.ask("updateSessionMetadata", "x", "title", "")
    assert wrong == "ERROR|010001|'x' is not a UUID"


def test_update_metadata_with_a_sessions_id(stage: Stage, client: Client) -> None:
    """The guide's example is a misprint: 040002."""
    answer = client.ask("updateMetadata", stage.session(client), "title", "Test2")
    assert answer == "ERROR|040002|Recording not found"


@pytest.mark.parametrize("kind", ["Session", "Recording"])
def test_a_category_is_replaced(stage: Stage, client: Client, kind: str) -> None:
    """Replaces that category's values, leaves other categories; unlisted values are taken."""
    session = stage.session(client, 0)
    made = session if kind == "Session" else stage.finished(client, seconds=0)
    command = "setSessionCategory" if kind == "Session" else "setCategory"
    single, several = stage.names.single, stage.names.several
    client.result(command, made, single, "not listed")
    client.result(command, made, several, "one", "two", "three")
    client.result(command, made, several, "Two", "two")
    assert stage.categories(kind.lower(), made) == {
        single: ["not listed"],
        several: ["Two", "two"],
    }


def test_checks_of_values_come_in_the_tables_order(client: Client) -> None:
    """Each over all values: an empty one anywhere is told before a space anywhere."""
    for command in ("setSessionCategory", "setCategory"):
        assert COMMANDS[command]["errors"][3][1] == "Please provide non-empty values"
        for values, text in [
            (("a", "a", " b", ""), "Please provide non-empty values"),
            (("a", "a", " b"), "Please remove any leading or trailing spaces in the values"),
            (("a", "a"), "Please verify that values are unique"),
        ]:
            answer = client.ask(command, unknown(), unknown(), *values)
            assert answer == f"ERROR|010001|{text}"
