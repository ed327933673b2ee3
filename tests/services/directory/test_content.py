"""Sources and categories; sessions, recordings and streams as an administrator sees them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, select

from hmp_twisted.errors import (
    CategoryNotFoundError,
    InUseError,
    InvalidValueError,
    NameTakenError,
    SourceNotFoundError,
)
from hmp_twisted.services.directory import (
    categories,
    recordings,
    sessions,
    sources,
    streams,
    users,
)
from hmp_twisted.services.directory.attached import CategoryValues, Share
from hmp_twisted.store import schema
from tests.catalogue import CREATED, add_recording, add_session, add_stream, new_id


def test_a_source_is_kept_as_given(conn: Connection) -> None:
    """Found by name or ID."""
    source_id = sources.add_source(conn, "Camera", "udp://@239.1.2.3:5000", "127.0.0.1")
    expected = sources.Source(source_id, "Camera", "udp://@239.1.2.3:5000", "127.0.0.1")
    assert sources.find_source(conn, "camera") == expected
    assert sources.list_sources(conn) == (expected,)


@pytest.mark.parametrize(
    ("url", "interface"),
    [("239.1.2.3:5000", ""), ("udp://@239.1.2.3", ""), ("tcp://@:5000", ""), ("udp://@:5000", "x")],
)
def test_a_malformed_source_is_refused(conn: Connection, url: str, interface: str) -> None:
    """The refusal names the URL; nothing is kept."""
    with pytest.raises(InvalidValueError, match=url):
        sources.add_source(conn, "Camera", url, interface)
    assert sources.list_sources(conn) == ()


def test_a_source_in_a_session_stays(conn: Connection) -> None:
    """The refusal names the sessions; taken out of them it can go."""
    source_id = sources.add_source(conn, "Camera", "udp://@:5000")
    session_ids = [add_session(conn, f"Lecture {n}", [source_id], CREATED + n) for n in range(5)]
    with pytest.raises(InUseError, match=r"5 session.*'Lecture 0', .* and 2 more"):
        sources.remove_source(conn, "camera")
    assert [each for each, _ in sources.sessions_with(conn, source_id)] == session_ids
    conn.execute(schema.session_sources.delete())
    sources.remove_source(conn, source_id)
    with pytest.raises(SourceNotFoundError):
        sources.find_source(conn, source_id)


def test_a_category_keeps_the_order_of_its_values(conn: Connection) -> None:
    """Which is the administrator's."""
    category_id = categories.add_category(conn, "Quality", ["SD", "HD", "4K"], multiple=True)
    assert categories.list_categories(conn) == (
        categories.Category(category_id, "Quality", True, False, ("SD", "HD", "4K")),
    )
    with pytest.raises(NameTakenError):
        categories.add_category(conn, "quality")


@pytest.mark.parametrize(
    ("values", "why"),
    [([""], "at least 1"), (["HD "], "space"), (["HD", "SD", "HD"], "'HD': is given 2 times")],
)
def test_values_are_what_commands_could_set(conn: Connection, values: list[str], why: str) -> None:
    """Non-empty, without blank ends, and unique to the letter."""
    with pytest.raises(InvalidValueError, match=why):
        categories.add_category(conn, "Quality", values)
    categories.add_category(conn, "Quality", ["HD", "hd"])
    assert len(categories.list_categories(conn)) == 1


def _set_category(conn: Connection, table: str, object_id: str, category_id: str) -> None:
    kind = table.removesuffix("_categories")
    for position, value in enumerate(("HD", "SD")):
        row = {f"{kind}_id": object_id, "category_id": category_id, "position": position}
        conn.execute(insert(schema.metadata.tables[table]).values(**row, value=value))


def test_a_category_that_is_set_goes_by_force_only(conn: Connection) -> None:
    """The refusal counts objects, not values."""
    category_id = categories.add_category(conn, "Quality")
    _set_category(conn, "session_categories", add_session(conn), category_id)
    recording_id = add_recording(conn)
    _set_category(conn, "recording_categories", recording_id, category_id)
    with pytest.raises(InUseError, match=r"1 session\(s\) and 1 recording\(s\); --force"):
        categories.remove_category(conn, "Quality")
    categories.remove_category(conn, "Quality", force=True)
    assert recordings.categories_of_recording(conn, recording_id) == ()
    with pytest.raises(CategoryNotFoundError):
        categories.remove_category(conn, category_id)


