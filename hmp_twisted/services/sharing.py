"""Sharing: who else may see and change a session or recording (guide, "HMP Permissions")."""

from __future__ import annotations

from enum import Enum
from uuid import uuid4

from sqlalchemy import Connection, Table, delete, insert, select

from .. import errors
from ..store import schema
from ..store.pool import Store
from . import rights
from .rights import Actor, Kind


class Subject(Enum):
    """Whom something is shared with."""

    USER = "user"
    GROUP = "group"

    @property
    def table(self) -> Table:
        """All of them."""
        return schema.users if self is Subject.USER else schema.groups

    @property
    def column(self) -> str:
        """The column of a share that names one."""
        return f"{self.value}_id"


class Sharing:
    """What can be done about shares."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def share(
        self,
        actor: Actor,
        kind: Kind,
        object_id: str,
        subject: Subject,
        name: str,
        permission: str,
    ) -> None:
        """Share an object with a user or group, in place of what that one had by a share before.

        Args:
            name: the user's or group's, in any case.
            permission: one of ``kind.words``, or the ID of a custom permission.

        Raises:
            PermissionNotFoundError, UserNotFoundError, GroupNotFoundError, UserWithoutRolesError,
            GroupWithoutRolesError, SessionNotFoundError, RecordingNotFoundError
            CannotShareError: the actor may not change permissions on it, or lacks one it grants.
        """
        what = f"share {kind.noun} {object_id} with {subject.value} {name!r}"
        await self._store.transact(
            what, _share, actor, kind, object_id, subject, name, permission, str(uuid4())
        )

    async def unshare(
        self, actor: Actor, kind: Kind, object_id: str, subject: Subject, name: str
    ) -> None:
        """Take back what one user or group was given on an object; no error if that was nothing.

        Raises:
            UserNotFoundError, GroupNotFoundError, SessionNotFoundError, RecordingNotFoundError
            CannotShareError: the actor may not change permissions on it.
        """
        what = f"unshare {kind.noun} {object_id} with {subject.value} {name!r}"
        await self._store.transact(what, _unshare, actor, kind, object_id, subject, name)


def _unshare(
    conn: Connection, actor: Actor, kind: Kind, object_id: str, subject: Subject, name: str
) -> None:
    subject_id = _find(conn, subject, name)
    if rights.CHANGE_PERMISSIONS not in rights.seen(conn, actor, kind, object_id):
        raise errors.CannotShareError(f"{actor.name}: may not unshare {kind.noun} {object_id}")
    owner = {kind.reference: object_id, subject.column: subject_id}
    conn.execute(delete(kind.shares).filter_by(**owner))


def _share(
    conn: Connection,
    actor: Actor,
    kind: Kind,
    object_id: str,
    subject: Subject,
    name: str,
    permission: str,
    share_id: str,
) -> None:
    _check_permission(conn, kind, permission)
    subject_id = _find(conn, subject, name)
    _check_roles(conn, subject, subject_id, name)
    _check_may_share(conn, actor, kind, object_id, permission)
    owner, shares = {kind.reference: object_id, subject.column: subject_id}, kind.shares
    conn.execute(delete(shares).filter_by(**owner))
    conn.execute(insert(shares).values(id=share_id, permission=permission, **owner))


def _check_permission(conn: Connection, kind: Kind, permission: str) -> None:
    if permission in kind.words:
        return
    custom = select(schema.permissions.c.id).where(schema.permissions.c.id == permission)
    if conn.execute(custom).first() is None:
        raise errors.PermissionNotFoundError(
            f"{permission!r} is no permission for a {kind.noun}: {', '.join(kind.words)} or an ID"
        )


def _find(conn: Connection, subject: Subject, name: str) -> str:
    table = subject.table
    found = conn.execute(select(table.c.id).where(table.c.folded == name.casefold())).scalar()
    if found is not None:
        return str(found)
    if subject is Subject.USER:
        raise errors.UserNotFoundError(f"no user {name!r}")
    raise errors.GroupNotFoundError(f"no group {name!r}")


def _check_roles(conn: Connection, subject: Subject, subject_id: str, name: str) -> None:
    """A group has roles; a user has them directly or through a group."""
    held = schema.group_roles.c
    groups = [subject_id]
    if subject is Subject.USER:
        own = select(schema.user_roles.c.role_id).where(schema.user_roles.c.user_id == subject_id)
        if conn.execute(own.limit(1)).first() is not None:
            return
        members = schema.group_members.c
        of_user = select(members.group_id).where(members.user_id == subject_id)
        groups = list(conn.execute(of_user).scalars())
    query = select(held.role_id).where(held.group_id.in_(groups)).limit(1)
    if conn.execute(query).first() is not None:
        return
    if subject is Subject.USER:
        raise errors.UserWithoutRolesError(f"user {name!r} has no role, nor has a group of theirs")
    raise errors.GroupWithoutRolesError(f"group {name!r} has no role")


def _check_may_share(
    conn: Connection, actor: Actor, kind: Kind, object_id: str, permission: str
) -> None:
    actions = rights.seen(conn, actor, kind, object_id)
    needed = rights.granted_by(conn, permission) | {rights.CHANGE_PERMISSIONS}
    if not needed <= actions:
        missing = ", ".join(sorted(needed - actions))
        raise errors.CannotShareError(f"{actor.name}: lacks {missing} on {kind.noun} {object_id}")
