"""``decisions.md``, "Rights": devices tied to users, roles, groups, shares, custom permissions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from ..harness import Client
from .stage import Stage

DENIED = "ERROR|020000|Not Authorized"
CANNOT_SHARE = "ERROR|030003|Cannot share"
_numbers = itertools.count(1)


@attrs.define
class People:
    """A server, who administers it over TCP, and users who each have a device."""

    stage: Stage
    root: Client
    devices: dict[str, str] = attrs.field(factory=dict)

    def user(self, *options: str) -> str:
        """A new user (with the role Viewer, which grants nothing) and a device of theirs."""
        number = next(_numbers)
        name, address = f"user{number}", f"127.0.1.{number}"
        self.stage.hmpctl("user", "add", name, *(options or ("--role", "Viewer")))
        self.stage.hmpctl("device", "add", f"device of {name}", address, "--user", name)
        self.devices[name] = address
        return name

    def at(self, name: str) -> Client:
        """A connection from the user's device, once the server knows that."""
        return self.stage.admitted_client(self.devices[name])

    def role(self, *actions: str) -> str:
        """A new role that grants these."""
        name = f"role{next(_numbers)}"
        self.stage.hmpctl("role", "add", name, *_granting(actions))
        return name

    def permission(self, *actions: str) -> str:
        """A new custom permission's ID."""
        name = f"permission{next(_numbers)}"
        return self.stage.hmpctl("permission", "add", name, *_granting(actions))


def _granting(actions: tuple[str, ...]) -> list[str]:
    return [word for action in actions for word in ("--grant", action)]


@pytest.fixture(scope="module")
def people(template: Path) -> Iterator[People]:
    """One server for all tests of this module; every test makes its own users."""
    with Stage.on(template) as stage:
        stage.start()
        yield People(stage, stage.client())


@pytest.fixture
def session(people: People) -> str:
    """A session of one source that nobody has a share of."""
    return people.stage.session(people.root, 0)


@pytest.fixture(scope="module")
def finished(people: People) -> str:
    """A finished recording that holds some media."""
    return people.stage.finished(people.root, seconds=3)


def test_actions_of_roles_groups_and_shares_add_up(people: People, session: str) -> None:
    """Role, group's role, share with the user and share with the group: each gives its part."""
    group = f"group{next(_numbers)}"
    people.stage.hmpctl("group", "add", group, "--role", people.role("change-sources"))
    name = people.user("--role", people.role("edit"), "--group", group)
    source = people.stage.names.sources[1]
    with people.at(name) as user:
        assert user.ask("updateSessionMetadata", session, "title", "x") == "OK"
        assert user.ask("addSourceToSession", session, source) == "OK"
        assert user.ask("startRecording", session) == DENIED
        assert user.ask("deleteSession", session) == DENIED
        people.root.result("shareSessionWithUser", name, "RECORD", session)
        people.root.result("shareSessionWithGroup", group, people.permission("delete"), session)
        user.result("stopRecording", user.result("startRecording", session))
        assert user.ask("deleteSession", session) == "OK"


def test_a_role_may_grant_nothing_and_still_is_a_role(people: People, session: str) -> None:
    """A user with such a role can be shared with; one without any cannot."""
    empty = f"role{next(_numbers)}"
    people.stage.hmpctl("role", "add", empty)
    name = people.user("--role", empty)
    assert people.root.ask("shareSessionWithUser", name, "WATCH", session) == "OK"
    refused = people.root.ask("shareSessionWithUser", "Roleless", "WATCH", session)
    assert refused == "ERROR|060001|User has no roles assigned"


@pytest.mark.parametrize("action", ["create-sessions", "administer"])
def test_two_actions_belong_to_roles_alone(people: People, action: str) -> None:
    """No permission on an object can grant them; a role can."""
    refused = people.stage.try_hmpctl("permission", "add", f"p-{action}", "--grant", action)
    assert refused.returncode == 1 or refused.returncode == 2
    assert action in refused.stderr
    people.role(action)


def test_roles_from_the_start(people: People, session: str) -> None:
    """Administrator may everything; Content Creator creates; the others nothing by themselves."""
    expected = {
        "Administrator": ("OK|", "OK"),
        "Content Creator": ("OK|", "ERROR|040006|Session not found"),
        "Content Contributor": (DENIED, "ERROR|040006|Session not found"),
        "Viewer": (DENIED, "ERROR|040006|Session not found"),
    }
    for role, (created, changed) in expected.items():
        with people.at(people.user("--role", role)) as user:
            assert user.ask("createSession", "mine").startswith(created), role
            assert user.ask("updateSessionMetadata", session, "title", "x") == changed, role