def test_a_session_with_all_that_is_attached(conn: Connection) -> None:
    """Sources in their order, recordings oldest first, values and shares."""
    held = [sources.add_source(conn, f"Camera {n}", f"udp://@:500{n}") for n in range(3)]
    session_id = add_session(conn, "Lecture", [held[2], held[0]])
    made = [add_recording(conn, session_id=session_id, created=CREATED - n) for n in range(2)]
    add_recording(conn)
    category_id = categories.add_category(conn, "Quality")
    _set_category(conn, "session_categories", session_id, category_id)
    user_id = users.add_user(conn, "ada")
    row = {"id": new_id(), "session_id": session_id, "permission": "OWN", "user_id": user_id}
    conn.execute(insert(schema.session_shares).values(**row))

    found = sessions.find_session(conn, "Lecture")
    assert found.sources == (held[2], held[0])
    assert found.recordings == (made[1], made[0])
    assert sessions.list_sessions(conn) == (found,)
    assert sessions.categories_of_session(conn, session_id) == (
        CategoryValues(category_id, "Quality", ("HD", "SD")),
    )
    assert sessions.shares_of_session(conn, session_id) == (Share("ada", None, "OWN"),)


def test_recordings_are_listed_oldest_first(conn: Connection) -> None:
    """All of them, or the active ones alone."""
    newer = add_recording(conn, created=CREATED + 1, state="PAUSED")
    older = add_recording(conn, created=CREATED)
    assert [r.id for r in recordings.list_recordings(conn)] == [older, newer]
    assert [r.id for r in recordings.list_recordings(conn, active=True)] == [newer]


def _entry(recording_id: str, **fields: object) -> recordings.Entry:
    values = {"session_id": "", "title": "t", "created": CREATED, "state": "FINISHED"}
    return recordings.Entry(  # type: ignore[arg-type]  # fields of any kind
        id=recording_id, duration_s=1.5, track_count=1, **{**values, **fields}
    )


def test_an_entry_keeps_hotmarks_and_the_categories_known_here(conn: Connection) -> None:
    """By ID, or by name on another system; the rest is given back to be told."""
    quality = categories.add_category(conn, "Quality")
    room = categories.add_category(conn, "Room")
    marks = (recordings.HotMark(3, "Begin"), recordings.HotMark(70, ""))
    given = (
        CategoryValues(quality, "Former name", ("HD",)),
        CategoryValues(new_id(), "ROOM", ("101", "102")),
        CategoryValues(new_id(), "Stranger", ("x",)),
    )
    recording_id = new_id()
    entry = _entry(recording_id, hotmarks=marks, categories=given)
    assert recordings.add_entry(conn, entry) == ("Stranger",)
    assert recordings.hotmarks_of(conn, recording_id) == marks
    assert recordings.categories_of_recording(conn, recording_id) == (
        CategoryValues(quality, "Quality", ("HD",)),
        CategoryValues(room, "Room", ("101", "102")),
    )
    found = recordings.find_recording(conn, recording_id)
    assert (found.state, found.duration_s, found.is_active) == ("FINISHED", 1.5, False)


def test_an_entry_is_new_and_has_ended(conn: Connection) -> None:
    """What is in the catalogue is not overwritten; what runs is the server's."""
    with pytest.raises(NameTakenError, match="in the catalogue already"):
        recordings.add_entry(conn, _entry(add_recording(conn)))
    with pytest.raises(InvalidValueError, match="has not ended"):
        recordings.add_entry(conn, _entry(new_id(), state="PAUSED"))


def test_streams_are_those_that_run_or_all(conn: Connection) -> None:
    """Each tells its state and its recording's title, if that is still there."""
    recording_id = add_recording(conn, "First take")
    running = add_stream(conn, recording_id)
    ended = add_stream(conn, recording_id, ended=CREATED + 1)
    failed = add_stream(conn, new_id(), ended=CREATED + 1, reason="no route")
    assert [stream.id for stream in streams.list_streams(conn)] == [running]
    states = {s.id: (s.state, s.title) for s in streams.list_streams(conn, ended=True)}
    assert states == {
        running: ("RUNNING", "First take"),
        ended: ("ENDED", "First take"),
        failed: ("FAILED", ""),
    }
    assert streams.find_stream(conn, failed[:13]).reason == "no route"


def test_a_removed_entry_leaves_nothing(conn: Connection) -> None:
    """HotMarks, values, shares and former streams go with it."""
    recording_id = add_recording(conn)
    add_stream(conn, recording_id, ended=CREATED)
    conn.execute(insert(schema.hotmarks).values(recording_id=recording_id, time_s=1, title="Begin"))
    recordings.remove_entry(conn, recording_id)
    for table in (schema.recordings, schema.hotmarks, schema.streams):
        assert conn.execute(select(table)).all() == []
