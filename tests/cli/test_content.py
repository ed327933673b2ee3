"""``hmpctl source``, ``category``, ``session`` and ``stream``."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert

from hmp_twisted.store import schema
from tests.catalogue import CREATED, add_recording, add_session, add_stream, new_id

from .conftest import Hmpctl


def test_sources(ctl: Hmpctl) -> None:
    """Added with an ID; listed, shown and removed by ID or name."""
    source_id = ctl("source", "add", "Camera", "udp://@239.1.2.3:5000", "--interface", "127.0.0.1")
    source_id = str(UUID(source_id.strip()))
    listed = {
        "id": source_id,
        "name": "Camera",
        "url": "udp://@239.1.2.3:5000",
        "interface": "127.0.0.1",
    }
    assert ctl.json("source", "list") == [listed]
    assert ctl.json("source", "show", source_id) == {**listed, "sessions": []}
    assert ctl.json("source", "show", "camera")["id"] == source_id
    assert "udp://@239.1.2.3:5000" in ctl("source", "list")
    with ctl.store.begin() as conn:
        session_id = add_session(conn, "Lecture", [source_id])
    assert ctl.json("source", "show", "Camera")["sessions"] == [session_id]
    assert f"{session_id}  Lecture" in ctl("source", "show", "Camera")
    assert "'Lecture'" in ctl.refused("source", "remove", "Camera")
    with ctl.store.begin() as conn:
        conn.execute(schema.session_sources.delete())
    assert ctl("source", "remove", source_id[:8]) == ""
    assert ctl.json("source", "list") == []
    assert "239.1.2.3" in ctl.refused("source", "add", "Camera", "udp://239.1.2.3")


def test_categories(ctl: Hmpctl) -> None:
    """Added with an ID and values in order; listed; removed."""
    values = ["--value", "SD", "--value", "Full HD"]
    category_id = ctl("category", "add", "Quality", *values, "--multiple", "--custom").strip()
    assert ctl.json("category", "list") == [
        {
            "id": category_id,
            "name": "Quality",
            "multiple": True,
            "custom": True,
            "values": ["SD", "Full HD"],
        }
    ]
    assert "SD, Full HD" in ctl("category", "list")
    assert "space" in ctl.refused("category", "add", "Room", "--value", " x")
    assert ctl("category", "remove", category_id) == ""
    assert ctl.json("category", "list") == []


def test_a_category_that_is_set_is_removed_by_force(ctl: Hmpctl) -> None:
    """Otherwise the refusal says on how many it is."""
    category_id = ctl("category", "add", "Quality").strip()
    with ctl.store.begin() as conn:
        row = {"session_id": add_session(conn), "category_id": category_id, "position": 0}
        conn.execute(insert(schema.session_categories).values(**row, value="HD"))
    assert "--force" in ctl.refused("category", "remove", "Quality")
    assert ctl("category", "remove", "Quality", "--force") == ""


def test_sessions(ctl: Hmpctl) -> None:
    """The shape that was promised, found by ID, beginning or title."""
    source_id = ctl("source", "add", "Camera", "udp://@:5000").strip()
    category_id = ctl("category", "add", "Quality").strip()
    ctl("user", "add", "ada")
    ctl("group", "add", "Studio")
    with ctl.store.begin() as conn:
        session_id = add_session(conn, "Lecture", [source_id])
        recording_id = add_recording(conn, session_id=session_id)
        row = {"session_id": session_id, "category_id": category_id, "position": 0}
        conn.execute(insert(schema.session_categories).values(**row, value="HD"))
        for table, permission in ((schema.users, "OWN"), (schema.groups, "WATCH")):
            subject = conn.execute(table.select()).one().id
            kind = table.name.removesuffix("s")
            share = {"id": new_id(), "session_id": session_id, "permission": permission}
            conn.execute(insert(schema.session_shares).values(**share, **{f"{kind}_id": subject}))
    listed = {
        "id": session_id,
        "title": "Lecture",
        "description": "about it",
        "createdby": "Ada",
        "live": True,
        "created": "2026-01-31T12:00:00Z",
        "sources": [source_id],
        "recordings": [recording_id],
    }
    assert ctl.json("session", "list") == [listed]
    for session in (session_id, session_id[:10], "Lecture"):
        assert ctl.json("session", "show", session) == {
            **listed,
            "categories": [{"category_id": category_id, "category": "Quality", "values": ["HD"]}],
            "shares": [
                {"user": "ada", "permission": "OWN"},
                {"group": "Studio", "permission": "WATCH"},
            ],
        }
    assert "Lecture" in ctl("session", "list")
    assert "Quality: HD" in ctl("session", "show", "Lecture")
    assert "no session 'Lectures'; did you mean" in ctl.refused("session", "show", "Lectures")


def test_a_title_cannot_act_on_the_terminal(ctl: Hmpctl) -> None:
    """Control characters that a client put into it are shown as escapes, in one line."""
    with ctl.store.begin() as conn:
        add_session(conn, "a\x1b[2J\nb\x9bc\u2028d")
    table = ctl("session", "list")
    assert r"a\x1b[2J\nb\x9bc\u2028d" in table
    assert len(table.splitlines()) == 2
    assert "\x1b" not in ctl("session", "list", "--json")
    assert "\x9b" not in ctl("session", "list", "--json")


def test_wide_characters_keep_the_columns_aligned(ctl: Hmpctl) -> None:
    """East Asian ones take two columns of a terminal, combining ones none."""
    ctl("device", "add", "会議室", "10.0.0.1")
    ctl("device", "add", "Cafe\u0301", "10.0.0.2")
    assert ctl("device", "list").splitlines() == [
        "NAME    ADDRESS   USER",
        "Cafe\u0301    10.0.0.2  (all rights)",
        "会議室  10.0.0.1  (all rights)",
    ]


def test_streams(ctl: Hmpctl) -> None:
    """Those that run are listed, all on request; any is shown."""
    with ctl.store.begin() as conn:
        recording_id = add_recording(conn, "First take")
        running = add_stream(conn, recording_id)
        failed = add_stream(conn, recording_id, ended=CREATED + 1, reason="no route to host")
    listed = {
        "id": running,
        "state": "RUNNING",
        "position_s": None,
        "recording_id": recording_id,
        "title": "First take",
        "address": "239.1.2.3",
        "port": 5000,
        "started": "2026-01-31T12:00:00Z",
        "ended": None,
        "reason": "",
    }
    assert ctl.json("stream", "list") == [listed]
    assert ctl.json("stream", "show", running) == listed
    assert {s["id"] for s in ctl.json("stream", "list", "--all")} == {running, failed}
    assert "239.1.2.3:5000" in ctl("stream", "list")
    assert "no route to host" in ctl("stream", "show", failed)
    assert "no stream has the ID" in ctl.refused("stream", "show", new_id())
