"""Who may administer: once somebody may, somebody must, or nobody could give the right back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, select

from ...errors import InUseError
from ...store.schema import users
from .. import rights
from ..rights import ADMINISTER, Actor

P = ParamSpec("P")
T = TypeVar("T")


def keeps_an_administrator(
    change: Callable[Concatenate[Connection, P], T],
) -> Callable[Concatenate[Connection, P], T]:
    """Have a change refused that takes ``administer`` from the last user who could sign in with it.

    It raises InUseError then, besides what the change itself raises; as with every refusal, the
    transaction is to be undone. Where nobody could administer before, nothing is refused.
    """

    @wraps(change)
    def checked(conn: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        was_one = _is_one(conn)
        result = change(conn, *args, **kwargs)
        if was_one and not _is_one(conn):
            raise InUseError(
                "nobody who can sign in could administer then; give somebody that right first"
            )
        return result

    return checked


def _is_one(conn: Connection) -> bool:
    """Whether anybody who can sign in may administer."""
    query = select(users.c.id, users.c.name).where(users.c.password_hash != "")
    return any(
        ADMINISTER in rights.by_roles(conn, Actor(row.id, row.name)) for row in conn.execute(query)
    )
