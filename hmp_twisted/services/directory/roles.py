"""The roles: what users may do on every object, beside what is shared with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
from sqlalchemy import Connection, Table, delete, insert, select

from ...errors import InUseError, InvalidValueError
from ...store.schema import group_roles, groups, role_grants, roles, user_roles, users
from ..rights import ROLE_ACTIONS
from . import naming
from .administrators import keeps_an_administrator
from .kinds import ROLE


@attrs.frozen
class Role:
    """What its holders may do on every object."""

    id: str
    name: str
    builtin: bool
    """One of those that exist from the start and cannot be removed."""
    actions: tuple[str, ...]


def checked_actions(actions: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """The actions, each once and in the order of ``allowed``.

    Raises:
        InvalidValueError: one is not allowed; the message lists those that are.
    """
    known, given = tuple(allowed), tuple(actions)
    for action in given:
        if action not in known:
            hint = naming.did_you_mean(action, known)
            raise InvalidValueError(f"action {action!r}: must be one of {', '.join(known)}{hint}")
    return tuple(action for action in known if action in given)


def add_role(conn: Connection, name: str, actions: Sequence[str] = ()) -> str:
    """Make a role; it may grant nothing and still is one.

    Returns:
        its ID.

    Raises:
        InvalidValueError: the name or an action is none.
        NameTakenError: another role is called so.
    """
    granted = checked_actions(actions, ROLE_ACTIONS)
    row = naming.claim(conn, ROLE, name)
    conn.execute(insert(roles).values(**row, builtin=False))
    for action in granted:
        conn.execute(insert(role_grants).values(role_id=row["id"], action=action))
    return row["id"]


def list_roles(conn: Connection) -> tuple[Role, ...]:
    """Every role, by name."""
    granted: dict[str, list[str]] = {}
    for row in conn.execute(select(role_grants)):
        granted.setdefault(row.role_id, []).append(row.action)
    return tuple(
        Role(row.id, row.name, row.builtin, _in_order(granted.get(row.id, ())))
        for row in conn.execute(select(roles).order_by(roles.c.folded))
    )


def _in_order(actions: Iterable[str]) -> tuple[str, ...]:
    known = tuple(ROLE_ACTIONS)
    return tuple(sorted(actions, key=lambda a: known.index(a) if a in known else len(known)))


@keeps_an_administrator
def remove_role(conn: Connection, role: str, *, force: bool = False) -> None:
    """Remove a role (its name or ID).

    Args:
        force: take it from the users and groups that have it, too.

    Raises:
        RoleNotFoundError: there is none.
        InUseError: it exists from the start; or somebody has it, and ``force`` is not given; or
            nobody could administer without it.
    """
    row = naming.find(conn, ROLE, role)
    if row.builtin:
        raise InUseError(f"role {row.name!r} exists from the start and cannot be removed")
    holders = [
        *(f"user {name!r}" for name in _holders(conn, users, user_roles, row.id)),
        *(f"group {name!r}" for name in _holders(conn, groups, group_roles, row.id)),
    ]
    if holders and not force:
        more = f" and {len(holders) - 3} more" if len(holders) > 3 else ""
        raise InUseError(
            f"role {row.name!r} is held by {', '.join(holders[:3])}{more}; "
            "--force takes it from them too"
        )
    conn.execute(delete(roles).where(roles.c.id == row.id))


def _holders(conn: Connection, table: Table, link: Table, role_id: str) -> Sequence[str]:
    query = select(table.c.name).join(link).where(link.c.role_id == role_id)
    return conn.execute(query.order_by(table.c.folded)).scalars().all()
