"""One session or recording with all that belongs to it, and what the actor may do to it."""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, select, union_all

from ...store import queries
from ...store.rows import SessionRow, SourceRow
from ...store.schema import IS_ACTIVE, IS_LIVE, recordings, sessions, streams
from .. import rights
from ..directory import attached
from ..directory import recordings as catalogue
from ..directory.attached import CategoryValues, Share
from ..directory.permissions import Permission, list_permissions
from ..directory.recordings import HotMark, Recording
from ..directory.streams import Stream
from ..rights import Actor, Kind
from . import sight

PAST_STREAMS = 10
"""Streams that have ended, shown with those that run."""

MOST_LIVE = 50
"""Live sessions on one page."""


@attrs.frozen
class Attached:
    """What sessions and recordings both have."""

    actions: frozenset[str]
    """What the actor may do."""
    categories: tuple[CategoryValues, ...]
    shares: tuple[Share, ...]
    permissions: tuple[Permission, ...]
    """The custom permissions there are, for sharing."""

    def may(self, action: str) -> bool:
        """Whether the actor may do this."""
        return action in self.actions


@attrs.frozen
class RecordingDetails:
    """A recording."""

    recording: Recording
    attached: Attached
    hotmarks: tuple[HotMark, ...]
    streams: tuple[Stream, ...]
    """Those that run, then the last that have ended."""
    session_title: str
    """Empty if the session is gone, or the actor may not see it."""


@attrs.frozen
class SessionDetails:
    """A session."""

    session: SessionRow
    attached: Attached
    sources: tuple[SourceRow, ...]
    other_sources: tuple[SourceRow, ...]
    """What could be added."""
    is_recorded: bool


@attrs.frozen
class LiveSession:
    """A live session: what is recorded of it now."""

    session: SessionRow
    actions: frozenset[str]
    sources: tuple[SourceRow, ...]
    active: tuple[ActiveRecording, ...]

    def may(self, action: str) -> bool:
        """Whether the actor may do this to the session."""
        return action in self.actions


@attrs.frozen
class ActiveRecording:
    """A recording in progress of a session."""

    id: str
    title: str
    state: str
    created: float
    actions: frozenset[str]
    """What the actor may do to it; ``record`` by the session counts."""

    def may(self, action: str) -> bool:
        """Whether the actor may do this to the recording."""
        return action in self.actions


def recording(conn: Connection, actor: Actor, recording_id: str) -> RecordingDetails:
    """The recording of this ID.

    Raises:
        RecordingNotFoundError: none that the actor sees.
    """
    actions = rights.seen(conn, actor, Kind.RECORDING, recording_id)
    found = catalogue.find_recording(conn, recording_id)
    return RecordingDetails(
        found,
        _attached(conn, Kind.RECORDING, recording_id, actions),
        catalogue.hotmarks_of(conn, recording_id),
        _streams(conn, found),
        _session_title(conn, actor, found.session_id),
    )


def session(conn: Connection, actor: Actor, session_id: str) -> SessionDetails:
    """The session of this ID.

    Raises:
        SessionNotFoundError: none that the actor sees.
    """
    actions = rights.seen(conn, actor, Kind.SESSION, session_id)
    found = queries.find_session(conn, session_id)
    if found is None:
        raise Kind.SESSION.not_found(f"no session {session_id}")
    held = queries.sources_of(conn, session_id)
    others = [source for source in queries.all_sources(conn) if source not in held]
    return SessionDetails(
        found,
        _attached(conn, Kind.SESSION, session_id, actions),
        held,
        tuple(sorted(others, key=lambda source: source.name.casefold())),
        queries.is_recorded(conn, session_id),
    )


def live_session(conn: Connection, actor: Actor, session_id: str) -> LiveSession:
    """What is recorded of a session now, whether or not it is live.

    Raises:
        SessionNotFoundError: none that the actor sees.
    """
    actions = rights.seen(conn, actor, Kind.SESSION, session_id)
    found = queries.find_session(conn, session_id)
    if found is None:
        raise Kind.SESSION.not_found(f"no session {session_id}")
    sources = queries.sources_of(conn, session_id)
    return LiveSession(found, actions, sources, _active(conn, actor, session_id, actions))


def live_sessions(conn: Connection, actor: Actor) -> tuple[LiveSession, ...]:
    """The live sessions that the actor sees, and those that are being recorded; by title."""
    on_now = union_all(
        select(sessions.c.id).where(IS_LIVE), select(recordings.c.session_id).where(IS_ACTIVE)
    )
    query = select(sessions.c.id).where(sessions.c.id.in_(on_now))
    if not sight.sees_all(conn, actor):
        query = query.where(sight.shared_with(Kind.SESSION, actor).condition(conn))
    ids = conn.execute(query.order_by(sessions.c.title, sessions.c.id).limit(MOST_LIVE)).scalars()
    return tuple(live_session(conn, actor, session_id) for session_id in ids.all())


def _active(
    conn: Connection, actor: Actor, session_id: str, of_session: frozenset[str]
) -> tuple[ActiveRecording, ...]:
    query = select(
        recordings.c.id, recordings.c.title, recordings.c.state, recordings.c.created
    ).where(recordings.c.session_id == session_id, IS_ACTIVE)
    found = []
    for row in conn.execute(query.order_by(recordings.c.created)).all():
        actions = rights.actions_on(conn, actor, Kind.RECORDING, row.id)
        actions |= of_session & {rights.RECORD}
        if actions:
            found.append(ActiveRecording(row.id, row.title, row.state, row.created, actions))
    return tuple(found)


def _attached(conn: Connection, kind: Kind, object_id: str, actions: frozenset[str]) -> Attached:
    return Attached(
        actions,
        attached.categories_of(conn, kind.categories, object_id),
        attached.shares_of(conn, kind.shares, kind.reference, object_id),
        list_permissions(conn),
    )


def _streams(conn: Connection, found: Recording) -> tuple[Stream, ...]:
    query = select(streams).where(streams.c.recording_id == found.id)
    running = conn.execute(query.where(streams.c.ended.is_(None)).order_by(streams.c.started))
    past = query.where(streams.c.ended.is_not(None)).order_by(streams.c.ended.desc())
    rows = [*running, *conn.execute(past.limit(PAST_STREAMS))]
    return tuple(
        Stream(r.id, r.recording_id, found.title, r.address, r.port, r.started, r.ended, r.reason)
        for r in rows
    )


def _session_title(conn: Connection, actor: Actor, session_id: str) -> str:
    found = queries.find_session(conn, session_id)
    if found is None or not rights.actions_on(conn, actor, Kind.SESSION, session_id):
        return ""
    return found.title
