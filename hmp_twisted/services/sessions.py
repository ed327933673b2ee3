"""Sessions: what is to be recorded together, from which sources (guide, "Managing Sessions")."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from .. import errors
from ..clocks import Clock
from ..store import queries
from ..store.pool import Store
from ..store.schema import session_sources, sessions
from . import rights
from .rights import Actor, Kind
from .titles import check_length, check_not_empty

MAX_SOURCES = 4
"""Sources in one session, at most."""


class Sessions:
    """What can be done to sessions."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(self, actor: Actor, title: str) -> str:
        """Make a session, owned by the user who made it; gives its ID.

        Raises:
            EmptyTitleError, NotAuthorizedError, TitleTooLongError
        """
        check_not_empty(title)
        session_id = str(uuid4())
        row = {"id": session_id, "title": title, "created": self._clock.seconds()}
        await self._store.transact(
            f"create session {session_id}", _create, actor, row, str(uuid4())
        )
        return session_id

    async def set_live(self, actor: Actor, session_id: str, live: bool) -> None:
        """Say whether the session is live; saying it again is no error.

        Raises:
            SessionNotFoundError, NotAuthorizedError
        """
        await self._store.transact(
            f"set session {session_id} live", _set_live, actor, session_id, live
        )

    async def delete(self, actor: Actor, session_id: str) -> None:
        """Delete the session; its finished recordings stay.

        Raises:
            SessionNotFoundError, NotAuthorizedError, RecordingInProgressError
        """
        await self._store.transact(f"delete session {session_id}", _delete, actor, session_id)

    async def add_source(self, actor: Actor, session_id: str, source_id: str) -> None:
        """Add a source, behind those that the session has.

        Raises:
            SessionNotFoundError, SourceNotFoundError, NotAuthorizedError, RecordingInProgressError,
            SourceAlreadyAddedError, TooManySourcesError
        """
        name = f"add source {source_id} to session {session_id}"
        await self._store.transact(name, _add_source, actor, session_id, source_id)

    async def remove_source(self, actor: Actor, session_id: str, source_id: str) -> None:
        """Take a source out of the session.

        Raises:
            SessionNotFoundError, NotAuthorizedError, RecordingInProgressError
            SourceNotFoundError: unknown, or not in this session.
        """
        name = f"remove source {source_id} from session {session_id}"
        await self._store.transact(name, _remove_source, actor, session_id, source_id)


def _create(conn: Connection, actor: Actor, row: dict[str, object], share_id: str) -> None:
    rights.require_role(conn, actor, rights.CREATE_SESSIONS)
    check_length(str(row["title"]))
    conn.execute(insert(sessions).values(**row))
    rights.give_ownership(conn, actor, Kind.SESSION, str(row["id"]), share_id)


def _set_live(conn: Connection, actor: Actor, session_id: str, live: bool) -> None:
    actions = rights.seen(conn, actor, Kind.SESSION, session_id)
    rights.allow(actor, actions, rights.EDIT)
    conn.execute(update(sessions).where(sessions.c.id == session_id).values(live=live))


def _delete(conn: Connection, actor: Actor, session_id: str) -> None:
    actions = rights.seen(conn, actor, Kind.SESSION, session_id)
    rights.allow(actor, actions, rights.DELETE)
    _check_not_recorded(conn, session_id)
    conn.execute(delete(sessions).where(sessions.c.id == session_id))


def _add_source(conn: Connection, actor: Actor, session_id: str, source_id: str) -> None:
    _check_sources_may_change(conn, actor, session_id, source_id)
    present = _positions(conn, session_id)
    if source_id in present:
        raise errors.SourceAlreadyAddedError(f"source {source_id} is in session {session_id}")
    if len(present) >= MAX_SOURCES:
        raise errors.TooManySourcesError(f"session {session_id} has {MAX_SOURCES} sources")
    position = max(present.values(), default=0) + 1
    row = {"session_id": session_id, "source_id": source_id, "position": position}
    conn.execute(insert(session_sources).values(**row))


def _remove_source(conn: Connection, actor: Actor, session_id: str, source_id: str) -> None:
    _check_sources_may_change(conn, actor, session_id, source_id, must_be_in=True)
    conn.execute(
        delete(session_sources).where(
            session_sources.c.session_id == session_id, session_sources.c.source_id == source_id
        )
    )


def _check_sources_may_change(
    conn: Connection, actor: Actor, session_id: str, source_id: str, must_be_in: bool = False
) -> None:
    """The checks that both have in common, in the guide's order."""
    actions = rights.seen(conn, actor, Kind.SESSION, session_id)
    if queries.find_source(conn, source_id) is None:
        raise errors.SourceNotFoundError(f"no source {source_id}")
    rights.allow(actor, actions, rights.CHANGE_SOURCES)
    if must_be_in and source_id not in _positions(conn, session_id):
        raise errors.SourceNotFoundError(f"source {source_id} is not in session {session_id}")
    _check_not_recorded(conn, session_id)


def _positions(conn: Connection, session_id: str) -> dict[str, int]:
    query = select(session_sources.c.source_id, session_sources.c.position)
    rows = conn.execute(query.where(session_sources.c.session_id == session_id))
    return {row.source_id: row.position for row in rows}


def _check_not_recorded(conn: Connection, session_id: str) -> None:
    if queries.is_recorded(conn, session_id):
        raise errors.RecordingInProgressError(f"session {session_id} is being recorded")
