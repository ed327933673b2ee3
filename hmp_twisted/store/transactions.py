"""Running functions in transactions, on whatever thread calls: alone or several in one commit.

A database fault comes out as :class:`StoreError`, logged once with its cause. What a function
itself raises rolls its own changes back and passes through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import attrs
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import Result, Row, RowMapping
from sqlalchemy.exc import SQLAlchemyError
from twisted.python.failure import Failure

from ..errors import StoreError
from ..logs import Logger
from . import faults

log = Logger()

TRIES = 3
"""How often a transaction is tried that found the database locked or its connection lost."""

TRY_WITHIN_S = 10.0
"""No try begins later than this after the first."""

PAUSE_S = 0.1
"""Before a lost connection is made again; twice as long each time."""

MOST_FAILING = 1000
"""Names of failing works that are remembered, at most; any more are told of each time."""

_FAILING: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()
"""What failed at its last try, by name, and was told of."""

Function = Callable[[Connection], Any]


class _CommitError(Exception):
    """The commit failed, its cause chained. It may have happened, so it is not tried again."""


@attrs.frozen
class Work:
    """A function that is to run in a transaction."""

    name: str
    """What it does, for the log."""
    function: Function


def run(engine: Engine, work: Work) -> Any:
    """Call the function in a transaction of its own and give its result after the commit.

    Raises:
        StoreError: the database failed; nothing else of the database's comes out.
    """
    begun = time.monotonic()
    for left in reversed(range(TRIES)):
        try:
            value = _once(engine, work.function)
            _failing(engine).discard(work.name)
            return value
        except SQLAlchemyError as error:
            if not left or not _may_pass(error) or time.monotonic() - begun > TRY_WITHIN_S:
                raise _fault_of(engine, work.name, error) from error
            log.warn(
                "database: {name}: {cause}; trying again", name=work.name, cause=faults.brief(error)
            )
            if faults.is_lost(error):
                time.sleep(PAUSE_S * 2 ** (TRIES - 1 - left))
        except _CommitError as error:
            raise fault(work.name, error.__cause__ or error) from error.__cause__
    raise AssertionError("the last try returns or raises")


def run_together(engine: Engine, works: Sequence[Work]) -> list[Any | Failure]:
    """Call the functions in order in one transaction.

    Returns:
        For each its result, or the failure that undid it alone.
    """
    if len(works) > 1:
        try:
            outcomes = _in_one(engine, works)
            _failing(engine).difference_update(work.name for work in works)
            return outcomes
        except _CommitError as error:
            if faults.is_lost(error.__cause__ or error):
                return [_failed(work.name, error.__cause__ or error) for work in works]
        except SQLAlchemyError:
            pass  # whose fault it is shows when each runs alone
    return [_outcome(engine, work) for work in works]


def fault(name: str, error: BaseException) -> StoreError:
    """The error to raise for a database fault, which is logged here."""
    log.error("database: {name} failed: {cause}", name=name, cause=faults.brief(error))
    return _plain_fault(name, error)


def _plain_fault(name: str, error: BaseException) -> StoreError:
    return StoreError(f"{name}: {faults.brief(error)}")


def _fault_of(engine: Engine, name: str, error: BaseException) -> StoreError:
    """The same; what is done each second is told of once, until it succeeds again."""
    failing = _failing(engine)
    if name in failing:
        return _plain_fault(name, error)
    if len(failing) < MOST_FAILING:
        failing.add(name)
    return fault(name, error)


def _failing(engine: Engine) -> set[str]:
    return _FAILING.setdefault(engine, set())


def plain(value: Any) -> Any:
    """``value``, unless it holds on to the connection.

    Raises:
        AssertionError: a SQLAlchemy result or row would leave its transaction.
    """
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    if isinstance(value, dict):
        items = list(value.values())
    for item in [value, *items]:
        if isinstance(item, Result | Row | RowMapping | Connection):
            raise AssertionError(f"{type(item).__name__} leaves its transaction; give a frozen row")
    return value


def _once(engine: Engine, function: Function) -> Any:
    with engine.connect() as connection:
        transaction = connection.begin()
        value = plain(function(connection))
        try:
            transaction.commit()
        except SQLAlchemyError as error:
            raise _CommitError from error
        return value


def _in_one(engine: Engine, works: Sequence[Work]) -> list[Any | Failure]:
    return list(_once(engine, lambda connection: [_behind_savepoint(connection, w) for w in works]))


def _behind_savepoint(connection: Connection, work: Work) -> Any | Failure:
    savepoint = connection.begin_nested()
    try:
        value = plain(work.function(connection))
    except SQLAlchemyError:
        raise  # the database may have given up the whole transaction
    except Exception:
        failure = Failure()
        savepoint.rollback()
        return failure
    savepoint.commit()
    return value


def _outcome(engine: Engine, work: Work) -> Any | Failure:
    try:
        return run(engine, work)
    except Exception:
        return Failure()


def _failed(name: str, cause: BaseException) -> Failure:
    error = fault(name, cause)
    error.__cause__ = cause
    return Failure(error)


def _may_pass(error: SQLAlchemyError) -> bool:
    return faults.is_busy(error) or faults.is_lost(error)
