"""The users: who they are, their roles and groups, and whether they can sign in."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sqlalchemy import Connection, Table, delete, insert, select, update

from ...errors import InUseError
from ...store.schema import devices, group_members, groups, roles, user_roles, users, web_sessions
from . import naming
from .administrators import keeps_an_administrator
from .api import raise_version
from .kinds import GROUP, ROLE, USER


@attrs.frozen
class User:
    """One person, or one thing that acts like one."""

    id: str
    name: str
    display_name: str
    can_sign_in: bool
    """Whether there is a password."""
    roles: tuple[str, ...]
    """Names of the roles held directly."""
    groups: tuple[str, ...]
    """Names of the groups that the user is a member of."""


def add_user(
    conn: Connection,
    name: str,
    *,
    display_name: str = "",
    role_names: Sequence[str] = (),
    group_names: Sequence[str] = (),
    password_hash: str = "",
) -> str:
    """Make a user, who cannot sign in without a ``password_hash`` (:mod:`.passwords`).

    Args:
        role_names: names or IDs of roles.
        group_names: names or IDs of groups.

    Returns:
        the ID.

    Raises:
        InvalidValueError: a name is none.
        NameTakenError: another user is called so.
        RoleNotFoundError, GroupNotFoundError: there is no such role or group.
    """
    row = naming.claim(conn, USER, name)
    if display_name:
        naming.checked_text("display name", display_name)
    role_ids = {naming.find(conn, ROLE, role).id for role in role_names}
    group_ids = {naming.find(conn, GROUP, group).id for group in group_names}
    conn.execute(
        insert(users).values(**row, display_name=display_name, password_hash=password_hash)
    )
    for role_id in sorted(role_ids):
        conn.execute(insert(user_roles).values(user_id=row["id"], role_id=role_id))
    for group_id in sorted(group_ids):
        conn.execute(insert(group_members).values(user_id=row["id"], group_id=group_id))
    raise_version(conn)
    return row["id"]


def list_users(conn: Connection) -> tuple[User, ...]:
    """Every user, by name."""
    held = _names_by_user(conn, roles, user_roles)
    joined = _names_by_user(conn, groups, group_members)
    return tuple(
        User(
            row.id,
            row.name,
            row.display_name,
            bool(row.password_hash),
            tuple(held.get(row.id, ())),
            tuple(joined.get(row.id, ())),
        )
        for row in conn.execute(select(users).order_by(users.c.folded))
    )


def find_user(conn: Connection, user: str) -> User:
    """The user of this name or ID.

    Raises:
        UserNotFoundError: there is none.
    """
    row = naming.find(conn, USER, user)
    return next(found for found in list_users(conn) if found.id == row.id)


def devices_of(conn: Connection, user_id: str) -> tuple[str, ...]:
    """Names of the devices that act as the user."""
    query = select(devices.c.name).where(devices.c.user_id == user_id).order_by(devices.c.folded)
    return tuple(conn.execute(query).scalars())


def set_password_hash(conn: Connection, user: str, password_hash: str) -> None:
    """Give a user (a name or ID) a new password, by its hash; who had signed in is signed out.

    Raises:
        UserNotFoundError: there is none.
    """
    row = naming.find(conn, USER, user)
    conn.execute(update(users).where(users.c.id == row.id).values(password_hash=password_hash))
    conn.execute(delete(web_sessions).where(web_sessions.c.user_id == row.id))
    raise_version(conn)


@keeps_an_administrator
def remove_user(conn: Connection, user: str) -> None:
    """Remove a user (a name or ID), and with it memberships and all that was shared with the user.

    Raises:
        UserNotFoundError: there is none.
        InUseError: a device acts as the user, which is neither cut off nor given all rights
            unasked; or the user is the last who could administer.
    """
    row = naming.find(conn, USER, user)
    tied = devices_of(conn, row.id)
    if tied:
        raise InUseError(
            f"user {row.name!r} is whom device {naming.listed(tied)} acts as; "
            "remove the device first"
        )
    conn.execute(delete(users).where(users.c.id == row.id))
    raise_version(conn)


def _names_by_user(conn: Connection, table: Table, link: Table) -> dict[str, list[str]]:
    """The names of the roles or groups of each user's ID."""
    query = select(link.c.user_id, table.c.name).join_from(link, table).order_by(table.c.folded)
    found: dict[str, list[str]] = {}
    for row in conn.execute(query):
        found.setdefault(row.user_id, []).append(row.name)
    return found
