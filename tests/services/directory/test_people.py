"""Users, groups, roles and permissions: made, shown and removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlalchemy import Connection, func, insert, select

from hmp_twisted.errors import (
    GroupNotFoundError,
    InUseError,
    InvalidValueError,
    NameTakenError,
    PermissionNotFoundError,
    RoleNotFoundError,
    UserNotFoundError,
)
from hmp_twisted.services.directory import (
    changing,
    devices,
    groups,
    passwords,
    permissions,
    roles,
    users,
)
from hmp_twisted.services.rights import ACTIONS, ROLE_ACTIONS
from hmp_twisted.store import schema
from hmp_twisted.store.pool import Store
from tests.catalogue import add_recording, add_session, new_id


def _share_session(conn: Connection, permission: str, **subject: str) -> None:
    row = {"id": new_id(), "session_id": add_session(conn), "permission": permission}
    conn.execute(insert(schema.session_shares).values(**row, **subject))


def _shares(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(schema.session_shares)).scalar() or 0


def test_the_roles_that_exist_from_the_start(conn: Connection) -> None:
    """The decisions' four, with what they grant."""
    granted = {role.name: role.actions for role in roles.list_roles(conn) if role.builtin}
    assert granted == {
        "Administrator": tuple(ROLE_ACTIONS),
        "Content Contributor": (),
        "Content Creator": ("create-sessions",),
        "Viewer": (),
    }


def test_a_built_in_role_cannot_be_removed(conn: Connection) -> None:
    """Not by force either."""
    for force in (False, True):
        with pytest.raises(InUseError, match="'Viewer' exists from the start"):
            roles.remove_role(conn, "viewer", force=force)


def test_a_role_grants_each_action_once_in_the_known_order(conn: Connection) -> None:
    """However they were given; a role may grant nothing."""
    roles.add_role(conn, "Crew", ["record", "watch", "record", "create-sessions"])
    roles.add_role(conn, "Guest")
    granted = {role.name: role.actions for role in roles.list_roles(conn)}
    assert granted["Crew"] == ("watch", "record", "create-sessions")
    assert granted["Guest"] == ()


def test_an_unknown_action_is_told_those_that_there_are(conn: Connection) -> None:
    """With what may have been meant; and no role is made."""
    with pytest.raises(
        InvalidValueError, match=r"must be one of watch, edit.*did you mean 'record'"
    ):
        roles.add_role(conn, "Crew", ["recrod"])
    assert "Crew" not in [role.name for role in roles.list_roles(conn)]


def test_a_role_that_somebody_has_goes_by_force_only(conn: Connection) -> None:
    """The refusal names who has it; by force they lose it."""
    roles.add_role(conn, "Crew")
    users.add_user(conn, "Ada", role_names=["crew"])
    groups.add_group(conn, "Studio", role_names=["Crew"])
    with pytest.raises(InUseError, match="held by user 'Ada', group 'Studio'; --force"):
        roles.remove_role(conn, "Crew")
    roles.remove_role(conn, "Crew", force=True)
    assert users.find_user(conn, "Ada").roles == ()
    with pytest.raises(RoleNotFoundError):
        roles.remove_role(conn, "Crew")


def test_a_user_with_roles_and_groups(conn: Connection) -> None:
    """Names or IDs of roles and groups are taken, one given twice counts once."""
    group_id = groups.add_group(conn, "Studio")
    user_id = users.add_user(
        conn,
        "ada",
        display_name="Ada Lovelace",
        role_names=["Viewer", "viewer"],
        group_names=[group_id, "studio"],
    )
    assert users.find_user(conn, "ADA") == users.User(
        id=user_id,
        name="ada",
        display_name="Ada Lovelace",
        can_sign_in=False,
        roles=("Viewer",),
        groups=("Studio",),
    )
    assert groups.find_group(conn, "Studio").members == ("ada",)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"role_names": ["Viewr"]}, RoleNotFoundError),
        ({"group_names": ["Studio"]}, GroupNotFoundError),
        ({"display_name": "a\nb"}, InvalidValueError),
    ],
)
def test_a_user_of_something_unknown_is_not_made(
    conn: Connection, options: dict[str, object], error: type[Exception]
) -> None:
    """A refusal changes nothing."""
    with pytest.raises(error):
        users.add_user(conn, "ada", **options)  # type: ignore[arg-type]  # from the table above
    assert users.list_users(conn) == ()


