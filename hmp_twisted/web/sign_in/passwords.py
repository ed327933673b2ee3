"""Passwords are hashed on a thread of their own: one takes tens of milliseconds, on purpose."""

from __future__ import annotations

from secrets import token_bytes
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from ...services.directory.passwords import MAX_PASSWORD, hash_password
from ...threads import thread_pool

MOST_WAITING = 32
"""Checks that wait for the thread, at most: each one takes 64 MiB and a turn."""


class BusyError(Exception):
    """More passwords wait to be checked than is sensible."""


class Passwords:
    """Checks and makes hashes, one at a time."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = thread_pool(0, 1, "hmp-passwords")
        self._waiting = 0
        self._decoy = ""

    def check(self, password_hash: str, password: str) -> Deferred[bool]:
        """Whether the password fits. An empty hash fits none, and takes as long to say so.

        Raises:
            BusyError: ask again later.
        """
        return self._run(self._fits, password_hash, password)

    def hash(self, password: str) -> Deferred[str]:
        """The hash under which a password is kept.

        Raises:
            InvalidValueError: it may be no password.
            BusyError: ask again later.
        """
        return self._run(hash_password, password)

    def close(self) -> None:
        """End the thread, after what it is doing."""
        if self._pool.started:
            self._pool.stop()

    def _run(self, work: Any, *args: Any) -> Deferred[Any]:
        if self._waiting >= MOST_WAITING:
            raise BusyError
        if not self._pool.started:
            self._pool.start()
        self._waiting += 1
        done: Deferred[Any] = deferToThreadPool(self._reactor, self._pool, work, *args)
        return done.addBoth(self._finished)

    def _finished(self, result: Any) -> Any:
        self._waiting -= 1
        return result

    def _fits(self, password_hash: str, password: str) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        given = password.encode("utf-8", "surrogateescape")
        try:
            fits = PasswordHasher().verify(password_hash or self._decoy_hash(), given)
            return fits and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False

    def _decoy_hash(self) -> str:
        # Otherwise the time that an answer takes would tell which user names there are.
        self._decoy = self._decoy or PasswordHasher().hash(token_bytes())
        return self._decoy
