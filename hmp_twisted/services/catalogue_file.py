"""``catalogue.json``: what people told about a recording, kept beside its media.

``recording.json`` says what the files are, this one what they are called, so that a recording can
be taken into another catalogue (``hmpctl recording import``). The server writes it within a second
or two of a change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import cattrs
from sqlalchemy import Connection, select, update

from ..engine.manifest import ManifestError, folder_of, replace_file
from ..logs import Logger
from ..store.pool import Store
from ..store.rows import STARTING, RecordingRow
from ..store.schema import IS_UNFILED, recordings
from .directory.attached import CategoryValues
from .directory.recordings import HotMark, categories_of_recording, hotmarks_of

log = Logger()

NAME = "catalogue.json"
FORMAT = 1

BATCH = 100
"""Files written in one go, at most: the rest waits for the next, which begins behind them."""


@attrs.frozen
class CatalogueFile:
    """What the file tells."""

    id: str
    session_id: str
    title: str
    description: str
    createdby: str
    created: float
    """Unix seconds."""
    hotmarks: tuple[HotMark, ...] = ()
    categories: tuple[CategoryValues, ...] = ()
    format: int = FORMAT


@attrs.frozen
class _Change:
    """A recording whose file is behind."""

    revision: int
    content: CatalogueFile


class Catalogue:
    """Keeps the files up with the database."""

    def __init__(self, store: Store, recordings_dir: Path) -> None:
        self._store = store
        self._folder = recordings_dir
        self._failing: frozenset[str] = frozenset()
        self._after = ""
        """The ID of the last one looked at: those that always fail keep no other from its turn."""

    async def file_changes(self) -> None:
        """Write the files of recordings that have changed; one that fails is tried again next time.

        Raises:
            StoreError
        """
        changes = await self._store.read("find changed recordings", _changes, self._after)
        self._after = changes[-1].content.id if len(changes) == BATCH else ""
        if not changes:
            return
        failed = await self._store.in_thread(_write_all, self._folder, changes)
        self._tell(failed, {change.content.id for change in changes})
        filed = [(c.content.id, c.revision) for c in changes if c.content.id not in failed]
        if filed:
            await self._store.transact("note filed recordings", _note_filed, filed)

    def _tell(self, failed: dict[str, str], looked_at: set[str]) -> None:
        # Once for each recording, not each second for as long as the disk is full.
        for recording_id in failed.keys() - self._failing:
            log.error(
                "recording {recording}: {name} cannot be written: {reason}",
                recording=recording_id,
                name=NAME,
                reason=failed[recording_id],
            )
        self._failing = self._failing - looked_at | failed.keys()


def read(folder: Path) -> CatalogueFile | None:
    """What the file in a recording's folder tells; ``None`` if there is none.

    Raises:
        ManifestError: it cannot be read; the message says why.
    """
    path = folder / NAME
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if table.get("format") != FORMAT:
            raise ManifestError(f"{path}: format {table.get('format')!r} is not known")
        return cattrs.structure(table, CatalogueFile)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, AttributeError, cattrs.BaseValidationError) as error:
        raise ManifestError(f"{path}: is damaged: {error}") from error


def _changes(conn: Connection, after: str) -> tuple[_Change, ...]:
    # One that is starting has no folder yet.
    due = select(recordings).where(IS_UNFILED, recordings.c.state != STARTING)
    query = due.where(recordings.c.id > after).order_by(recordings.c.id).limit(BATCH)
    rows = [RecordingRow(*row) for row in conn.execute(query)]
    return tuple(_Change(row.revision, _content(conn, row)) for row in rows)


def _content(conn: Connection, row: RecordingRow) -> CatalogueFile:
    return CatalogueFile(
        id=row.id,
        session_id=row.session_id,
        title=row.title,
        description=row.description,
        createdby=row.createdby,
        created=row.created,
        hotmarks=hotmarks_of(conn, row.id),
        categories=categories_of_recording(conn, row.id),
    )


def _write_all(recordings_dir: Path, changes: Sequence[_Change]) -> dict[str, str]:
    """Write each file; gives why the failed ones did, by ID."""
    failed = {}
    for change in changes:
        folder = folder_of(recordings_dir, change.content.id)
        content = json.dumps(cattrs.unstructure(change.content), indent=1, ensure_ascii=False)
        try:
            replace_file(folder / NAME, content.encode())
        except FileNotFoundError:
            continue  # the recording's files are gone: there is nothing to stand beside
        except OSError as error:
            failed[change.content.id] = error.strerror or str(error)
    return failed


def _note_filed(conn: Connection, filed: Sequence[tuple[str, int]]) -> None:
    for recording_id, revision in filed:
        conn.execute(
            update(recordings)
            .where(recordings.c.id == recording_id)
            .values(filed_revision=revision)
        )
