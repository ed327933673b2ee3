"""Who may administer: somebody must, or nobody could give the right back."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ...errors import InUseError
from ...store.schema import users
from .. import rights
from ..rights import ADMINISTER, Actor


def check_one_is_left(conn: Connection) -> None:
    """Refuse a change after which nobody who can sign in may administer.

    Raises:
        InUseError: that would be so; the transaction is to be undone.
    """
    query = select(users.c.id, users.c.name).where(users.c.password_hash != "")
    for row in conn.execute(query):
        if ADMINISTER in rights.by_roles(conn, Actor(row.id, row.name)):
            return
    raise InUseError("nobody who can sign in could administer then; give somebody that right first")
