"""Who has signed in to the web interface: plain functions of a connection.

A sign-in is known by the hash of a random token that only the browser has. Passwords are checked
elsewhere, on a thread of their own; here are only the hashes.
"""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from ..store.schema import users, web_sessions
from . import rights
from .directory.naming import fold
from .directory.users import set_password_hash
from .rights import Actor

IDLE_S = 12 * 3600.0
"""A sign-in that was not used for so long is over, in seconds."""

LONGEST_S = 7 * 86400.0
"""A sign-in is over after so long, used or not, in seconds."""

TOUCH_S = 60.0
"""Use is noted at most this often: a page that looks is to write nothing."""

PER_USER = 50
"""Sign-ins of one user at a time; one more ends the one that was not used for longest."""


@attrs.frozen
class Account:
    """What a password is checked against."""

    user_id: str
    password_hash: str
    """Empty for who cannot sign in."""


@attrs.frozen
class Visitor:
    """A user who has signed in."""

    actor: Actor
    display_name: str
    """For people: the user's display name, else the user name."""
    actions: frozenset[str]
    """What the user's roles grant, on every object or on none."""
    is_stale: bool = attrs.field(eq=False, default=False)
    """Whether use is to be noted (:func:`touch`)."""

    def may(self, action: str) -> bool:
        """Whether one of the user's roles grants ``action``."""
        return action in self.actions


_FOUND = (
    select(users.c.id, users.c.name, users.c.display_name, web_sessions.c.seen)
    .join_from(web_sessions, users)
    .where(
        web_sessions.c.token_hash == bindparam("token_hash"),
        web_sessions.c.seen > bindparam("idle_since"),
        web_sessions.c.created > bindparam("oldest"),
        users.c.password_hash != "",
    )
)


def find_account(conn: Connection, name: str) -> Account | None:
    """The user of this name, in any case."""
    query = select(users.c.id, users.c.password_hash).where(users.c.folded == fold(name))
    row = conn.execute(query).first()
    return None if row is None else Account(row.id, row.password_hash)


def anybody_can_sign_in(conn: Connection) -> bool:
    """Whether any user has a password."""
    query = select(users.c.id).where(users.c.password_hash != "").limit(1)
    return conn.execute(query).first() is not None


def begin(conn: Connection, account: Account, token_hash: str, now: float) -> bool:
    """Note that a user has signed in, and forget what is over.

    Returns:
        whether the password that was checked still holds.
    """
    if not _still_holds(conn, account):
        return False
    _forget_old(conn, account.user_id, now)
    row = {"token_hash": token_hash, "user_id": account.user_id, "created": now, "seen": now}
    conn.execute(insert(web_sessions).values(**row))
    return True


def change_password(
    conn: Connection, account: Account, password_hash: str, token_hash: str, now: float
) -> bool:
    """Give a user another password, and end all sign-ins but a new one with this token.

    Returns:
        whether the password that was checked still held.
    """
    if not _still_holds(conn, account):
        return False
    set_password_hash(conn, account.user_id, password_hash)
    return begin(conn, attrs.evolve(account, password_hash=password_hash), token_hash, now)


def find_visitor(conn: Connection, token_hash: str, now: float) -> Visitor | None:
    """Whose token this is, if that sign-in still holds."""
    limits = {"idle_since": now - IDLE_S, "oldest": now - LONGEST_S}
    row = conn.execute(_FOUND, {"token_hash": token_hash, **limits}).first()
    if row is None:
        return None
    actor = Actor(row.id, row.name)
    actions = rights.by_roles(conn, actor)
    return Visitor(actor, row.display_name or row.name, actions, now - row.seen > TOUCH_S)


def touch(conn: Connection, token_hash: str, now: float) -> None:
    """Note that a sign-in is in use."""
    conn.execute(
        update(web_sessions).where(web_sessions.c.token_hash == token_hash).values(seen=now)
    )


def end(conn: Connection, token_hash: str) -> None:
    """Sign out; no error if that has happened."""
    conn.execute(delete(web_sessions).where(web_sessions.c.token_hash == token_hash))


def _still_holds(conn: Connection, account: Account) -> bool:
    same = select(users.c.id).where(
        users.c.id == account.user_id, users.c.password_hash == account.password_hash
    )
    return conn.execute(same).first() is not None


def _forget_old(conn: Connection, user_id: str, now: float) -> None:
    over = or_(web_sessions.c.seen <= now - IDLE_S, web_sessions.c.created <= now - LONGEST_S)
    conn.execute(delete(web_sessions).where(over))
    of_user = select(web_sessions.c.token_hash).where(web_sessions.c.user_id == user_id)
    too_many = of_user.order_by(web_sessions.c.seen.desc()).limit(1000).offset(PER_USER - 1)
    surplus = conn.execute(too_many).scalars().all()
    conn.execute(delete(web_sessions).where(web_sessions.c.token_hash.in_(surplus)))
