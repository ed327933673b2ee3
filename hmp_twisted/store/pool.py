"""Transactions on threads of their own: the only way from the reactor to the database.

Functions given to a store are plain and synchronous, get a connection first, and are repeatable:
they have no effect outside the connection. One thread writes and a few read. Writes that wait for
one another are committed together, each behind a savepoint of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from ..errors import NotReadyError
from ..threads import thread_pool
from . import transactions
from .engines import BUSY_TIMEOUT_S, READERS, engines, parse_url
from .transactions import Work
from .upgrade import upgrade

P = ParamSpec("P")
T = TypeVar("T")

TOGETHER = 64
"""At most this many writes share a commit."""

LONG_WORKS = 2
"""Threads for work on files that may take minutes: readers never wait behind it."""


@attrs.frozen(eq=False)
class _Waiting:
    """A write, and who waits for it."""

    work: Work
    done: Deferred[Any] = attrs.field(factory=Deferred)


class Store:
    """The database of one server, or of one run of hmpctl.

    Args:
        url: a SQLAlchemy URL of SQLite or PostgreSQL; "" is ``hmp.db`` in ``data_dir``.
        data_dir: the server's data directory.
        reactor: needed for what fires a Deferred; hmpctl has none.
        busy_s: how long a transaction waits for another process's, in seconds.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    def __init__(
        self,
        url: str,
        data_dir: Path,
        reactor: IReactorFromThreads | None = None,
        *,
        busy_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        self.url = parse_url(url, data_dir)
        self._reactor = reactor
        self._writing, self._reading = engines(self.url, busy_s)
        self._writer = thread_pool(1, 1, "hmp-store-writer")
        self._readers = thread_pool(READERS, READERS, "hmp-store-reader")
        self._long = thread_pool(0, LONG_WORKS, "hmp-long-work")
        self._queue: deque[_Waiting] = deque()
        self._is_writing = False
        self._unfinished = 0
        self._closing: Deferred[None] | None = None

    @property
    def unfinished(self) -> int:
        """How many transactions, and other work for its threads, run or wait."""
        return self._unfinished

    def open(self) -> None:
        """Make the database, or upgrade it after a backup. Blocks: call it before the reactor runs.

        Raises:
            ConfigurationError: in one line, why the database cannot be used and what would help.
        """
        upgrade(self.url)

    @contextmanager
    def begin(self, name: str = "administration") -> Iterator[Connection]:
        """A synchronous writing transaction: committed at the end of the block, or undone.

        Raises:
            StoreError: the database failed.
        """
        try:
            with self._writing.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise transactions.fault(name, error) from error

    @contextmanager
    def view(self, name: str = "administration") -> Iterator[Connection]:
        """A synchronous reading transaction: it waits for no writer, and none waits for it.

        Raises:
            StoreError: the database failed.
        """
        try:
            with self._reading.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise transactions.fault(name, error) from error

    def transact(
        self,
        name: str,
        function: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        """Call ``function(connection, *args)`` in a writing transaction, and fire after its commit.

        Args:
            name: what it does, for the log.

        The Deferred fires with the function's result, plain values or frozen rows, or fails with
        the :class:`DomainError` that the function raised (nothing is changed then), with
        :class:`StoreError` if the database failed, with :class:`NotReadyError` after :meth:`close`.
        """
        if self._closing is not None:
            return fail(NotReadyError(f"{name}: the database is closed"))
        waiting = _Waiting(Work(name, lambda connection: function(connection, *args, **kwargs)))
        self._queue.append(waiting)
        self._write_next()
        return self._count(waiting.done)

    def read(
        self,
        name: str,
        function: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        """The same for what only reads: sees every commit that has fired, waits for no writer."""
        work = Work(name, lambda connection: function(connection, *args, **kwargs))
        return self.in_thread(transactions.run, self._reading, work)

    def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Call ``function`` on a reader's thread: for file work that goes with the database's.

        It is to be short: who reads the database waits for the same threads.
        """
        return self._work(self._readers, function, *args, **kwargs)

    def in_long_thread(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """The same for what reads or copies whole recordings: no reader waits for its threads."""
        return self._work(self._long, function, *args, **kwargs)

    def close(self) -> Deferred[None]:
        """Take nothing more, finish what was given, and fire when every thread has ended."""
        if self._closing is None:
            self._closing = Deferred()
            self._finish()
        # Each caller gets a Deferred of its own: one may be cancelled, or have its result changed.
        own: Deferred[None] = Deferred()
        self._closing.addCallback(lambda _: own.callback(None))
        return own

    def _write_next(self) -> None:
        if self._is_writing or not self._queue:
            return
        batch = [self._queue.popleft() for _ in range(min(TOGETHER, len(self._queue)))]
        self._is_writing = True
        works = [waiting.work for waiting in batch]
        ran = self._on(self._writer, transactions.run_together, self._writing, works)
        ran.addCallbacks(lambda outcomes: outcomes, lambda failure: [failure] * len(batch))
        ran.addCallback(self._written, batch)

    def _written(self, outcomes: list[Any | Failure], batch: list[_Waiting]) -> None:
        self._is_writing = False
        self._write_next()  # the thread works while the reactor tells the results
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.done.callback(outcome)

    def _work(
        self, pool: ThreadPool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        if self._closing is not None:
            return fail(NotReadyError("the database is closed"))
        return self._count(self._on(pool, function, *args, **kwargs))

    def _on(
        self, pool: ThreadPool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        if self._reactor is None:
            raise RuntimeError("a store without a reactor has begin() only")
        if not pool.started:
            pool.start()
        done: Deferred[T] = deferToThreadPool(self._reactor, pool, function, *args, **kwargs)
        return done

    def _count(self, done: Deferred[T]) -> Deferred[T]:
        self._unfinished += 1
        return done.addBoth(self._uncount)

    def _uncount(self, result: T) -> T:
        self._unfinished -= 1
        self._finish()
        return result

    def _finish(self) -> None:
        if self._closing is None or self._unfinished or self._closing.called:
            return
        for pool in (self._writer, self._readers, self._long):
            if pool.started:
                pool.stop()  # nothing is running: it returns at once
        self._writing.dispose()
        self._reading.dispose()
        self._closing.callback(None)
