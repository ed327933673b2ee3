"""Titles, descriptions, categories and HotMarks (guide, "Managing Metadata" and "HotMarks")."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any, Protocol

from sqlalchemy import Connection, Update, bindparam, delete, insert, select, update

from .. import errors
from ..store import queries
from ..store.pool import Store
from ..store.schema import categories, hotmarks, recordings
from . import rights
from .rights import Actor, Kind
from .titles import check_length, check_not_empty

FIELDS = ("title", "description", "createdby")
"""What of a session or recording can be set."""

_TOUCHED = (
    update(recordings)
    .where(recordings.c.id == bindparam("recording"))
    .values(revision=recordings.c.revision + 1)
)
_MARK_AT = select(hotmarks.c.time_s).where(
    hotmarks.c.recording_id == bindparam("recording_id"), hotmarks.c.time_s == bindparam("time_s")
)
_ADD_MARK = insert(hotmarks)


def _setting(kind: Kind, field: str) -> Update:
    # Built once: building a statement takes longer than running it.
    values: dict[str, Any] = {field: bindparam("value")}
    if kind is Kind.RECORDING:
        values["revision"] = recordings.c.revision + 1
    return update(kind.table).where(kind.table.c.id == bindparam("object")).values(**values)


_SET = {(kind, field): _setting(kind, field) for kind in Kind for field in FIELDS}


class Clocks(Protocol):
    """What is asked of the media engine here."""

    async def read_clock(self, recording_id: str) -> float:
        """The recording's own clock in seconds."""


class Metadata:
    """What is told about sessions and recordings."""

    def __init__(self, store: Store, engine: Clocks) -> None:
        self._store = store
        self._engine = engine

    async def update(
        self, actor: Actor, kind: Kind, object_id: str, field: str, value: str
    ) -> None:
        """Set one of :data:`FIELDS`; only a title needs a character.

        Raises:
            SessionNotFoundError, RecordingNotFoundError, NotAuthorizedError, EmptyTitleError,
            TitleTooLongError
            InvalidValueError: no such field.
            MetadataMissingError: the object was found, but the update found nothing.
        """
        if field not in FIELDS:
            raise errors.InvalidValueError(f"{field!r} is none of {', '.join(FIELDS)}")
        # An empty title of a session is a matter of the command's form: nothing is looked up first.
        if kind is Kind.SESSION and field == "title":
            check_not_empty(value)
        name = f"set {field} of {kind.noun} {object_id}"
        await self._store.transact(name, _update, actor, kind, object_id, field, value)

    async def set_category(
        self, actor: Actor, kind: Kind, object_id: str, category_id: str, values: Sequence[str]
    ) -> None:
        """Replace the category's values on the object.

        Raises:
            CategoryNotFoundError, SessionNotFoundError, RecordingNotFoundError, NotAuthorizedError
            MetadataMissingError: the object was found, but the update found nothing.
        """
        name = f"set category {category_id} of {kind.noun} {object_id}"
        await self._store.transact(
            name, _set_category, actor, kind, object_id, category_id, tuple(values)
        )

    async def add_hotmark(self, actor: Actor, recording_id: str, title: str) -> None:
        """Mark what the recording's own clock shows, rounded down to the second.

        Raises:
            RecordingNotFoundError, NotAuthorizedError, NotActiveError, TitleTooLongError,
            HotmarkExistsError
            UnknownRecordingError: the media engine does not have it (any more).
        """
        await self._store.read(
            f"check recording {recording_id}", _check_markable, actor, recording_id
        )
        check_length(title)
        time_s = floor(await self._engine.read_clock(recording_id))
        name = f"add HotMark at {time_s} s to recording {recording_id}"
        await self._store.transact(name, _add_hotmark, recording_id, time_s, title)


def _update(
    conn: Connection, actor: Actor, kind: Kind, object_id: str, field: str, value: str
) -> None:
    rights.allow(actor, rights.seen(conn, actor, kind, object_id), rights.EDIT)
    if field == "title":
        check_not_empty(value)
        check_length(value)
    changed = conn.execute(_SET[kind, field], {"object": object_id, "value": value})
    if changed.rowcount == 0:
        raise errors.MetadataMissingError(f"{kind.noun} {object_id}: nothing was updated")


def _set_category(
    conn: Connection,
    actor: Actor,
    kind: Kind,
    object_id: str,
    category_id: str,
    values: tuple[str, ...],
) -> None:
    known = select(categories.c.id).where(categories.c.id == category_id)
    if conn.execute(known).first() is None:
        raise errors.CategoryNotFoundError(f"no category {category_id}")
    rights.allow(actor, rights.seen(conn, actor, kind, object_id), rights.EDIT)
    if kind is Kind.RECORDING:
        _touch(conn, object_id)
    owner = {kind.reference: object_id, "category_id": category_id}
    conn.execute(delete(kind.categories).filter_by(**owner))
    rows = [{**owner, "position": i, "value": value} for i, value in enumerate(values)]
    if rows:
        conn.execute(insert(kind.categories), rows)


def _check_markable(conn: Connection, actor: Actor, recording_id: str) -> None:
    recording = queries.find_recording(conn, recording_id)
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.EDIT)
    if recording is None or not recording.is_active:
        raise errors.NotActiveError(f"recording {recording_id} is not in progress")


def _add_hotmark(conn: Connection, recording_id: str, time_s: int, title: str) -> None:
    row = {"recording_id": recording_id, "time_s": time_s, "title": title}
    if conn.execute(_MARK_AT, row).first() is not None:
        raise errors.HotmarkExistsError(f"recording {recording_id} has a HotMark at {time_s} s")
    _touch(conn, recording_id)
    conn.execute(_ADD_MARK, row)


def _touch(conn: Connection, recording_id: str) -> None:
    """Let the recording's ``catalogue.json`` be written again."""
    if conn.execute(_TOUCHED, {"recording": recording_id}).rowcount == 0:
        raise errors.MetadataMissingError(f"recording {recording_id}: nothing was updated")
