"""From a database URL to SQLAlchemy engines: one that writes, one that reads.

Writing transactions follow one another, in this process and between processes: SQLite's by
``BEGIN IMMEDIATE``, PostgreSQL's by an advisory lock. So what a transaction has read still holds
when it writes, and a check needs no lock of its own. Readers see the last commit and never wait.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from ..allowed import DATABASE_URL, is_database_url
from ..errors import ConfigurationError

READERS = 2
"""Threads, and so connections, that read."""

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for another process's before it is tried again."""

CACHE_KIB = 32768
"""SQLite's own cache, at most, of each connection: holds the indexes of 100,000 recordings."""

WRITER_LOCK = 0x686D7001
"""PostgreSQL's advisory lock that a writing transaction holds."""

_FILE_GONE = (
    "the database file was deleted or replaced while it was in use; put it back, or restart the "
    "server to go on with what is there now"
)


def parse_url(url: str, data_dir: Path) -> URL:
    """The database meant by ``url``; "" is ``hmp.db`` in ``data_dir``.

    Raises:
        ConfigurationError: it is no URL, or of a database that is not supported.
    """
    text = url or f"sqlite:///{data_dir / 'hmp.db'}"
    if not is_database_url(text):
        raise ConfigurationError(f"database.url: must be {DATABASE_URL}")
    parsed = make_url(text)
    if not is_sqlite(parsed):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed.set(database=str(data_dir / str(parsed.database)))


def is_sqlite(url: URL) -> bool:
    """Whether the database is a file of ours."""
    return url.get_backend_name() == "sqlite"


def shown(url: URL) -> str:
    """The database for people to read: a path, or a URL without its password."""
    return str(url.database) if is_sqlite(url) else url.render_as_string(hide_password=True)


def make_folder(url: URL) -> None:
    """Make the folder of a SQLite database, and an empty file that others cannot read.

    Raises:
        ConfigurationError: the folder cannot be made or written.
    """
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds password hashes. SQLite gives the files beside it the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the database cannot be written: {error.strerror}; "
            "give the server's user write access, or name another --data-dir"
        ) from error


class OneFile:
    """Lets engines work on the SQLite file that they opened first, and on no other.

    A file that was deleted or replaced stays open; what is written to it is lost with the process.
    """

    def __init__(self, url: URL) -> None:
        self._path = Path(str(url.database))
        self._known: tuple[int, int] | None = None

    def watch(self, engine: Engine) -> None:
        """Check before each connection and each transaction of the engine."""
        event.listen(engine, "do_connect", lambda *_: self._check())
        event.listen(engine, "connect", lambda *_: self._check())
        event.listen(engine, "begin", self._check_begin, insert=True)

    def _check(self) -> None:
        found = self._found()
        if self._known is None:
            self._known = found
        if found != self._known:
            raise sqlite3.OperationalError(_FILE_GONE)

    def _check_begin(self, connection: Connection) -> None:
        try:
            self._check()
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def engines(url: URL, busy_s: float = BUSY_TIMEOUT_S) -> tuple[Engine, Engine]:
    """An engine that writes and one that reads, both of the same database to the end."""
    both = writing_engine(url, busy_s), reading_engine(url, busy_s)
    if is_sqlite(url):
        file = OneFile(url)
        for engine in both:
            file.watch(engine)
    return both


def writing_engine(url: URL, busy_s: float = BUSY_TIMEOUT_S) -> Engine:
    """The engine whose transactions write, one at a time."""
    engine = _engine(url, 1, busy_s)
    begin = _begin_immediate if is_sqlite(url) else _take_writer_lock
    event.listen(engine, "begin", begin)
    return engine


def reading_engine(url: URL, busy_s: float = BUSY_TIMEOUT_S) -> Engine:
    """The engine whose transactions see one state of the database and change nothing."""
    if not is_sqlite(url):
        return _engine(url, READERS, busy_s).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    engine = _engine(url, READERS, busy_s)
    event.listen(engine, "connect", _forbid_writing)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _engine(url: URL, connections: int, busy_s: float) -> Engine:
    limits: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    if not is_sqlite(url):
        options = f"-c lock_timeout={int(busy_s * 1000)}"
        arguments = {"connect_timeout": 5, "options": options, "application_name": "hmp-twisted"}
        return create_engine(url, pool_pre_ping=True, connect_args=arguments, **limits)
    engine = create_engine(url, connect_args={"timeout": busy_s}, **limits)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # begin and commit are ours, not the driver's
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")


def _forbid_writing(connection: Any, record: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _take_writer_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
