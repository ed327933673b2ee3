"""Which objects an actor sees, as conditions of a query: the rule of :func:`..rights.actions_on`.

A set of objects that is picked by another table (a user's shares, a category's value) can be asked
for in two ways: by going through the set, which is best for a small one, or by going through the
objects in their order and looking each up, which is best for a large one. Which it is, is asked
first, by counting no further than :data:`FEW`.
"""

from __future__ import annotations

import attrs
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    exists,
    func,
    or_,
    select,
    union_all,
)

from ...store.schema import group_members, permission_grants
from .. import rights
from ..rights import ACTIONS, DEFAULT_PERMISSIONS, Actor, Kind

FEW = 2000
"""A set of at most so many is gone through."""


@attrs.frozen
class Picked:
    """Objects that another table picks: their IDs, and the same asked of one object."""

    kind: Kind
    rows: CompoundSelect[tuple[str]] | Select[tuple[str]]
    """IDs; one may come twice."""
    each: ColumnElement[bool]

    def condition(self, conn: Connection) -> ColumnElement[bool]:
        """Whichever way is the faster one."""
        # Not the distinct ones: to find those, all would have to be gone through.
        some = self.rows.limit(FEW + 1).subquery()
        count = conn.execute(select(func.count()).select_from(some)).scalar_one()
        return self.kind.table.c.id.in_(self.rows) if count <= FEW else self.each


def sees_all(conn: Connection, actor: Actor) -> bool:
    """Whether a role lets the actor see every object."""
    return not rights.by_roles(conn, actor).isdisjoint(ACTIONS)


def shared_with(kind: Kind, actor: Actor) -> Picked:
    """The objects that are shared with a user, or with one of the user's groups."""
    shares, owner = kind.shares.c, kind.shares.c[kind.reference]
    groups = select(group_members.c.group_id).where(group_members.c.user_id == actor.user_id)
    # A custom permission that grants nothing lets nobody see anything.
    grants = or_(
        shares.permission.in_(tuple(DEFAULT_PERMISSIONS)),
        shares.permission.in_(select(permission_grants.c.permission_id)),
    )
    to_user = select(owner.label("id")).where(shares.user_id == actor.user_id, grants)
    to_group = select(owner.label("id")).where(shares.group_id.in_(groups), grants)
    this = owner == kind.table.c.id
    return Picked(
        kind,
        union_all(to_user, to_group),
        or_(
            exists().where(this, shares.user_id == actor.user_id, grants),
            exists().where(this, shares.group_id.in_(groups), grants),
        ),
    )


def with_category(kind: Kind, category_id: str, value: str) -> Picked:
    """The objects that bear this value of the category; any value, if it is empty."""
    given, owner = kind.categories.c, kind.categories.c[kind.reference]
    fits = [given.category_id == category_id, *([given.value == value] if value else [])]
    return Picked(
        kind,
        select(owner.label("id")).where(*fits),
        exists().where(owner == kind.table.c.id, *fits),
    )
