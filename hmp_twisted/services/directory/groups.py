"""The groups: users who are given roles and shares together."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sqlalchemy import Connection, Table, delete, insert, select

from ...store.schema import group_members, group_roles, groups, roles, users
from . import naming
from .administrators import keeps_an_administrator
from .api import raise_version
from .kinds import GROUP, ROLE, USER


@attrs.frozen
class Group:
    """Users who are given roles and shares together."""

    id: str
    name: str
    roles: tuple[str, ...]
    """Names of the roles that every member has by it."""
    members: tuple[str, ...]
    """Names of the users in it."""


def add_group(
    conn: Connection,
    name: str,
    *,
    role_names: Sequence[str] = (),
    member_names: Sequence[str] = (),
) -> str:
    """Make a group.

    Args:
        role_names: names or IDs of roles.
        member_names: names or IDs of users.

    Returns:
        its ID.

    Raises:
        InvalidValueError: the name is none.
        NameTakenError: another group is called so.
        RoleNotFoundError, UserNotFoundError: there is no such role or user.
    """
    row = naming.claim(conn, GROUP, name)
    role_ids = {naming.find(conn, ROLE, role).id for role in role_names}
    user_ids = {naming.find(conn, USER, user).id for user in member_names}
    conn.execute(insert(groups).values(**row))
    for role_id in sorted(role_ids):
        conn.execute(insert(group_roles).values(group_id=row["id"], role_id=role_id))
    for user_id in sorted(user_ids):
        conn.execute(insert(group_members).values(group_id=row["id"], user_id=user_id))
    raise_version(conn)
    return row["id"]


def list_groups(conn: Connection) -> tuple[Group, ...]:
    """Every group, by name."""
    held = _names_by_group(conn, roles, group_roles)
    members = _names_by_group(conn, users, group_members)
    return tuple(
        Group(row.id, row.name, tuple(held.get(row.id, ())), tuple(members.get(row.id, ())))
        for row in conn.execute(select(groups).order_by(groups.c.folded))
    )


def find_group(conn: Connection, group: str) -> Group:
    """The group of this name or ID.

    Raises:
        GroupNotFoundError: there is none.
    """
    row = naming.find(conn, GROUP, group)
    return next(found for found in list_groups(conn) if found.id == row.id)


@keeps_an_administrator
def remove_group(conn: Connection, group: str) -> None:
    """Remove a group (its name or ID), and with it memberships and what was shared with it.

    The members stay, without what they had by it.

    Raises:
        GroupNotFoundError: there is none.
        InUseError: nobody could administer without it.
    """
    row = naming.find(conn, GROUP, group)
    conn.execute(delete(groups).where(groups.c.id == row.id))
    raise_version(conn)


def _names_by_group(conn: Connection, table: Table, link: Table) -> dict[str, list[str]]:
    """The names of the roles or members of each group's ID."""
    query = select(link.c.group_id, table.c.name).join_from(link, table).order_by(table.c.folded)
    found: dict[str, list[str]] = {}
    for row in conn.execute(query):
        found.setdefault(row.group_id, []).append(row.name)
    return found
