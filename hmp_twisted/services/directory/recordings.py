"""The catalogue of recordings as an administrator sees it: all of them, taken in and removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from sqlalchemy import Connection, Row, delete, insert, or_, select

from ...errors import InUseError, InvalidValueError, NameTakenError, RecordingNotFoundError
from ...store.schema import (
    categories,
    hotmarks,
    recording_categories,
    recording_shares,
    recordings,
    streams,
)
from . import naming
from .attached import CategoryValues, Share, categories_of, shares_of
from .kinds import RECORDING

STOPPED = "STOPPED"
"""What is wanted of a recording that has ended."""

ENDED = ("FINISHED", "ERROR")


@attrs.frozen
class Recording:
    """One recording as the catalogue has it; its tracks are in its folder's ``recording.json``."""

    id: str
    session_id: str
    """Empty for one that was taken in without its catalogue file."""
    title: str
    description: str
    createdby: str
    created: float
    """Unix seconds."""
    state: str
    reason: str
    """Why the state is ``ERROR``."""
    duration_s: float
    track_count: int
    is_active: bool
    """Whether it is being recorded, or paused."""
    ended: float | None
    """When it stopped, in Unix seconds, if that was noted."""
    expire_after_days: float | None
    """Days after its end: 0 for never, ``None`` for the configured default."""
    protected: bool
    """Whether it is kept whatever its expiry and however full the disk."""
    deleted: float | None = None
    """When it was put into the bin, in Unix seconds, if it is there."""


@attrs.frozen
class HotMark:
    """A point of interest."""

    time_s: int
    """On the recording's clock, in whole seconds."""
    title: str


@attrs.frozen
class Entry:
    """What is taken into the catalogue with a recording that its files tell of."""

    id: str
    session_id: str
    title: str
    created: float
    state: str
    duration_s: float
    track_count: int
    reason: str = ""
    description: str = ""
    createdby: str = ""
    hotmarks: tuple[HotMark, ...] = ()
    categories: tuple[CategoryValues, ...] = ()


def list_recordings(conn: Connection, *, active: bool = False) -> tuple[Recording, ...]:
    """Every recording, or every active one, oldest first."""
    query = select(recordings).order_by(recordings.c.created, recordings.c.id)
    if active:
        query = query.where(recordings.c.wanted != STOPPED)
    return tuple(_recording(row) for row in conn.execute(query))


def find_recording(conn: Connection, recording: str) -> Recording:
    """The recording of this ID, beginning of an ID, or title.

    Raises:
        RecordingNotFoundError: there is none.
        AmbiguousNameError: several are called so.
    """
    return _recording(naming.find(conn, RECORDING, recording))


def get_recording(conn: Connection, recording_id: str) -> Recording:
    """The recording of exactly this ID, whatever others are called.

    Raises:
        RecordingNotFoundError: there is none.
    """
    row = conn.execute(select(recordings).where(recordings.c.id == recording_id)).first()
    if row is None:
        raise RecordingNotFoundError(f"no recording has the ID {recording_id}")
    return _recording(row)


def has_recording(conn: Connection, recording_id: str) -> bool:
    """Whether the catalogue has a recording of exactly this ID."""
    query = select(recordings.c.id).where(recordings.c.id == recording_id)
    return conn.execute(query).first() is not None


def hotmarks_of(conn: Connection, recording_id: str) -> tuple[HotMark, ...]:
    """The HotMarks of a recording, by time."""
    query = select(hotmarks).where(hotmarks.c.recording_id == recording_id)
    rows = conn.execute(query.order_by(hotmarks.c.time_s))
    return tuple(HotMark(row.time_s, row.title) for row in rows)


def categories_of_recording(conn: Connection, recording_id: str) -> tuple[CategoryValues, ...]:
    """The category values of a recording."""
    return categories_of(conn, recording_categories, recording_id)


def shares_of_recording(conn: Connection, recording_id: str) -> tuple[Share, ...]:
    """Who was given what on a recording."""
    return shares_of(conn, recording_shares, "recording_id", recording_id)


def check_removable(conn: Connection, recording: Recording) -> None:
    """Refuse to remove what is in use.

    Raises:
        InUseError: the recording is active, or a running stream plays it.
    """
    if recording.is_active:
        raise InUseError(
            f"recording {recording.id} is {recording.state.lower()}; stop it first (stopRecording)"
        )
    playing = select(streams.c.id).where(
        streams.c.recording_id == recording.id, streams.c.ended.is_(None)
    )
    running = conn.execute(playing).scalars().all()
    if running:
        raise InUseError(
            f"recording {recording.id} is played out by stream {', '.join(running)}; "
            "stop that first (stopRestreamRecording)"
        )


def remove_entry(conn: Connection, recording_id: str) -> None:
    """Take a recording out of the catalogue, with its HotMarks, categories, shares and the record
    of its former streams. Its files are the caller's."""
    conn.execute(delete(streams).where(streams.c.recording_id == recording_id))
    conn.execute(delete(recordings).where(recordings.c.id == recording_id))


def add_entry(conn: Connection, entry: Entry) -> tuple[str, ...]:
    """Take a recording that has ended into the catalogue.

    Returns:
        the names of the entry's categories that are not known here, and so were left out.

    Raises:
        NameTakenError: the catalogue has a recording of this ID.
        InvalidValueError: its state is not that of one that has ended.
    """
    if entry.state not in ENDED:
        raise InvalidValueError(f"recording {entry.id}: is {entry.state}; it has not ended")
    if has_recording(conn, entry.id):
        raise NameTakenError(f"recording {entry.id} is in the catalogue already")
    columns = attrs.asdict(entry, filter=attrs.filters.exclude("hotmarks", "categories"))
    conn.execute(insert(recordings).values(**columns, wanted=STOPPED, revision=1, filed_revision=0))
    # A file that people can edit may tell a thing twice.
    for mark in {mark.time_s: mark for mark in entry.hotmarks}.values():
        conn.execute(insert(hotmarks).values(recording_id=entry.id, **attrs.asdict(mark)))
    return _add_categories(conn, entry.id, entry.categories)


def _add_categories(
    conn: Connection, recording_id: str, given: Sequence[CategoryValues]
) -> tuple[str, ...]:
    unknown = []
    meant = {}
    for values in given:
        category_id = _category_meant(conn, values)
        if category_id is None:
            unknown.append(values.category or values.category_id)
        else:
            meant[category_id] = values.values
    for category_id, texts in meant.items():
        for position, value in enumerate(texts):
            row = {"category_id": category_id, "position": position, "value": value}
            conn.execute(insert(recording_categories).values(recording_id=recording_id, **row))
    return tuple(unknown)


def _category_meant(conn: Connection, values: CategoryValues) -> str | None:
    """By its ID; on another system's database the category of the same name is meant."""
    query = select(categories.c.id).where(
        or_(
            categories.c.id == values.category_id,
            categories.c.folded == naming.fold(values.category),
        )
    )
    found = conn.execute(query).scalars().all()
    if values.category_id in found:
        return values.category_id
    return found[0] if found else None


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        id=row.id,
        session_id=row.session_id,
        title=row.title,
        description=row.description,
        createdby=row.createdby,
        created=row.created,
        state=row.state,
        reason=row.reason,
        duration_s=row.duration_s,
        track_count=row.track_count,
        is_active=row.wanted != STOPPED,
        ended=row.ended,
        expire_after_days=row.expire_after_days,
        protected=row.protected,
        deleted=row.deleted,
    )
