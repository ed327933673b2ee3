"""Passwords: what may be one, and the hash under which it is kept. The one place for both."""

from __future__ import annotations

from argon2 import PasswordHasher

from ...errors import InvalidValueError

LEAST_PASSWORD = 8
"""Characters in a password, at least."""

MAX_PASSWORD = 1024
"""Characters in a password, at most: hashing what is endless costs time."""


def check_password(password: str) -> None:
    """Whether this may be a password.

    Raises:
        InvalidValueError: it is too short or too long; the message says what would do.
    """
    if len(password) < LEAST_PASSWORD:
        raise InvalidValueError(f"a password must have at least {LEAST_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise InvalidValueError(f"a password must have at most {MAX_PASSWORD} characters")


def hash_password(password: str) -> str:
    """The argon2id hash under which a password is kept. Takes tens of milliseconds on purpose: call
    it outside a transaction.

    Raises:
        InvalidValueError: this may be no password.
    """
    check_password(password)
    return PasswordHasher().hash(password.encode("utf-8", "surrogateescape"))
