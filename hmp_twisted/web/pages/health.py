"""``/healthz``: whether the server can do its work, for load balancers and watchdogs."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ...errors import DomainError
from ...store.schema import settings
from ..answers import Answer, Body
from ..route import PUBLIC, get
from ..visit import Visit


async def show(visit: Visit) -> Answer:
    """``ok`` with 200, or with 503 what does not work."""
    try:
        await visit.store.read("health", _look)
    except DomainError:
        return Body(b"the database cannot be used\n", status=503)
    return Body(b"ok\n")


def _look(conn: Connection) -> None:
    conn.execute(select(settings.c.key).limit(1)).first()


ROUTES = (get("/healthz", show, PUBLIC),)
