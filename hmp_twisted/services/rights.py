"""Who may do what: plain functions of a connection, which services ask in their transactions.

A user's rights on an object are what the user's roles, the roles of the user's groups, and the
shares of that object with the user or one of the groups grant, added up (guide, "HMP Permissions").
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import attrs
from sqlalchemy import (
    Connection,
    Select,
    String,
    Table,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    union,
)

from ..errors import (
    NotAuthorizedError,
    NotFoundError,
    RecordingNotFoundError,
    SessionNotFoundError,
)
from ..store import schema
from ..store.schema import (
    group_members,
    group_roles,
    permission_grants,
    role_grants,
    user_roles,
)

WATCH = "watch"
EDIT = "edit"
CHANGE_PERMISSIONS = "change-permissions"
RECORD = "record"
CHANGE_SOURCES = "change-sources"
RESTREAM = "restream"
TRIM = "trim"
DOWNLOAD = "download"
DELETE = "delete"
CREATE_SESSIONS = "create-sessions"
ADMINISTER = "administer"

ACTIONS = (
    WATCH,
    EDIT,
    CHANGE_PERMISSIONS,
    RECORD,
    CHANGE_SOURCES,
    RESTREAM,
    TRIM,
    DOWNLOAD,
    DELETE,
)
"""What can be done to a session or a recording, and so be shared."""

ROLE_ACTIONS = (*ACTIONS, CREATE_SESSIONS, ADMINISTER)
"""What a role may grant; the last two are about no object and belong to roles alone."""

ALL_RIGHTS = frozenset(ACTIONS)
"""What a device may do to every object that is tied to no user."""

OWN = "OWN"
DEFAULT_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "WATCH": frozenset({WATCH}),
    "EDIT": frozenset({WATCH, EDIT}),
    "RECORD": frozenset({WATCH, RECORD}),
    OWN: ALL_RIGHTS,
}
"""The permissions that the guide names, by their word."""


class Kind(Enum):
    """What can be shared, with the words that the guide shares it by."""

    SESSION = ("session", ("WATCH", "EDIT", "RECORD", OWN))
    RECORDING = ("recording", ("WATCH", "EDIT", OWN))

    def __init__(self, noun: str, words: tuple[str, ...]) -> None:
        self.noun = noun
        self.words = words

    @property
    def table(self) -> Table:
        """Its objects."""
        return schema.metadata.tables[f"{self.noun}s"]

    @property
    def shares(self) -> Table:
        """Who was given what on one of them."""
        return schema.metadata.tables[f"{self.noun}_shares"]

    @property
    def categories(self) -> Table:
        """The values of categories on one of them."""
        return schema.metadata.tables[f"{self.noun}_categories"]

    @property
    def not_found(self) -> type[NotFoundError]:
        """The error that says there is none."""
        return SessionNotFoundError if self is Kind.SESSION else RecordingNotFoundError

    @property
    def reference(self) -> str:
        """The column of those two that tells which one."""
        return f"{self.noun}_id"


@attrs.frozen
class Actor:
    """Who acts: a device, by itself or for a user. Equal are those whose rights are."""

    user_id: str | None
    """None acts with all rights."""
    name: str = attrs.field(eq=False)
    """For the log."""


def actions_on(conn: Connection, actor: Actor, kind: Kind, object_id: str) -> frozenset[str]:
    """The :data:`ACTIONS` that the actor may do to the object; none, if it may not be seen."""
    if actor.user_id is None:
        return ALL_RIGHTS
    rows = conn.execute(_GRANTED[kind], {"user_id": actor.user_id, "object_id": object_id})
    found: set[str] = set()
    for action, permission in rows:
        # A share names a default permission by its word; what a custom one grants was joined.
        found |= {action} if action else DEFAULT_PERMISSIONS.get(permission, frozenset())
    return ALL_RIGHTS & found


def seen(conn: Connection, actor: Actor, kind: Kind, object_id: str) -> frozenset[str]:
    """What the actor may do to an object that exists and that the actor sees.

    Raises:
        SessionNotFoundError, RecordingNotFoundError: none exists, or none that the actor sees.
    """
    exists = conn.execute(_EXISTS[kind], {"object_id": object_id}).first() is not None
    actions = actions_on(conn, actor, kind, object_id)
    if not exists or not actions:
        raise kind.not_found(f"no {kind.noun} {object_id}")
    return actions


def allow(actor: Actor, actions: frozenset[str], action: str) -> None:
    """Let pass who may do ``action``, of what :func:`actions_on` gave.

    Raises:
        NotAuthorizedError: the actor sees the object, but may not do this.
    """
    if action not in actions:
        raise NotAuthorizedError(f"{actor.name}: may not {action}")


def require_role(conn: Connection, actor: Actor, action: str) -> None:
    """Let pass whose roles grant ``action``.

    Raises:
        NotAuthorizedError: none does.
    """
    if action not in by_roles(conn, actor):
        raise NotAuthorizedError(f"{actor.name}: no role grants {action}")


def by_roles(conn: Connection, actor: Actor) -> frozenset[str]:
    """The :data:`ROLE_ACTIONS` that the actor's roles grant; on objects, on every one."""
    if actor.user_id is None:
        return frozenset(ROLE_ACTIONS)
    granted: set[str] = {row.action for row in conn.execute(_BY_ROLES, {"user_id": actor.user_id})}
    return frozenset(granted)


