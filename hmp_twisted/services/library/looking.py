"""Who may go on looking at a live source: asked again and again while a stream of it is open."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from sqlalchemy import Connection

from ...store import queries
from .. import rights, sign_ins
from ..rights import Kind


@attrs.frozen
class Look:
    """A source of a session, looked at by whoever has signed in with a token."""

    token_hash: str
    session_id: str
    source_id: str


def allowed(conn: Connection, looks: Iterable[Look], now: float) -> frozenset[Look]:
    """Those of them that are allowed.

    Args:
        looks: what is being looked at.
        now: the time of day, in Unix seconds.
    """
    return frozenset(look for look in looks if _is_allowed(conn, look, now))


def _is_allowed(conn: Connection, look: Look, now: float) -> bool:
    visitor = sign_ins.find_visitor(conn, look.token_hash, now)
    if visitor is None:
        return False
    actions = rights.actions_on(conn, visitor.actor, Kind.SESSION, look.session_id)
    sources = queries.sources_of(conn, look.session_id)
    return rights.WATCH in actions and look.source_id in {source.id for source in sources}
