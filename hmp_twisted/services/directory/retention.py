"""How long recordings are kept: their expiry, their protection, and which of them may go.

A recording that is active, protected or played out never goes by itself.
"""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, update

from ...errors import InvalidValueError
from ...store.schema import IS_EXPIRING, recordings, streams
from .recordings import STOPPED, Recording, find_recording

DAY_S = 86_400.0
LONGEST_DAYS = 36_500.0
NEVER = 0.0
"""The expiry in days of what is kept for good."""

_ENDED = func.coalesce(recordings.c.ended, recordings.c.created + recordings.c.duration_s)
"""Reckoned for recordings that ended before their end was noted, or elsewhere."""


@attrs.frozen
class Removable:
    """A recording that may go."""

    id: str
    title: str
    ended: float
    """Unix seconds."""
    days: float
    """Its expiry in days after that, or :data:`NEVER`."""


def set_expiry(conn: Connection, recording: str, days: float | None) -> None:
    """Have a recording removed so many days after its end.

    Args:
        recording: its ID, the beginning of it, or its title.
        days: :data:`NEVER` for never, ``None`` for the configured default.

    Raises:
        RecordingNotFoundError, AmbiguousNameError: which one is meant is not clear.
        InvalidValueError: the number of days is out of range.
    """
    if days is not None and not NEVER <= days <= LONGEST_DAYS:
        raise InvalidValueError(f"{days:g} days: must be more than 0 and at most {LONGEST_DAYS:g}")
    _change(conn, recording, expire_after_days=days)


def set_protected(conn: Connection, recording: str, protected: bool) -> None:
    """Keep a recording whatever its expiry and however full the disk, or no more.

    Raises:
        RecordingNotFoundError, AmbiguousNameError: which one is meant is not clear.
    """
    _change(conn, recording, protected=protected)


def restore(conn: Connection, recording: str) -> None:
    """Take a recording out of the bin; one that is not in it stays where it is.

    Raises:
        RecordingNotFoundError, AmbiguousNameError: which one is meant is not clear.
    """
    _change(conn, recording, deleted=None)


def expires(recording: Recording, default_days: float) -> float | None:
    """When a recording goes by itself, in Unix seconds; ``None`` for never, or not known yet."""
    days = default_days if recording.expire_after_days is None else recording.expire_after_days
    if recording.is_active or recording.protected or days == NEVER:
        return None
    reckoned = recording.created + recording.duration_s
    ended = reckoned if recording.ended is None else recording.ended
    return ended + days * DAY_S


def find_expired(
    conn: Connection, now: float, default_days: float, most: int
) -> tuple[Removable, ...]:
    """At most so many of the recordings whose expiry has passed, the oldest first."""
    days = _days(default_days)
    # Without a default only those with an expiry of their own, which an index picks.
    expiring = days > NEVER if default_days else IS_EXPIRING
    query = _removable(default_days).where(expiring, _ENDED + days * DAY_S <= now)
    return tuple(Removable(*row) for row in conn.execute(query.limit(most)))


def find_oldest(conn: Connection, default_days: float, most: int) -> tuple[Removable, ...]:
    """At most so many of the recordings that may go to make room: from the bin, then the oldest."""
    in_bin_first = recordings.c.deleted.is_(None), _ENDED
    query = _removable(default_days).order_by(None).order_by(*in_bin_first, recordings.c.id)
    return tuple(Removable(*row) for row in conn.execute(query.limit(most)))


def _days(default_days: float) -> ColumnElement[float]:
    return func.coalesce(recordings.c.expire_after_days, default_days)


def _removable(default_days: float) -> Select[Any]:
    playing = exists().where(streams.c.recording_id == recordings.c.id, streams.c.ended.is_(None))
    columns = recordings.c.id, recordings.c.title, _ENDED, _days(default_days)
    ended = recordings.c.wanted == STOPPED
    wanted = select(*columns).where(ended, recordings.c.protected.is_(False), ~playing)
    return wanted.order_by(_ENDED, recordings.c.id)


def _change(conn: Connection, recording: str, **values: Any) -> None:
    found = find_recording(conn, recording)
    conn.execute(update(recordings).where(recordings.c.id == found.id).values(**values))
