"""The permissions that a session or recording can be shared with: the guide's and custom ones."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sqlalchemy import Connection, delete, func, insert, select

from ...errors import InUseError, InvalidValueError, NameTakenError
from ...store.schema import permission_grants, permissions, recording_shares, session_shares
from ..rights import ACTIONS, DEFAULT_PERMISSIONS
from . import naming
from .kinds import PERMISSION
from .roles import checked_actions


@attrs.frozen
class Permission:
    """Actions that a share grants on its object."""

    id: str
    """A UUID; of a default permission, its word (``WATCH``)."""
    name: str
    default: bool
    """One of the guide's, which cannot be removed."""
    actions: tuple[str, ...]


def add_permission(conn: Connection, name: str, actions: Sequence[str]) -> str:
    """Make a custom permission.

    Returns:
        its ID, which share commands take.

    Raises:
        InvalidValueError: the name or an action is none, or no action is given.
        NameTakenError: another permission is called so, a default one included.
    """
    granted = checked_actions(actions, ACTIONS)
    if not granted:
        raise InvalidValueError(
            f"permission {name!r}: must grant at least one of {', '.join(ACTIONS)}"
        )
    if name.upper() in DEFAULT_PERMISSIONS:
        raise NameTakenError(f"permission {name!r}: is the name of a default permission")
    row = naming.claim(conn, PERMISSION, name)
    conn.execute(insert(permissions).values(**row))
    for action in granted:
        conn.execute(insert(permission_grants).values(permission_id=row["id"], action=action))
    return row["id"]


def list_permissions(conn: Connection) -> tuple[Permission, ...]:
    """The default permissions, then the custom ones by name."""
    granted: dict[str, list[str]] = {}
    for row in conn.execute(select(permission_grants)):
        granted.setdefault(row.permission_id, []).append(row.action)
    defaults = [
        Permission(word, word, True, checked_actions(actions, ACTIONS))
        for word, actions in DEFAULT_PERMISSIONS.items()
    ]
    custom = [
        Permission(row.id, row.name, False, checked_actions(granted.get(row.id, ()), ACTIONS))
        for row in conn.execute(select(permissions).order_by(permissions.c.folded))
    ]
    return (*defaults, *custom)


def remove_permission(conn: Connection, permission: str, *, force: bool = False) -> None:
    """Remove a custom permission (its ID or name).

    Args:
        force: end the shares that were given with it, too.

    Raises:
        PermissionNotFoundError: there is none.
        InUseError: it is a default one; or something is shared with it, and ``force`` is not given.
    """
    if permission.upper() in DEFAULT_PERMISSIONS:
        raise InUseError(f"permission {permission!r} is a default one and cannot be removed")
    row = naming.find(conn, PERMISSION, permission)
    used = [
        conn.execute(select(func.count()).where(table.c.permission == row.id)).scalar() or 0
        for table in (session_shares, recording_shares)
    ]
    if any(used) and not force:
        raise InUseError(
            f"permission {row.name!r} is in use by shares of {used[0]} session(s) and "
            f"{used[1]} recording(s); --force ends them too"
        )
    for table in (session_shares, recording_shares):
        conn.execute(delete(table).where(table.c.permission == row.id))
    conn.execute(delete(permissions).where(permissions.c.id == row.id))
