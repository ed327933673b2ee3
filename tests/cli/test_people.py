"""``hmpctl role``, ``user``, ``group`` and ``permission``."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from hmp_twisted.store.schema import users

from .conftest import Hmpctl


def _password_hash(ctl: Hmpctl, username: str) -> str:
    query = select(users.c.password_hash).where(users.c.name == username)
    with ctl.store.begin() as conn:
        return str(conn.execute(query).scalar_one())


def test_roles(ctl: Hmpctl) -> None:
    """Added by name, with actions repeated or with commas; listed; removed."""
    assert ctl("role", "add", "Crew", "--grant", "record", "--grant", "watch,edit") == "Crew\n"
    assert ctl("role", "add", "Guest") == "Guest\n"
    granted = {role["name"]: role for role in ctl.json("role", "list")}
    assert granted["Crew"]["grants"] == ["watch", "edit", "record"]
    assert granted["Crew"]["builtin"] is False
    assert granted["Guest"]["grants"] == []
    assert granted["Administrator"]["builtin"] is True
    assert "Crew" in ctl("role", "list")
    assert ctl("role", "remove", "crew") == ""
    assert "exists from the start" in ctl.refused("role", "remove", "Viewer")
    assert "must be one of watch" in ctl.refused("role", "add", "x", "--grant", "fly")


def test_a_role_in_use_is_removed_by_force(ctl: Hmpctl) -> None:
    """Otherwise the refusal names who has it."""
    ctl("role", "add", "Crew")
    ctl("user", "add", "ada", "--role", "Crew")
    assert "user 'ada'; --force" in ctl.refused("role", "remove", "Crew")
    assert ctl("role", "remove", "Crew", "--force") == ""
    assert ctl.json("user", "show", "ada")["roles"] == []


def test_users(ctl: Hmpctl) -> None:
    """Added by name; listed and shown with roles, groups and devices; removed."""
    ctl("group", "add", "Studio")
    options = ["--display-name", "Ada Lovelace", "--role", "viewer", "--role", "Content Creator"]
    assert ctl("user", "add", "ada", *options, "--group", "studio") == "ada\n"
    ctl("device", "add", "desk", "10.0.0.7", "--user", "ada")
    shown = ctl.json("user", "show", "ADA")
    user_id = shown.pop("id")
    listed = {
        "username": "ada",
        "display_name": "Ada Lovelace",
        "roles": ["Content Creator", "Viewer"],
        "groups": ["Studio"],
        "can_sign_in": False,
    }
    assert shown == {**listed, "devices": ["desk"]}
    assert ctl.json("user", "list") == [{"id": user_id, **listed}]
    assert "Ada Lovelace" in ctl("user", "list")
    assert "Devices:       desk" in ctl("user", "show", "ada")
    assert "device 'desk'" in ctl.refused("user", "remove", "ada")
    ctl("device", "remove", "desk")
    assert ctl("user", "remove", "ada") == ""
    assert ctl.json("user", "list") == []


@pytest.mark.parametrize("line", ["correct horse", "correct horse\n", "correct horse\r\nmore\n"])
def test_a_password_is_one_line_of_standard_input(ctl: Hmpctl, line: str) -> None:
    """Its end is no part of it, and what follows is not read."""
    ctl("user", "add", "ada", "--password-stdin", input=line)
    assert PasswordHasher().verify(_password_hash(ctl, "ada"), "correct horse")
    assert ctl.json("user", "show", "ada")["can_sign_in"] is True


def test_a_password_is_changed(ctl: Hmpctl) -> None:
    """From standard input, if that is no terminal, with or without the option."""
    ctl("user", "add", "ada")
    for number, options in enumerate([["--password-stdin"], []]):
        assert ctl("user", "passwd", "ada", *options, input=f"Geheimnis Nr. {number} ß\n") == ""
        password = f"Geheimnis Nr. {number} ß"
        assert PasswordHasher().verify(_password_hash(ctl, "ada"), password)


def test_a_password_that_is_none_is_refused(ctl: Hmpctl) -> None:
    """And no user is made."""
    for line in ("\n", "seven77\n"):
        refusal = ctl.refused("user", "add", "ada", "--password-stdin", input=line)
        assert refusal == "a password must have at least 8 characters"
    assert ctl.json("user", "list") == []
    ctl("user", "add", "bob")
    assert "at least 8" in ctl.refused("user", "passwd", "bob", input="short\n")
    assert ctl.json("user", "show", "bob")["can_sign_in"] is False
    assert "no user 'ada'" in ctl.refused("user", "passwd", "ada", input="secret\n")


def test_the_last_who_may_administer_stays(ctl: Hmpctl) -> None:
    """As in the web interface; with a second one the first may go."""
    administrator = ["--role", "Administrator", "--password-stdin"]
    ctl("user", "add", "ada", *administrator, input="correct horse\n")
    assert "nobody who can sign in" in ctl.refused("user", "remove", "ada")
    ctl("user", "add", "bob", *administrator, input="correct horse\n")
    assert ctl("user", "remove", "ada") == ""
    assert [user["username"] for user in ctl.json("user", "list")] == ["bob"]


def test_groups(ctl: Hmpctl) -> None:
    """Added by name; listed and shown with roles and members; removed."""
    ctl("user", "add", "ada")
    added = ctl("group", "add", "Studio", "--role", "Viewer", "--member", "ADA", "--member", "ada")
    assert added == "Studio\n"
    shown = ctl.json("group", "show", "studio")
    assert (shown["roles"], shown["members"]) == (["Viewer"], ["ada"])
    assert ctl.json("group", "list") == [shown]
    assert "Studio  Viewer  ada" in ctl("group", "list")
    assert "Members:  ada" in ctl("group", "show", "Studio")
    assert "no user 'eve'" in ctl.refused("group", "add", "Crew", "--member", "eve")
    assert ctl("group", "remove", "Studio") == ""
    assert ctl.json("group", "list") == []


@pytest.mark.parametrize(
    "grants",
    [
        ["--grant", "watch", "--grant", "download"],
        ["--grant", "watch", "download"],
        ["--grant", "download,watch"],
    ],
)
def test_a_permission_is_added_with_its_actions(ctl: Hmpctl, grants: list[str]) -> None:
    """However they are written; its ID is printed."""
    permission_id = ctl("permission", "add", "Loader", *grants).strip()
    assert ctl.json("permission", "list")[-1] == {
        "id": permission_id,
        "name": "Loader",
        "default": False,
        "grants": ["watch", "download"],
    }


def test_permissions(ctl: Hmpctl) -> None:
    """The default ones are listed first; a custom one is removed by ID or name."""
    permission_id = ctl("permission", "add", "Loader", "--grant", "watch").strip()
    assert [p["id"] for p in ctl.json("permission", "list")] == [
        "WATCH",
        "EDIT",
        "RECORD",
        "OWN",
        permission_id,
    ]
    assert "Loader" in ctl("permission", "list")
    assert ctl("permission", "remove", permission_id) == ""
    assert "default" in ctl.refused("permission", "remove", "OWN")
    assert "--grant" in ctl.refused("permission", "add", "Nothing", status=2)