def test_who_creates_a_session_owns_it(people: People) -> None:
    """The creator may do everything with it, deleting included; others do not see it."""
    creator = people.user("--role", "Content Creator")
    with people.at(creator) as owner, people.at(people.user()) as other:
        session = owner.result("createSession", "mine")
        assert other.ask("setLiveSession", session, "true") == "ERROR|040006|Session not found"
        owner.result("addSourceToSession", session, people.stage.names.sources[0])
        shares = people.stage.show("session", "show", session)["shares"]
        assert shares == [{"user": creator, "permission": "OWN"}]
        owner.result("deleteSession", session)


def test_who_starts_a_recording_owns_it(people: People, session: str) -> None:
    """RECORD on a session is enough to start; the recording then is the starter's own."""
    name = people.user()
    people.root.result("shareSessionWithUser", name, "RECORD", session)
    with people.at(name) as user, people.at(people.user()) as other:
        recording = user.result("startRecording", session)
        assert other.ask("getRecordingStatus", recording).startswith("ERROR|040001|")
        user.result("addHotmark", recording, "mine")
        user.result("stopRecording", recording)
        user.result("updateMetadata", recording, "title", "mine")
        user.result("shareRecordingWithUser", "Member", "OWN", recording)
    shares = people.stage.show("recording", "show", recording)["shares"]
    assert {"user": name, "permission": "OWN"} in shares


def test_sources_are_visible_to_all(people: People, session: str) -> None:
    """Whoever may change a session's sources may take any source there is."""
    name = people.user()
    permission = people.permission("change-sources")
    people.root.result("shareSessionWithUser", name, permission, session)
    with people.at(name) as user:
        user.result("addSourceToSession", session, people.stage.names.sources[2])


def test_what_is_not_seen_is_not_found(people: People, session: str, finished: str) -> None:
    """Without any action on an object it is "not found", as if it were not there."""
    stage = people.stage
    stream_gone = "ERROR|040003|Stream not found"
    with people.at(people.user()) as user:
        for words, answer in {
            ("setLiveSession", session, "true"): "ERROR|040006|Session not found",
            ("deleteSession", session): "ERROR|040006|Session not found",
            ("startRecording", session): "ERROR|040006|Session not found",
            (
                "addSourceToSession",
                session,
                stage.names.sources[0],
            ): "ERROR|040006|Session not found",
            ("shareSessionWithUser", "Member", "WATCH", session): "ERROR|040006|Session not found",
            ("getRecordingStatus", finished): "ERROR|040001|Active recording not found",
            ("stopRecording", finished): "ERROR|040001|Active recording not found",
            ("updateMetadata", finished, "title", "x"): "ERROR|040002|Recording not found",
            ("addHotmark", finished, "x"): "ERROR|040002|Recording not found",
            ("startRestreamRecording", finished, "127.0.0.1", "5000"): (
                "ERROR|040002|Recording not found"
            ),
            ("stopRestreamRecording", _playing(people, finished)): stream_gone,
        }.items():
            assert user.ask(*words) == answer, words


def _playing(people: People, recording: str) -> str:
    """A stream that may still run, to a port that nobody listens to."""
    people.root.ask("getRecordingStatus", recording)
    return people.root.result("startRestreamRecording", recording, "127.0.0.1", "9")


NEEDS_ON_SESSIONS = [
    ("edit", ("setLiveSession", "{s}", "true")),
    ("edit", ("updateSessionMetadata", "{s}", "title", "x")),
    ("edit", ("setSessionCategory", "{s}", "{category}", "HD")),
    ("change-sources", ("addSourceToSession", "{s}", "{source}")),
    ("change-sources", ("removeSourceFromSession", "{s}", "{own}")),
    ("record", ("startRecording", "{s}")),
    ("delete", ("deleteSession", "{s}")),
]

NEEDS_ON_RECORDINGS = [
    ("edit", ("updateMetadata", "{r}", "title", "x")),
    ("edit", ("setCategory", "{r}", "{category}", "HD")),
    ("edit", ("addHotmark", "{r}", "x")),
    ("record", ("pauseRecording", "{r}")),
    ("record", ("stopRecording", "{r}")),
    ("watch", ("getRecordingStatus", "{r}")),
]


def _filled(people: People, words: tuple[str, ...], **ids: str) -> list[str]:
    names = people.stage.names
    values = {"category": names.single, "source": names.sources[3], "own": names.sources[0], **ids}
    return [word.format(**values) for word in words]


@pytest.mark.parametrize(("action", "words"), NEEDS_ON_SESSIONS)
def test_what_an_act_on_a_session_needs(
    people: People, session: str, action: str, words: tuple[str, ...]
) -> None:
    """Every other action together is not enough; with the one that it needs it works."""
    every = ("watch", "edit", "change-permissions", "record", "change-sources", "delete")
    name = people.user()
    others = people.permission(*(a for a in every if a != action))
    people.root.result("shareSessionWithUser", name, others, session)
    with people.at(name) as user:
        asked = _filled(people, words, s=session)
        assert user.ask(*asked) == DENIED
        people.root.result("shareSessionWithUser", name, people.permission(action), session)
        answer = user.ask(*asked)
        assert answer.startswith("OK"), answer
    if words[0] == "startRecording":
        people.root.result("stopRecording", answer[3:])


