"""decisions.md, "Rights": who may do what."""

from __future__ import annotations

import pytest

from hmp_twisted.errors import NotAuthorizedError, RecordingNotFoundError, SessionNotFoundError
from hmp_twisted.services import rights
from hmp_twisted.services.rights import ACTIONS, ALL_RIGHTS, Actor, Kind

from .world import DEVICE, NOBODY, World

KINDS = pytest.mark.parametrize("kind", Kind)


def actions(world: World, actor: Actor, kind: Kind, object_id: str) -> frozenset[str]:
    with world.store.begin() as connection:
        return rights.actions_on(connection, actor, kind, object_id)


@KINDS
def test_a_device_without_a_user_may_do_everything(world: World, kind: Kind) -> None:
    """ "Authorizations: All"."""
    assert actions(world, DEVICE, kind, world.one_of(kind)) == ALL_RIGHTS == set(ACTIONS)


@KINDS
def test_a_user_without_a_grant_may_do_nothing(world: World, kind: Kind) -> None:
    """A role may grant nothing and still is a role."""
    assert actions(world, world.user(), kind, world.one_of(kind)) == frozenset()


@KINDS
def test_roles_and_groups_and_shares_add_up(world: World, kind: Kind) -> None:
    """The user's role, the role of the user's group, shares with the user and with the group."""
    user = world.user("ann", "watch")
    group_id = world.group("crew", "edit", member=user)
    object_id = world.one_of(kind)
    world.share(kind, object_id, "RECORD", user)
    custom = world.permission("trim", "download")
    owner = {kind.reference: object_id, "group_id": group_id}
    world.add(kind.shares.name, permission=custom, **owner)
    assert actions(world, user, kind, object_id) == {"watch", "edit", "record", "trim", "download"}
    other = world.one_of(kind)
    assert actions(world, user, kind, other) == {"watch", "edit"}


@pytest.mark.parametrize(
    ("word", "granted"),
    [
        ("WATCH", {"watch"}),
        ("EDIT", {"watch", "edit"}),
        ("RECORD", {"watch", "record"}),
        ("OWN", set(ACTIONS)),
    ],
)
@KINDS
def test_the_default_permissions_grant_what_the_guide_says(
    world: World, kind: Kind, word: str, granted: set[str]
) -> None:
    """OWN is everything on the object, and on no other."""
    user, object_id = world.user(), world.one_of(kind)
    world.share(kind, object_id, word, user)
    assert actions(world, user, kind, object_id) == granted
    assert actions(world, user, kind, world.one_of(kind)) == frozenset()


@KINDS
def test_actions_of_roles_alone_are_no_right_on_an_object(world: World, kind: Kind) -> None:
    """`create-sessions` and `administer` show nobody an object."""
    user = world.user("ann", "create-sessions", "administer")
    assert actions(world, user, kind, world.one_of(kind)) == frozenset()


def test_other_peoples_grants_are_not_ones_own(world: World) -> None:
    """Of a user, of a group that one is not in, and of a user who is gone."""
    ann, bob = world.user("ann", "edit"), world.user("bob")
    world.group("crew", "delete", member=ann)
    session_id = world.session()
    world.share(Kind.SESSION, session_id, "OWN", ann)
    assert actions(world, bob, Kind.SESSION, session_id) == frozenset()
    assert actions(world, Actor(NOBODY, "gone"), Kind.SESSION, session_id) == frozenset()


@KINDS
def test_an_object_on_which_one_may_do_nothing_is_not_found(world: World, kind: Kind) -> None:
    """Nor is one that does not exist, for who may do everything."""
    errors = {Kind.SESSION: SessionNotFoundError, Kind.RECORDING: RecordingNotFoundError}
    user, object_id = world.user(), world.one_of(kind)
    with world.store.begin() as connection:
        for actor, there in ((user, object_id), (DEVICE, NOBODY)):
            with pytest.raises(errors[kind]):
                rights.seen(connection, actor, kind, there)


def test_what_is_seen_but_not_allowed_is_not_authorized() -> None:
    """The actor knows of the object, so "not found" would be a lie."""
    rights.allow(DEVICE, frozenset({"watch", "edit"}), "edit")
    with pytest.raises(NotAuthorizedError, match="panel: may not delete"):
        rights.allow(DEVICE, frozenset({"watch", "edit"}), "delete")


def test_a_role_is_had_directly_or_through_a_group(world: World) -> None:
    """For what is no right on an object."""
    ann, bob, eve = world.user("ann", "create-sessions"), world.user("bob"), world.user("eve")
    world.group("makers", "create-sessions", member=bob)
    with world.store.begin() as connection:
        for actor in (DEVICE, ann, bob):
            rights.require_role(connection, actor, "create-sessions")
        with pytest.raises(NotAuthorizedError):
            rights.require_role(connection, eve, "create-sessions")
        with pytest.raises(NotAuthorizedError):
            rights.require_role(connection, ann, "administer")


def test_actors_of_equal_rights_are_equal() -> None:
    """A connection is closed if it would be admitted as another user, not for a new name."""
    assert Actor("u", "panel (ann)") == Actor("u", "desk (ann)")
    assert Actor("u", "panel") != Actor(None, "panel")