def give_ownership(
    conn: Connection, actor: Actor, kind: Kind, object_id: str, share_id: str
) -> None:
    """Share a new object as OWN with the user who made it; a device needs no share."""
    if actor.user_id is None:
        return
    row = {"id": share_id, kind.reference: object_id, "user_id": actor.user_id, "permission": OWN}
    conn.execute(insert(kind.shares).values(**row))


def granted_by(conn: Connection, permission: str) -> frozenset[str]:
    """What a default permission's word, or a custom permission's ID, grants."""
    if permission in DEFAULT_PERMISSIONS:
        return DEFAULT_PERMISSIONS[permission]
    query = select(permission_grants.c.action).where(
        permission_grants.c.permission_id == permission
    )
    return frozenset(conn.execute(query).scalars())


def _roles_of_user() -> Select[tuple[str]]:
    """The actions that the user's roles grant, directly or through a group."""
    user = bindparam("user_id", type_=String)
    direct = select(user_roles.c.role_id).where(user_roles.c.user_id == user)
    by_group = (
        select(group_roles.c.role_id)
        .join(group_members, group_members.c.group_id == group_roles.c.group_id)
        .where(group_members.c.user_id == user)
    )
    return select(role_grants.c.action).where(role_grants.c.role_id.in_(union(direct, by_group)))


def _shares_with_user(kind: Kind) -> Select[tuple[str, str]]:
    """The permissions that the object is shared by, each with the actions of a custom one."""
    user = bindparam("user_id", type_=String)
    shares = kind.shares
    groups = select(group_members.c.group_id).where(group_members.c.user_id == user)
    return (
        select(permission_grants.c.action, shares.c.permission)
        .join_from(
            shares,
            permission_grants,
            permission_grants.c.permission_id == shares.c.permission,
            isouter=True,
        )
        .where(shares.c[kind.reference] == bindparam("object_id", type_=String))
        .where(or_(shares.c.user_id == user, shares.c.group_id.in_(groups)))
    )


def _exists(kind: Kind) -> Select[tuple[str]]:
    found = select(kind.table.c.id).where(kind.table.c.id == bindparam("object_id"))
    # What is in the bin is found nowhere else (hmp_twisted.services.bin).
    return found.where(kind.table.c.deleted.is_(None)) if kind is Kind.RECORDING else found


_EXISTS = {kind: _exists(kind) for kind in Kind}
_BY_ROLES = _roles_of_user()
_GRANTED = {
    kind: union(
        _roles_of_user().add_columns(literal_column("''", String).label("permission")),
        _shares_with_user(kind),
    )
    for kind in Kind
}
