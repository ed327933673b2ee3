"""Bring a database to the schema of this program: make it, upgrade it, or say why not.

Whoever opens a database does this first, one process at a time. A SQLite file that is to be
upgraded is copied before (``hmp.db.0001.backup``), and a revision that fails changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from ..errors import ConfigurationError
from ..logs import Logger
from . import faults
from .engines import is_sqlite, make_folder, shown, writing_engine

log = Logger()

WAIT_S = 60.0
"""How long to wait for another process that is upgrading the same database."""

_UPGRADE_LOCK = 0x686D7002
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: URL, wait_s: float = WAIT_S, revision: str = "head") -> None:
    """Make or upgrade the database, up to ``revision``.

    Raises:
        ConfigurationError: in one line: it cannot be reached, read or written, it is no database,
            it belongs to another program, or to a newer version of this one.
    """
    if is_sqlite(url):
        make_folder(url)
    try:
        with _alone(url, wait_s):
            _upgrade_alone(url, revision)
    except DBAPIError as error:
        raise ConfigurationError(f"{shown(url)}: {_reason(error)}") from error


def _upgrade_alone(url: URL, revision: str) -> None:
    engine = writing_engine(url)
    try:
        with engine.connect() as connection:
            found = _revision_of(connection, shown(url))
        config = _config()
        wanted = ScriptDirectory.from_config(config).as_revision_number(revision)
        if found == wanted:
            return
        if found and is_sqlite(url):
            copy = back_up(Path(str(url.database)), found)
            log.info("database {path}: copied to {copy}", path=shown(url), copy=copy)
        _run(engine, config, revision)
        log.info("database {path}: schema {old} -> {new}", path=shown(url), old=found, new=wanted)
    finally:
        engine.dispose()


def _run(engine: Engine, config: Config, revision: str) -> None:
    """All due revisions in one transaction: an upgrade happens whole or not at all."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Rebuilding a table drops the old one: rows that refer to it must not go along.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _revision_of(connection: Connection, name: str) -> str | None:
    """The schema's revision; None for an empty database."""
    found = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    known = [revision.revision for revision in script.walk_revisions()]
    if found is None and inspect(connection).get_table_names():
        raise ConfigurationError(
            f"{name}: holds tables of another program; name an empty database for this server"
        )
    if found is not None and found not in known:
        raise ConfigurationError(
            f"{name}: was made by a newer version of this program (schema {found}, known up to "
            f"{max(known)}); install that version, or go back to the copy it made beside it"
        )
    return found


def back_up(path: Path, revision: str) -> Path:
    """Copy a SQLite database, also one in use, to a name that tells its revision.

    Returns:
        The copy's path.
    """
    copy = _free_name(path.with_name(f"{path.name}.{revision}.backup"))
    aside = copy.with_name(copy.name + ".new")
    os.close(os.open(aside, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
    source, target = sqlite3.connect(path), sqlite3.connect(aside)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    aside.replace(copy)
    return copy


def _free_name(path: Path) -> Path:
    """An older copy is never replaced: only it may hold what somebody looks for."""
    number, name = 1, path
    while name.exists():
        number += 1
        name = path.with_name(f"{path.name}-{number}")
    return name


@contextmanager
def _alone(url: URL, wait_s: float) -> Iterator[None]:
    """Hold off every other process that would upgrade the same database."""
    if is_sqlite(url):
        with _locked_file(Path(f"{url.database}.lock"), wait_s):
            yield
        return
    engine = writing_engine(url, wait_s)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _UPGRADE_LOCK})
            yield
    finally:
        engine.dispose()


@contextmanager
def _locked_file(path: Path, wait_s: float) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        _wait_for(descriptor, path, time.monotonic() + wait_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, deadline: float) -> None:
    # flock has no time limit of its own, and an alarm signal would belong to the whole process.
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{path}: another process has been upgrading the database for too long; "
                    "see what it does, end it, and start again"
                ) from None
            time.sleep(0.05)


def _reason(error: DBAPIError) -> str:
    if faults.is_no_database(error):
        return f"is not a SQLite database ({faults.brief(error)}); move it away, or restore a copy"
    if faults.is_busy(error):
        return f"is held by another process ({faults.brief(error)}); end that one and start again"
    return f"the database cannot be used: {faults.brief(error)}"