def test_a_password_is_kept_as_argon2id(conn: Connection) -> None:
    """Salted: the same password has another hash each time, and each verifies."""
    hashes = [passwords.hash_password("correct horse"), passwords.hash_password("correct horse")]
    assert hashes[0] != hashes[1]
    assert extract_parameters(hashes[0]).type is Type.ID
    users.add_user(conn, "ada", password_hash=hashes[0])
    assert users.find_user(conn, "ada").can_sign_in
    users.set_password_hash(conn, "ADA", hashes[1])
    kept = conn.execute(select(schema.users.c.password_hash)).scalar()
    assert kept == hashes[1]
    assert PasswordHasher().verify(kept, "correct horse")


@pytest.mark.parametrize(
    ("password", "why"),
    [("", "at least 8"), ("seven77", "at least 8"), ("x" * 1025, "at most 1024")],
)
def test_a_short_or_endless_password_is_refused(password: str, why: str) -> None:
    """The first is guessed, the second costs time to hash."""
    with pytest.raises(InvalidValueError, match=why):
        passwords.hash_password(password)


def test_a_user_whom_a_device_acts_as_stays(conn: Connection) -> None:
    """Removed with its user, the device would be cut off; without, it would have all rights."""
    users.add_user(conn, "ada")
    devices.add_device(conn, "room", "10.0.0.7", "ada")
    with pytest.raises(InUseError, match="device 'room' acts as"):
        users.remove_user(conn, "ada")
    assert users.devices_of(conn, users.find_user(conn, "ada").id) == ("room",)
    devices.remove_device(conn, "room")
    users.remove_user(conn, "ada")
    with pytest.raises(UserNotFoundError):
        users.find_user(conn, "ada")


LOSSES: dict[str, Callable[[Connection], object]] = {
    "user removed": lambda conn: users.remove_user(conn, "ada"),
    "user demoted": lambda conn: changing.change_user(
        conn, users.find_user(conn, "ada").id, "ada", role_names=["Viewer"]
    ),
    "group removed": lambda conn: groups.remove_group(conn, "Crew"),
    "group emptied": lambda conn: changing.change_group(
        conn, groups.find_group(conn, "Crew").id, "Crew", role_names=["Chief"]
    ),
    "group demoted": lambda conn: changing.change_group(
        conn, groups.find_group(conn, "Crew").id, "Crew", member_names=["ada"]
    ),
    "role removed": lambda conn: roles.remove_role(conn, "Chief", force=True),
    "role changed": lambda conn: changing.change_role(
        conn, next(r.id for r in roles.list_roles(conn) if r.name == "Chief"), "Chief", ["watch"]
    ),
}
"""Every way in which the user ada, who is in the group Crew, loses what it grants or herself."""


def _crew(conn: Connection, *names: str, password_hash: str = "hash") -> None:
    """These users, who may administer as members of a group by its role."""
    roles.add_role(conn, "Chief", ["administer"])
    for name in names:
        users.add_user(conn, name, password_hash=password_hash)
    groups.add_group(conn, "Crew", role_names=["Chief"], member_names=names)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "user demoted"])
def test_the_last_who_may_administer_stays(store: Store, loss: str) -> None:
    """However it would go; nothing is changed, and who cannot sign in does not count."""
    with store.begin() as conn:
        _crew(conn, "ada")
        users.add_user(conn, "panel", role_names=["Administrator"])
    before = _everybody(store)
    with pytest.raises(InUseError, match="nobody who can sign in"), store.begin() as conn:
        LOSSES[loss](conn)
    assert _everybody(store) == before


@pytest.mark.parametrize("loss", LOSSES)
def test_one_of_several_who_may_administer_goes(conn: Connection, loss: str) -> None:
    """The other one is enough."""
    _crew(conn, "ada")
    users.add_user(conn, "bob", role_names=["Administrator"], password_hash="hash")
    LOSSES[loss](conn)
    assert users.find_user(conn, "bob").roles == ("Administrator",)


@pytest.mark.parametrize("loss", LOSSES)
def test_where_nobody_could_administer_nothing_is_refused(conn: Connection, loss: str) -> None:
    """Such as before the first password is given."""
    _crew(conn, "ada", password_hash="")
    LOSSES[loss](conn)
    assert not any(user.can_sign_in for user in users.list_users(conn))


