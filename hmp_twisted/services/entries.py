"""The catalogue's side of recording: what is checked and written in one transaction each."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Connection, Select, delete, insert, literal, select, update

from .. import errors
from ..engine.manifest import Track
from ..store import queries
from ..store.rows import (
    ERROR,
    FINISHED,
    PAUSED,
    RECORDING,
    STARTING,
    STOPPED,
    RecordingRow,
    SourceRow,
)
from ..store.schema import recording_categories, recordings, session_categories
from . import rights
from .rights import Actor, Kind

READABLE = frozenset({RECORDING, PAUSED, FINISHED, ERROR})


def begin(
    conn: Connection, actor: Actor, session_id: str, recording_id: str, created: float
) -> tuple[Track, ...]:
    """Enter a recording of the session that the media engine has yet to start.

    Returns:
        Its tracks.

    Raises:
        SessionNotFoundError, NotAuthorizedError, NoSourcesError
    """
    rights.allow(actor, rights.seen(conn, actor, Kind.SESSION, session_id), rights.RECORD)
    sources = queries.sources_of(conn, session_id)
    if not sources:
        raise errors.NoSourcesError(f"session {session_id} has no source to record")
    _insert(conn, session_id, recording_id, created, len(sources))
    _take_over_categories(conn, session_id, recording_id)
    rights.give_ownership(conn, actor, Kind.RECORDING, recording_id, str(uuid4()))
    return tuple(_track(number, source) for number, source in enumerate(sources, 1))


def _insert(
    conn: Connection, session_id: str, recording_id: str, created: float, tracks: int
) -> None:
    session = queries.find_session(conn, session_id)
    if session is None:
        raise errors.SessionNotFoundError(f"no session {session_id}")
    row = {
        "id": recording_id,
        "session_id": session_id,
        "title": session.title,
        "description": session.description,
        "created": created,
        "wanted": RECORDING,
        "state": STARTING,
        "track_count": tracks,
    }
    conn.execute(insert(recordings).values(**row))


def _take_over_categories(conn: Connection, session_id: str, recording_id: str) -> None:
    given = session_categories.c
    of_session: Select[tuple[str, str, int, str]] = select(
        literal(recording_id), given.category_id, given.position, given.value
    ).where(given.session_id == session_id)
    columns = ["recording_id", "category_id", "position", "value"]
    conn.execute(insert(recording_categories).from_select(columns, of_session))


def _track(number: int, source: SourceRow) -> Track:
    return Track(
        number=number,
        source_id=source.id,
        source_name=source.name,
        url=source.url,
        interface=source.interface,
    )


def forget(conn: Connection, recording_id: str) -> None:
    """Take out a recording that could not be started."""
    conn.execute(delete(recordings).where(recordings.c.id == recording_id))


def settle(conn: Connection, recording_id: str, wanted: str, state: str) -> None:
    """Note what is wanted of an active recording and what it is.

    Raises:
        ActiveRecordingNotFoundError: there is none (any more).
    """
    active = update(recordings).where(recordings.c.id == recording_id)
    changed = conn.execute(active.values(wanted=wanted, state=state))
    if changed.rowcount == 0:
        raise errors.ActiveRecordingNotFoundError(f"no recording {recording_id}")


def end(
    conn: Connection, recording_id: str, now: float, state: str, duration_s: float, reason: str
) -> bool:
    """Note how, and that at ``now``, a recording ended; gives whether it was active until then."""
    changed = conn.execute(
        update(recordings)
        .where(recordings.c.id == recording_id, recordings.c.wanted != STOPPED)
        .values(wanted=STOPPED, state=state, duration_s=duration_s, reason=reason, ended=now)
    )
    return changed.rowcount > 0


def state_of(conn: Connection, actor: Actor, recording_id: str) -> str:
    """RECORDING, PAUSED, FINISHED or ERROR.

    Raises:
        ActiveRecordingNotFoundError: no recording has this ID, or none that the actor sees.
        UnreadableStateError: its state is none of these.
    """
    recording = queries.find_recording(conn, recording_id)
    seen = rights.actions_on(conn, actor, Kind.RECORDING, recording_id)
    if recording is None or recording.deleted is not None or not seen:
        raise errors.ActiveRecordingNotFoundError(f"no recording {recording_id}")
    if recording.state not in READABLE:
        raise errors.UnreadableStateError(
            f"recording {recording_id}: its state is {recording.state!r}"
        )
    return recording.state


def find_active(conn: Connection, actor: Actor, recording_id: str) -> RecordingRow:
    """A recording in progress that the actor may pause, resume and stop.

    The right may be had on the recording, or on its session.

    Raises:
        ActiveRecordingNotFoundError: unknown, not seen, not started yet, or ended.
        NotAuthorizedError
    """
    recording, actions = _seen(conn, actor, recording_id)
    rights.allow(actor, actions, rights.RECORD)
    if not recording.is_active or recording.state == STARTING:
        raise errors.ActiveRecordingNotFoundError(f"recording {recording_id} is not active")
    return recording


def find_seen(conn: Connection, actor: Actor, recording_id: str) -> RecordingRow:
    """A recording on which, or on whose session, the actor may do anything.

    Raises:
        ActiveRecordingNotFoundError: unknown, or not seen.
    """
    return _seen(conn, actor, recording_id)[0]


def _seen(conn: Connection, actor: Actor, recording_id: str) -> tuple[RecordingRow, frozenset[str]]:
    unseen = errors.ActiveRecordingNotFoundError(f"no recording {recording_id}")
    recording = queries.find_recording(conn, recording_id)
    if recording is None or recording.deleted is not None:
        raise unseen
    actions = rights.actions_on(conn, actor, Kind.RECORDING, recording_id)
    if rights.RECORD not in actions:
        of_session = rights.actions_on(conn, actor, Kind.SESSION, recording.session_id)
        actions |= of_session & {rights.RECORD}
    if not actions:
        raise unseen
    return recording, actions
