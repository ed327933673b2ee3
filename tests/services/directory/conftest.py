"""A real database for each test, copied from one that was made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from hmp_twisted.engine import manifest
from hmp_twisted.services.directory import verifying
from hmp_twisted.store.pool import Store
from hmp_twisted.store.schema import settings
from tests.catalogue import packets


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as it is when it was just made."""
    folder = tmp_path_factory.mktemp("database")
    store = Store("", folder)
    store.open()
    store.close()
    return folder / "hmp.db"


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on a database of its own in ``tmp_path``."""
    shutil.copy(empty_database, tmp_path / "hmp.db")
    store = Store("", tmp_path)
    yield store
    store.close()


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    """A connection in a transaction."""
    with store.begin() as connection:
        yield connection


SOUND = packets(40)
"""A sound segment."""


def ignore(done: int) -> None:
    """Nobody watches the progress."""


def problems(folder: Path) -> list[str]:
    """What is wrong with each segment of the recording in ``folder``, in order."""
    return [report.problem for report in verifying.verify(folder, manifest.read(folder))]


def version(conn: Connection) -> int:
    """The version by which a running server sees changes."""
    value = conn.execute(select(settings.c.value).where(settings.c.key == "version")).scalar()
    return int(value or 0)
