"""Changes of what administrators keep: names, and what belongs to an object, replaced as a whole.

Each function takes what the matching ``add_…`` takes, and raises the same errors; the object is
meant by its ID. What exists from the start cannot be changed, nor may a change leave nobody who
could administer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from ...engine.sources import SourceAddress
from ...errors import InUseError, InvalidValueError, NameTakenError
from ...store import queries, schema
from ..rights import ACTIONS, ROLE_ACTIONS
from . import categories, naming, sources
from .administrators import keeps_an_administrator
from .api import raise_version
from .devices import parse_network
from .kinds import CATEGORY, DEVICE, GROUP, PERMISSION, ROLE, SOURCE, USER
from .naming import Kind
from .roles import checked_actions


def change_source(conn: Connection, source: str, name: str, url: str, interface: str = "") -> None:
    """Give a source another name or address.

    Raises:
        InUseError: it is being recorded, and the address is another.
    """
    row = _renamed(conn, SOURCE, source, name)
    SourceAddress.parse(url, interface)
    if (row.url, row.interface) != (url, interface) and _is_recorded(conn, row.id):
        raise InUseError(
            f"source {row.name!r} is being recorded: its address can be changed when that has ended"
        )
    _update(conn, schema.sources, row.id, url=url, interface=interface)


def _is_recorded(conn: Connection, source_id: str) -> bool:
    holding = [session_id for session_id, _ in sources.sessions_with(conn, source_id)]
    return any(queries.is_recorded(conn, session_id) for session_id in holding)


def change_device(conn: Connection, device: str, name: str, address: str, user: str = "") -> None:
    """Give a device another name, address or user; running connections follow in 2 seconds."""
    row = _renamed(conn, DEVICE, device, name)
    network = str(parse_network(address))
    table = schema.devices
    other = select(table.c.name).where(table.c.address == network, table.c.id != row.id)
    taken = conn.execute(other).scalar()
    if taken is not None:
        raise NameTakenError(f"address {address} is on the list already, as device {taken!r}")
    user_id = naming.find(conn, USER, user).id if user else None
    _update(conn, table, row.id, address=network, user_id=user_id)
    raise_version(conn)


def change_category(
    conn: Connection,
    category: str,
    name: str,
    values: Sequence[str] = (),
    *,
    multiple: bool = False,
    custom: bool = False,
) -> None:
    """Replace what a category offers. What objects have of it stays."""
    row = _renamed(conn, CATEGORY, category, name)
    for value in values:
        naming.checked_text("category value", value, categories.MAX_VALUE)
        if values.count(value) > 1:
            raise InvalidValueError(f"category value {value!r}: is given more than once")
    _update(conn, schema.categories, row.id, multiple=multiple, custom=custom)
    offered = schema.category_values
    conn.execute(delete(offered).where(offered.c.category_id == row.id))
    for position, value in enumerate(values):
        conn.execute(insert(offered).values(category_id=row.id, position=position, value=value))


@keeps_an_administrator
def change_role(conn: Connection, role: str, name: str, actions: Sequence[str] = ()) -> None:
    """Replace what a role grants."""
    granted = checked_actions(actions, ROLE_ACTIONS)
    row = _renamed(conn, ROLE, role, name)
    if row.builtin:
        raise InUseError(f"role {row.name!r} exists from the start and cannot be changed")
    _relink(conn, schema.role_grants, "role_id", row.id, "action", granted)


def change_permission(conn: Connection, permission: str, name: str, actions: Sequence[str]) -> None:
    """Replace what a custom permission grants, also to those who have it."""
    granted = checked_actions(actions, ACTIONS)
    if not granted:
        raise InvalidValueError(
            f"permission {name!r}: must grant at least one of {', '.join(ACTIONS)}"
        )
    row = _renamed(conn, PERMISSION, permission, name)
    _relink(conn, schema.permission_grants, "permission_id", row.id, "action", granted)


@keeps_an_administrator
def change_user(
    conn: Connection,
    user: str,
    name: str,
    *,
    display_name: str = "",
    role_names: Sequence[str] = (),
    group_names: Sequence[str] = (),
) -> None:
    """Replace a user's names, roles and groups."""
    row = _renamed(conn, USER, user, name)
    if display_name:
        naming.checked_text("display name", display_name)
    _update(conn, schema.users, row.id, display_name=display_name)
    role_ids = _ids(conn, ROLE, role_names)
    _relink(conn, schema.user_roles, "user_id", row.id, "role_id", role_ids)
    group_ids = _ids(conn, GROUP, group_names)
    _relink(conn, schema.group_members, "user_id", row.id, "group_id", group_ids)
    raise_version(conn)


@keeps_an_administrator
def change_group(
    conn: Connection,
    group: str,
    name: str,
    *,
    role_names: Sequence[str] = (),
    member_names: Sequence[str] = (),
) -> None:
    """Replace a group's name, roles and members."""
    row = _renamed(conn, GROUP, group, name)
    role_ids = _ids(conn, ROLE, role_names)
    _relink(conn, schema.group_roles, "group_id", row.id, "role_id", role_ids)
    user_ids = _ids(conn, USER, member_names)
    _relink(conn, schema.group_members, "group_id", row.id, "user_id", user_ids)
    raise_version(conn)


def _renamed(conn: Connection, kind: Kind, object_id: str, name: str) -> Row[Any]:
    """The object's row as it was; its name is the new one, if that is free."""
    row = naming.find(conn, kind, object_id)
    naming.checked_name(kind, name)
    table = kind.table
    other = select(table.c.name).where(table.c.folded == naming.fold(name), table.c.id != row.id)
    taken = conn.execute(other).scalar()
    if taken is not None:
        raise NameTakenError(f"there is a {kind.noun} {taken!r} already; choose another name")
    _update(conn, table, row.id, name=name, folded=naming.fold(name))
    return row


def _update(conn: Connection, table: Table, object_id: str, **values: Any) -> None:
    conn.execute(update(table).where(table.c.id == object_id).values(**values))


def _ids(conn: Connection, kind: Kind, names: Iterable[str]) -> list[str]:
    return sorted({naming.find(conn, kind, name).id for name in names})


def _relink(
    conn: Connection, table: Table, owner: str, owner_id: str, other: str, values: Iterable[str]
) -> None:
    conn.execute(delete(table).where(table.c[owner] == owner_id))
    for value in values:
        conn.execute(insert(table).values({owner: owner_id, other: value}))
