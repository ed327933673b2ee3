"""What every test is held to: no error may get lost, and a failure shows the programs' logs.

pytest-twisted passes a test that drops a failed Deferred; trial would fail it, and so does this.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from .harness import LIVE


def pytest_collection_finish() -> None:
    """Take what is loaded by now out of sight of the garbage collection after each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_error_gets_lost() -> Iterator[None]:
    """Fail a test after which Twisted reports an error that nobody took."""
    lost: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        # What our own modules log is an answer to a fault; what Twisted logs nobody answered.
        if event.get("log_level") is LogLevel.critical and _is_twisted(event):
            lost.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        yield
        gc.collect()
    finally:
        globalLogPublisher.removeObserver(observe)
    assert not lost, "errors that nobody took:\n" + "\n".join(_told(event) for event in lost)


def _is_twisted(event: LogEvent) -> bool:
    return str(event.get("log_namespace", "")).startswith("twisted")


def _told(event: LogEvent) -> str:
    failure = event.get("log_failure")
    return failure.getTraceback() if failure is not None else str(event.get("log_format"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Put the end of each running program's log into the report of a test that failed."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed:
        for daemon in LIVE:
            report.sections.append((f"log of the {daemon.name}, its end", daemon.tail()))
