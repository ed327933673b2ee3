"""Shares, and the order of their checks."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.services.rights import Actor, Kind
from hmp_twisted.services.sharing import Subject

from .world import DEVICE, NOBODY, World

KINDS = pytest.mark.parametrize("kind", Kind)


def share(
    world: World,
    kind: Kind,
    object_id: str,
    permission: str = "WATCH",
    name: str = "ann",
    actor: Actor = DEVICE,
    subject: Subject = Subject.USER,
) -> Awaitable[None]:
    return world.sharing.share(actor, kind, object_id, subject, name, permission)


@KINDS
@pytest_twisted.ensureDeferred
async def test_a_share_replaces_the_former_one_of_the_same_subject(
    world: World, kind: Kind
) -> None:
    """One for each user and each group; custom permissions by their ID."""
    user, object_id, custom = world.user("ann"), world.one_of(kind), world.permission("trim")
    group_id = world.group("ann")
    await share(world, kind, object_id, "OWN")
    await share(world, kind, object_id, custom)
    await share(world, kind, object_id, "EDIT", subject=Subject.GROUP)
    shares = world.rows(kind.shares.name, **{kind.reference: object_id})
    assert {(s["user_id"], s["group_id"], s["permission"]) for s in shares} == {
        (user.user_id, None, custom),
        (None, group_id, "EDIT"),
    }


@pytest.mark.parametrize(
    ("known", "given"), [("ann", "ANN"), ("Straße", "STRASSE"), ("Ελλάς", "ΕΛΛΆΣ")]
)
@pytest.mark.parametrize("subject", Subject)
@pytest_twisted.ensureDeferred
async def test_names_are_compared_without_case(
    world: World, subject: Subject, known: str, given: str
) -> None:
    """By Unicode case folding."""
    session_id = world.session()
    if subject is Subject.USER:
        world.user(known)
    else:
        world.group(known)
    await share(world, Kind.SESSION, session_id, name=given, subject=subject)
    assert len(world.rows("session_shares")) == 1


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        (Kind.SESSION, "own"),
        (Kind.SESSION, "TRIM"),
        (Kind.SESSION, ""),
        (Kind.SESSION, NOBODY),
        (Kind.RECORDING, "RECORD"),
        (Kind.RECORDING, NOBODY),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_permission_that_is_none_is_told_first(
    world: World, kind: Kind, permission: str
) -> None:
    """Before the user or group is looked up; words in capitals only, RECORD for sessions only."""
    for subject in Subject:
        with pytest.raises(errors.PermissionNotFoundError):
            await share(world, kind, NOBODY, permission, "nobody", subject=subject)


@KINDS
@pytest_twisted.ensureDeferred
async def test_the_subject_is_looked_up_before_the_object(world: World, kind: Kind) -> None:
    """Its name, then its roles, then what is shared."""
    world.add("users", name="bare")
    world.add("groups", name="bare")
    for name, subject, error in (
        ("nobody", Subject.USER, errors.UserNotFoundError),
        ("nobody", Subject.GROUP, errors.GroupNotFoundError),
        ("bare", Subject.USER, errors.UserWithoutRolesError),
        ("bare", Subject.GROUP, errors.GroupWithoutRolesError),
    ):
        with pytest.raises(error):
            await share(world, kind, NOBODY, name=name, subject=subject)
    world.user("ann")
    with pytest.raises(kind.not_found):
        await share(world, kind, NOBODY)


@pytest_twisted.ensureDeferred
async def test_a_user_has_a_role_through_a_group_too(world: World) -> None:
    """Directly or through a group."""
    user_id = world.add("users", name="ann")
    world.group("crew", member=Actor(user_id, "ann"))
    await share(world, Kind.SESSION, world.session())
    assert len(world.rows("session_shares", user_id=user_id)) == 1


@KINDS
@pytest_twisted.ensureDeferred
async def test_one_shares_no_more_than_one_has(world: World, kind: Kind) -> None:
    """`change-permissions`, and every action that the shared permission grants."""
    world.user("ann")
    object_id, sharer = world.one_of(kind), world.user("bob")
    with pytest.raises(kind.not_found):
        await share(world, kind, object_id, actor=sharer)
    world.share(kind, object_id, world.permission("watch", "change-permissions"), sharer)
    await share(world, kind, object_id, "WATCH", actor=sharer)
    for more in ("EDIT", "OWN", world.permission("watch", "trim")):
        with pytest.raises(errors.CannotShareError):
            await share(world, kind, object_id, more, actor=sharer)
    editor = world.user("eve")
    world.share(kind, object_id, "EDIT", editor)
    with pytest.raises(errors.CannotShareError, match="change-permissions"):
        await share(world, kind, object_id, "WATCH", actor=editor)
    assert [s["permission"] for s in world.rows(kind.shares.name, **{kind.reference: object_id})]


@pytest.mark.parametrize("subject", Subject)
@pytest_twisted.ensureDeferred
async def test_a_failed_search_is_a_fault_of_the_store(world: World, subject: Subject) -> None:
    """The guide's 070008 and 070009."""
    with world.store.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {subject.value}s RENAME TO lost")
    with pytest.raises(errors.StoreError):
        await share(world, Kind.SESSION, world.session(), subject=subject)
