"""Waiting for a condition, with a deadline: the only way that a blocking test waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.01


def wait_for(condition: Callable[[], T | None], timeout: float, what: str) -> T:
    """What ``condition`` gives as soon as that is true, asked again every 10 ms.

    Raises:
        AssertionError: it did not become true within ``timeout`` s; says ``what`` was awaited.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"within {timeout:g} s there was no {what} (last seen: {value!r})")
        time.sleep(POLL_S)


def stays(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Watch that ``condition`` holds for ``seconds``, asked every 10 ms.

    Raises:
        AssertionError: it did not; says ``what`` should have stayed.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"should have stayed for {seconds:g} s: {what}"
        time.sleep(POLL_S)