@pytest.mark.parametrize(("action", "words"), NEEDS_ON_RECORDINGS)
def test_what_an_act_on_a_recording_needs(
    people: People, session: str, action: str, words: tuple[str, ...]
) -> None:
    """Seen, but not allowed, is Not Authorized; to ask for the state any action will do."""
    recording = people.root.result("startRecording", session)
    name = people.user()
    with people.at(name) as user:
        asked = _filled(people, words, r=recording)
        people.root.result("shareRecordingWithUser", name, people.permission("trim"), recording)
        if action != "watch":
            assert user.ask(*asked) == DENIED
            given = people.permission(action)
            people.root.result("shareRecordingWithUser", name, given, recording)
        assert user.ask(*asked).startswith("OK")
    people.root.ask("stopRecording", recording)


@pytest.mark.parametrize("act", ["pauseRecording", "stopRecording"])
def test_record_on_the_session_is_enough(people: People, session: str, act: str) -> None:
    """A recording can be paused, resumed and stopped by who may record its session."""
    recording = people.root.result("startRecording", session)
    name = people.user()
    people.root.result("shareSessionWithUser", name, people.permission("record"), session)
    people.root.result("shareRecordingWithUser", name, "WATCH", recording)
    with people.at(name) as user:
        user.result(act, recording)
        if act == "pauseRecording":
            user.result("resumeRecording", recording)
            user.result("stopRecording", recording)


def test_restream_needs_restream(people: People, finished: str) -> None:
    """Starting and stopping a stream both need it on the recording."""
    name = people.user()
    people.root.result("shareRecordingWithUser", name, "EDIT", finished)
    with people.at(name) as user:
        words = ("startRestreamRecording", finished, "127.0.0.1", "19")
        assert user.ask(*words) == DENIED
        running = people.root.result(*words)
        assert user.ask("stopRestreamRecording", running) == DENIED
        people.root.result("stopRestreamRecording", running)
        custom = people.stage.names.custom
        people.root.result("shareRecordingWithUser", name, custom, finished)
        user.result("stopRestreamRecording", user.result(*words))


@pytest.mark.parametrize("kind", ["Session", "Recording"])
def test_sharing_needs_what_is_shared(
    people: People, session: str, finished: str, kind: str
) -> None:
    """``change-permissions``, and every action of the shared permission; otherwise 030003."""
    thing = session if kind == "Session" else finished
    name = people.user()
    with people.at(name) as user:
        people.root.result(f"share{kind}WithUser", name, "EDIT", thing)
        assert user.ask(f"share{kind}WithUser", "Member", "WATCH", thing) == CANNOT_SHARE
        given = people.permission("watch", "edit", "change-permissions")
        people.root.result(f"share{kind}WithUser", name, given, thing)
        for subject in (("User", "Member"), ("Group", "Crew")):
            command = f"share{kind}With{subject[0]}"
            assert user.ask(command, subject[1], "EDIT", thing) == "OK"
            assert user.ask(command, subject[1], "OWN", thing) == CANNOT_SHARE
            more = people.permission("watch", "delete")
            assert user.ask(command, subject[1], more, thing) == CANNOT_SHARE
        people.root.result(f"share{kind}WithUser", name, "OWN", thing)
        assert user.ask(f"share{kind}WithUser", "Member", "OWN", thing) == "OK"


def test_not_allowed_comes_before_the_objects_state(people: People, session: str) -> None:
    """Who may only watch learns nothing of the state, and the connection stays."""
    name = people.user()
    people.root.result("shareSessionWithUser", name, "WATCH", session)
    recording = people.root.result("startRecording", session)
    people.root.result("shareRecordingWithUser", name, "WATCH", recording)
    with people.at(name) as user:
        assert user.ask("deleteSession", session) == DENIED
        assert user.ask("resumeRecording", recording) == DENIED
        people.root.result("stopRecording", recording)
        assert user.ask("addHotmark", recording, "x") == DENIED
        assert user.ask("getRecordingStatus", recording) == "OK|FINISHED"


def test_default_permissions_grant_what_the_guide_says(people: People, session: str) -> None:
    """WATCH sees, EDIT edits, RECORD records, OWN may all."""
    name = people.user()
    with people.at(name) as user:
        for word, edit, record in [
            ("WATCH", DENIED, DENIED),
            ("EDIT", "OK", DENIED),
            ("RECORD", DENIED, "OK|"),
            ("OWN", "OK", "OK|"),
        ]:
            people.root.result("shareSessionWithUser", name, word, session)
            assert user.ask("setLiveSession", session, "true") == edit
            answer = user.ask("startRecording", session)
            assert answer.startswith(record)
            if answer.startswith("OK"):
                user.result("stopRecording", answer[3:])
        assert user.ask("deleteSession", session) == "OK"
