"""What may be a name, and which object a name or ID means."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from hmp_twisted.errors import (
    AmbiguousNameError,
    InvalidValueError,
    NameTakenError,
    RoleNotFoundError,
    SessionNotFoundError,
)
from hmp_twisted.services.directory import kinds, naming, roles
from hmp_twisted.store.schema import roles as roles_table
from tests.catalogue import add_session


@pytest.mark.parametrize(
    ("first", "second"),
    [("Studio", "STUDIO"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ﬁsh", "FISH")],
)
def test_names_that_fold_alike_are_one_name(conn: Connection, first: str, second: str) -> None:
    """Names are unique by Unicode case folding, and the refusal names the one that is there."""
    roles.add_role(conn, first)
    with pytest.raises(NameTakenError, match=first):
        roles.add_role(conn, second)
    assert naming.find(conn, kinds.ROLE, second).name == first


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "at least 1 character"),
        ("   ", "at least 1 character"),
        (" a", "begin or end with a space"),
        ("a\t", "begin or end with a space"),
        ("a\nb", "control characters"),
        ("a\x1b[2J", "control characters"),
        ("a\u2028b", "control characters"),
        ("a\udcffb", "control characters"),
        ("x" * 256, "at most 255"),
        ("5F0C2C1E-0A3C-4B0E-9D5A-1F2E3D4C5B6A", "form of an ID"),
    ],
)
def test_a_name_is_one_printable_line(conn: Connection, name: str, why: str) -> None:
    """What cannot be a name is refused with what would be allowed."""
    with pytest.raises(InvalidValueError, match=why):
        roles.add_role(conn, name)


def test_the_longest_name_is_taken(conn: Connection) -> None:
    """255 characters are allowed."""
    roles.add_role(conn, "x" * 255)
    assert naming.find(conn, kinds.ROLE, "X" * 255)


def test_an_object_is_meant_by_name_id_or_the_beginning_of_an_id(conn: Connection) -> None:
    """All three find it, in either case."""
    role_id = roles.add_role(conn, "Crew")
    for text in ("Crew", "crew", role_id, role_id.upper(), role_id[:8]):
        assert naming.find(conn, kinds.ROLE, text).id == role_id


def _with_ids(conn: Connection, *ids: str) -> None:
    for number, role_id in enumerate(ids):
        row = {"id": role_id, "name": f"r{number}", "folded": f"r{number}", "builtin": False}
        conn.execute(insert(roles_table).values(**row))


def test_a_beginning_that_several_ids_have_is_ambiguous(conn: Connection) -> None:
    """The refusal lists them, so that the right one can be copied."""
    first = "abcd0000-0000-4000-8000-000000000001"
    second = "abcd0000-0000-4000-8000-000000000002"
    _with_ids(conn, first, second)
    with pytest.raises(AmbiguousNameError, match=f"{first}.*{second}"):
        naming.find(conn, kinds.ROLE, "abcd")
    assert naming.find(conn, kinds.ROLE, second).name == "r1"


def test_too_short_a_beginning_means_nothing(conn: Connection) -> None:
    """Three characters of an ID are as likely a slip as an intention."""
    _with_ids(conn, "abcd0000-0000-4000-8000-000000000001")
    with pytest.raises(RoleNotFoundError):
        naming.find(conn, kinds.ROLE, "abc")


def test_a_name_goes_before_the_beginning_of_an_id(conn: Connection) -> None:
    """Who types a name means that name."""
    _with_ids(conn, "abcd0000-0000-4000-8000-000000000001")
    named = roles.add_role(conn, "abcd")
    assert naming.find(conn, kinds.ROLE, "ABCD").id == named


def test_wildcards_are_characters(conn: Connection) -> None:
    """Nothing in a name or beginning is a pattern."""
    for text in ("%", "____", "%%%%"):
        with pytest.raises(RoleNotFoundError):
            naming.find(conn, kinds.ROLE, text)


def test_a_misspelt_name_is_told_what_is_like_it(conn: Connection) -> None:
    """The refusal says what may have been meant."""
    with pytest.raises(RoleNotFoundError, match="'administator'; did you mean 'Administrator'"):
        naming.find(conn, kinds.ROLE, "administator")


def test_an_unknown_id_is_told_as_an_id(conn: Connection) -> None:
    """Nobody misspells an ID into another."""
    with pytest.raises(RoleNotFoundError, match="no role has the ID"):
        naming.find(conn, kinds.ROLE, naming.new_id())


def test_titles_may_be_shared_and_then_mean_nothing(conn: Connection) -> None:
    """A session is found by its title, if only one bears it."""
    alone = add_session(conn, "Alone")
    twins = [add_session(conn, "Twin"), add_session(conn, "Twin")]
    assert naming.find(conn, kinds.SESSION, "Alone").id == alone
    with pytest.raises(AmbiguousNameError, match="means 2 sessions"):
        naming.find(conn, kinds.SESSION, "Twin")
    assert naming.find(conn, kinds.SESSION, twins[1]).id == twins[1]
    with pytest.raises(SessionNotFoundError):
        naming.find(conn, kinds.SESSION, "alone")
