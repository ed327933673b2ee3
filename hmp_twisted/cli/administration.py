"""One run of hmpctl: its settings, and transactions on the server's database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import click
from sqlalchemy import Connection

from .. import config
from ..errors import StoreError
from ..services.directory.ownership import hand_over
from ..store import faults
from ..store.engines import is_sqlite, parse_url, shown
from ..store.pool import Store


class Administration:
    """Settings and database, each found when first needed.

    Args:
        file: the option ``--config``.
        data_dir: the option ``--data-dir``.
    """

    def __init__(
        self, file: str | None, data_dir: str | None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._options = file, data_dir, environ
        self._opened: Store | None = None

    @cached_property
    def settings(self) -> config.Settings:
        """The server's settings. Raises ConfigurationError."""
        return config.load(*self._options)

    @property
    def database(self) -> str:
        """The database for people to read: a path, or a URL without its password."""
        return shown(self._store().url)

    @property
    def has_database(self) -> bool:
        """Whether there is a database already; of one on a server, that is taken for granted."""
        url = parse_url(self.settings.database_url, self.settings.data_dir)
        return not is_sqlite(url) or Path(str(url.database)).exists()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block; the database is made if there is none.

        Raises:
            ConfigurationError: the database cannot be used.
            StoreError: the database failed; nothing is changed.
        """
        with self._told_plainly(), self._store().begin("hmpctl") as connection:
            yield connection

    @contextmanager
    def view(self) -> Iterator[Connection]:
        """The same for what only reads: it holds nobody up.

        Raises:
            ConfigurationError: the database cannot be used.
            StoreError: the database failed.
        """
        with self._told_plainly(), self._store().view("hmpctl") as connection:
            yield connection

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            raise StoreError(f"{self.database}: {_what_failed(error)}") from error

    def close(self) -> None:
        """Let the database go."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _store(self) -> Store:
        if self._opened is None:
            is_new = not self.has_database
            store = Store(self.settings.database_url, self.settings.data_dir)
            store.open()
            if is_new:
                _hand_over(Path(str(store.url.database)))
            self._opened = store
        return self._opened


def _hand_over(database: Path) -> None:
    """Give a database that root has made, and what goes with it, to the folder's owner."""
    for path in database.parent.glob(f"{database.name}*"):
        hand_over(path, database.parent)


def _what_failed(error: StoreError) -> str:
    cause = error.__cause__ or error
    if faults.is_busy(cause):
        return "is locked by another program; nothing was changed, try again"
    return f"the database failed: {faults.brief(cause)}"


pass_administration = click.make_pass_decorator(Administration)
"""Gives a command its :class:`Administration` as the first argument."""
