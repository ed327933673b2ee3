"""The first administrator: made through a link in the server's log while nobody can sign in."""

from __future__ import annotations

import hmac

from sqlalchemy import Connection

from ...errors import NotFoundError
from ...logs import Logger
from ...services import sign_ins
from ...services.directory import users
from ...store.pool import Store
from .. import cookies

log = Logger()

ADMINISTRATOR = "Administrator"
"""The role that exists from the start and grants everything."""


class FirstUser:
    """A link that works once. It is in this process's memory only; a restart makes another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = ""

    async def offer(self, base: str) -> None:
        """Print the link, if nobody can sign in.

        Args:
            base: the server's URL, without a slash at its end.
        """
        if await self._store.read("look for users", sign_ins.anybody_can_sign_in):
            return
        self._token = cookies.new_token()
        log.info(
            "nobody can sign in to the web interface yet. Make the first administrator at "
            "{base}/first?token={token} (the link works once), or with `hmpctl user add NAME "
            "--role Administrator --password-stdin`",
            base=base,
            token=self._token,
        )

    def fits(self, token: str) -> bool:
        """Whether this is the link that was printed."""
        return bool(self._token) and hmac.compare_digest(self._token.encode(), token.encode())

    async def make(self, name: str, password_hash: str) -> None:
        """Make the user; the link works no more.

        Raises:
            NotFoundError: somebody can sign in by now.
            InvalidValueError, NameTakenError: the name cannot be used.
        """
        await self._store.transact("make the first user", _make, name, password_hash)
        self._token = ""
        log.info("{name!r} is the first administrator", name=name)


def _make(conn: Connection, name: str, password_hash: str) -> None:
    if sign_ins.anybody_can_sign_in(conn):
        raise NotFoundError("somebody can sign in already")
    users.add_user(conn, name, role_names=[ADMINISTRATOR], password_hash=password_hash)
