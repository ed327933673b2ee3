"""What kind of fault a database error is, by SQLite's and PostgreSQL's own codes."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_NOT_A_DATABASE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_POSTGRESQL_BUSY = frozenset({"55P03", "40001", "40P01"})
"""lock_not_available, serialization_failure, deadlock_detected."""
_POSTGRESQL_LOST = ("08", "57P0")
"""connection_exception; shut down by an administrator, crashed, not accepting connections yet."""


def is_busy(error: BaseException) -> bool:
    """Whether another connection held what was needed, so that the same may succeed later."""
    if not isinstance(error, DBAPIError):
        return False
    return _sqlite_code(error) in _SQLITE_BUSY or _sqlstate(error) in _POSTGRESQL_BUSY


def is_lost(error: BaseException) -> bool:
    """Whether the connection to the database went away."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or _sqlstate(error).startswith(_POSTGRESQL_LOST)


def is_no_database(error: DBAPIError) -> bool:
    """Whether the file is not a SQLite database, or a damaged one."""
    return _sqlite_code(error) in _SQLITE_NOT_A_DATABASE


def brief(error: BaseException) -> str:
    """The driver's own words in one line."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


def _sqlite_code(error: DBAPIError) -> int:
    # The low byte is the primary code; extended ones (SQLITE_BUSY_SNAPSHOT) add to it above.
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
