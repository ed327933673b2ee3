"""Telling database faults apart."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hmp_twisted.store import faults
from hmp_twisted.store.engines import parse_url, reading_engine

from .conftest import OpenStore


def sqlite_error(code: int) -> DBAPIError:
    """What SQLAlchemy raises when SQLite gives this result code."""
    cause = sqlite3.OperationalError("first line\nsecond")
    cause.sqlite_errorcode = code
    return DBAPIError("SELECT 1", {}, cause)


class PostgresError(Exception):
    """An error as psycopg makes them: with its SQLSTATE."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("told by the server")
        self.sqlstate = sqlstate


def postgresql_error(sqlstate: str | None) -> DBAPIError:
    """What SQLAlchemy raises when PostgreSQL tells this SQLSTATE."""
    return DBAPIError("SELECT 1", {}, PostgresError(sqlstate))


@pytest.mark.parametrize(
    ("error", "busy", "lost"),
    [
        (sqlite_error(sqlite3.SQLITE_BUSY), True, False),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), True, False),
        (sqlite_error(sqlite3.SQLITE_LOCKED), True, False),
        (sqlite_error(sqlite3.SQLITE_FULL), False, False),
        (postgresql_error("55P03"), True, False),
        (postgresql_error("40P01"), True, False),
        (postgresql_error("57P01"), False, True),
        (postgresql_error("08006"), False, True),
        (postgresql_error("23505"), False, False),
        (postgresql_error(None), False, False),
        (ValueError("no database's"), False, False),
    ],
)
def test_only_locked_and_lost_may_pass_by_themselves(
    error: BaseException, busy: bool, lost: bool
) -> None:
    """Everything else is told at once: trying again would only repeat it."""
    assert (faults.is_busy(error), faults.is_lost(error)) == (busy, lost)


def test_a_fault_is_told_in_one_line() -> None:
    """The driver's words without the statement and its parameters, which hold people's data."""
    assert faults.brief(sqlite_error(sqlite3.SQLITE_ERROR)) == "first line"
    assert faults.brief(ValueError()) == "ValueError"


def test_a_damaged_file_is_told_from_other_faults(tmp_path: Path) -> None:
    """Only then is it right to say that it is no database."""
    (tmp_path / "hmp.db").write_bytes(b"no database at all" * 100)
    engine = reading_engine(parse_url("", tmp_path))
    with pytest.raises(DBAPIError) as caught:
        engine.connect()
    engine.dispose()
    assert faults.is_no_database(caught.value)
    assert not faults.is_no_database(sqlite_error(sqlite3.SQLITE_BUSY))


def test_sqlite_keeps_what_it_committed_through_a_power_cut(new_store: OpenStore) -> None:
    """WAL, so that readers need not wait; FULL, so that an answer of OK outlives the power."""
    store = new_store()
    store.open()
    with store.begin() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
