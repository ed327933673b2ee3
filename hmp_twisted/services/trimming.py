"""Trimming: a stretch of a recording becomes a recording of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import attrs
from sqlalchemy import Connection

from ..engine import manifest
from ..errors import (
    InvalidValueError,
    RecordingInProgressError,
    WriteFailedError,
)
from ..logs import Logger
from ..store.pool import Store
from . import rights
from .cutting import ASIDE, Progress, cut
from .directory import recordings as catalogue
from .directory.attached import CategoryValues
from .directory.recordings import Entry, HotMark, Recording
from .long_work import LongWork
from .rights import Actor, Kind
from .titles import check_length

log = Logger()


@attrs.frozen
class _Origin:
    recording: Recording
    hotmarks: tuple[HotMark, ...]
    categories: tuple[CategoryValues, ...]


class Trimming:
    """Makes recordings of recordings; each needs ``trim`` on the one it is taken from."""

    def __init__(
        self, store: Store, long_work: LongWork, recordings_dir: Path, min_free_bytes: int
    ) -> None:
        self._store = store
        self._long_work = long_work
        self._folder = recordings_dir
        self._min_free_bytes = min_free_bytes
        self._making: set[str] = set()

    async def tidy(self) -> None:
        """Delete what a server that died left half made."""
        await self._store.in_thread(self._tidy, frozenset(self._making))

    async def check(
        self, actor: Actor, recording_id: str, from_s: float, to_s: float, title: str
    ) -> None:
        """Whether :meth:`trim` may be asked for this; it raises the same."""
        await self._origin(actor, recording_id)
        _check(from_s, to_s, title)

    async def trim(
        self,
        actor: Actor,
        recording_id: str,
        from_s: float,
        to_s: float,
        title: str,
        progress: Progress,
    ) -> str:
        """Make a recording of a stretch; gives its ID. The actor owns it.

        Title and metadata, categories and the HotMarks in the stretch are taken over.

        Args:
            actor: who asks.
            recording_id: what it is taken from.
            from_s: seconds of that one's clock.
            to_s: likewise.
            title: the new one's; "" for one that says what it is.
            progress: told, on another thread, how it goes on.

        Raises:
            RecordingNotFoundError, NotAuthorizedError, TitleTooLongError
            RecordingInProgressError: it has not ended.
            InvalidValueError: there is no such stretch.
            ManifestError, DiskFullError, WriteFailedError, StoreError: nothing was made.
            NotReadyError: the server stops.
        """
        origin = await self._origin(actor, recording_id)
        _check(from_s, to_s, title)
        new_id = str(uuid4())
        self._making.add(new_id)
        try:
            made, origin_s = await self._long_work.run(
                lambda told: self._cut(recording_id, new_id, from_s, to_s, told), progress
            )
        finally:
            self._making.discard(new_id)
        entry = _entry(origin, made, origin_s, title)
        try:
            await self._store.transact(f"enter trimmed recording {new_id}", _enter, actor, entry)
        except BaseException:
            await self._store.in_thread(shutil.rmtree, manifest.folder_of(self._folder, new_id))
            raise
        log.info(
            "recording {new}: {begin:.3f} to {end:.3f} s of {origin}, trimmed by {actor}",
            new=new_id,
            begin=from_s,
            end=to_s,
            origin=recording_id,
            actor=actor.name,
        )
        return new_id

    def _tidy(self, making: frozenset[str]) -> None:
        for folder in self._folder.glob(f"{ASIDE}*"):
            if folder.name.removeprefix(ASIDE) not in making:
                log.info("{folder}: half of a trimmed recording, deleted", folder=folder)
                shutil.rmtree(folder, ignore_errors=True)

    async def _origin(self, actor: Actor, recording_id: str) -> _Origin:
        what = f"read recording {recording_id} for trimming"
        return await self._store.read(what, _read_origin, actor, recording_id)

    def _cut(
        self, recording_id: str, new_id: str, from_s: float, to_s: float, progress: Progress
    ) -> tuple[manifest.Recording, float]:
        source = manifest.read(manifest.folder_of(self._folder, recording_id))
        free = self._min_free_bytes
        try:
            return cut(
                self._folder, source, new_id, from_s, to_s, min_free_bytes=free, progress=progress
            )
        except OSError as error:
            raise WriteFailedError(
                f"recording {recording_id} cannot be trimmed: {error.strerror or error}"
            ) from error


def _check(from_s: float, to_s: float, title: str) -> None:
    check_length(title)
    if not 0 <= from_s < to_s:
        raise InvalidValueError("the end must come after the beginning")


def _read_origin(conn: Connection, actor: Actor, recording_id: str) -> _Origin:
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.TRIM)
    found = catalogue.get_recording(conn, recording_id)
    if found.is_active:
        raise RecordingInProgressError(f"recording {recording_id} has not ended")
    return _Origin(
        found,
        catalogue.hotmarks_of(conn, recording_id),
        catalogue.categories_of_recording(conn, recording_id),
    )


def _entry(origin: _Origin, made: manifest.Recording, origin_s: float, title: str) -> Entry:
    of = origin.recording
    marks = (
        attrs.evolve(mark, time_s=int(mark.time_s - origin_s))
        for mark in origin.hotmarks
        if origin_s <= mark.time_s <= origin_s + made.duration_s
    )
    return Entry(
        id=made.id,
        session_id=of.session_id,
        title=title or f"{of.title[:1000]} (part)",
        created=made.created,
        state=made.state,
        duration_s=made.duration_s,
        track_count=len(made.tracks),
        description=of.description,
        createdby=of.createdby,
        hotmarks=tuple(marks),
        categories=origin.categories,
    )


def _enter(conn: Connection, actor: Actor, entry: Entry) -> None:
    catalogue.add_entry(conn, entry)
    rights.give_ownership(conn, actor, Kind.RECORDING, entry.id, str(uuid4()))