def _everybody(store: Store) -> object:
    with store.view() as conn:
        return users.list_users(conn), groups.list_groups(conn), roles.list_roles(conn)


def test_a_user_goes_with_memberships_and_shares(conn: Connection) -> None:
    """A later user of the same name has nothing of it."""
    user_id = users.add_user(conn, "ada", role_names=["Viewer"])
    groups.add_group(conn, "Studio", member_names=["ada"])
    _share_session(conn, "OWN", user_id=user_id)
    users.remove_user(conn, "ada")
    assert groups.find_group(conn, "Studio").members == ()
    assert _shares(conn) == 0


def test_a_group_goes_and_its_members_stay(conn: Connection) -> None:
    """Without what they had by it."""
    users.add_user(conn, "ada")
    group_id = groups.add_group(conn, "Studio", role_names=["Viewer"], member_names=["ada"])
    _share_session(conn, "WATCH", group_id=group_id)
    groups.remove_group(conn, "studio")
    assert users.find_user(conn, "ada").groups == ()
    assert _shares(conn) == 0
    with pytest.raises(GroupNotFoundError):
        groups.remove_group(conn, "Studio")


def test_a_group_of_an_unknown_member_is_refused(conn: Connection) -> None:
    """The same for a role."""
    with pytest.raises(UserNotFoundError):
        groups.add_group(conn, "Studio", member_names=["ada"])
    with pytest.raises(RoleNotFoundError):
        groups.add_group(conn, "Studio", role_names=["Editor"])
    assert groups.list_groups(conn) == ()


def test_the_default_permissions_grant_what_the_guide_says(conn: Connection) -> None:
    """They come first in the list, with their word as ID."""
    granted = {p.id: p.actions for p in permissions.list_permissions(conn) if p.default}
    assert granted == {
        "WATCH": ("watch",),
        "EDIT": ("watch", "edit"),
        "RECORD": ("watch", "record"),
        "OWN": tuple(ACTIONS),
    }


def test_a_custom_permission(conn: Connection) -> None:
    """It has an ID that share commands take, and grants what it was given."""
    permission_id = permissions.add_permission(conn, "Loader", ["download", "watch"])
    assert permissions.list_permissions(conn)[-1] == permissions.Permission(
        id=permission_id, name="Loader", default=False, actions=("watch", "download")
    )
    permissions.remove_permission(conn, "loader")
    with pytest.raises(PermissionNotFoundError):
        permissions.remove_permission(conn, permission_id)


@pytest.mark.parametrize(
    ("name", "actions", "error", "why"),
    [
        ("Loader", [], InvalidValueError, "at least one of watch"),
        ("Loader", ["create-sessions"], InvalidValueError, "must be one of"),
        ("Loader", ["administer"], InvalidValueError, "must be one of"),
        ("own", ["watch"], NameTakenError, "default permission"),
        ("taken", ["watch"], NameTakenError, "'Taken' already"),
    ],
)
def test_what_cannot_be_a_permission(
    conn: Connection, name: str, actions: list[str], error: type[Exception], why: str
) -> None:
    """Two actions belong to roles alone; a permission grants something; names are unique."""
    permissions.add_permission(conn, "Taken", ["watch"])
    with pytest.raises(error, match=why):
        permissions.add_permission(conn, name, actions)


def test_a_permission_in_use_goes_by_force_only(conn: Connection) -> None:
    """By force the shares that were given with it end, too."""
    permission_id = permissions.add_permission(conn, "Loader", ["download"])
    user_id = users.add_user(conn, "ada")
    _share_session(conn, permission_id, user_id=user_id)
    row = {"id": new_id(), "recording_id": add_recording(conn), "permission": permission_id}
    conn.execute(insert(schema.recording_shares).values(**row, user_id=user_id))
    with pytest.raises(InUseError, match=r"1 session\(s\) and 1 recording\(s\); --force"):
        permissions.remove_permission(conn, permission_id)
    permissions.remove_permission(conn, permission_id, force=True)
    assert _shares(conn) == 0


def test_a_default_permission_cannot_be_removed(conn: Connection) -> None:
    """Whatever the case."""
    with pytest.raises(InUseError, match="default"):
        permissions.remove_permission(conn, "Own", force=True)
