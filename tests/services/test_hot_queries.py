"""No command gets slower with the number of recordings: none scans a table that grows with use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest_twisted
from sqlalchemy import Engine, event, text

from .job import whole_job
from .world import World

GROWING = {  # with use; what administrators keep stays small
    "sessions",
    "session_sources",
    "session_shares",
    "session_categories",
    "recordings",
    "recording_shares",
    "recording_categories",
    "hotmarks",
    "streams",
}


@contextmanager
def statements() -> Iterator[dict[str, Any]]:
    """The statements that are executed in the block, each with parameters it had."""
    seen: dict[str, Any] = {}

    def keep(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        seen.setdefault(statement, parameters)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


def scans(world: World, seen: dict[str, Any]) -> list[str]:
    """The steps in SQLite's plans that read a growing table from end to end."""
    found = []
    with world.store.begin() as connection:
        for statement, parameters in seen.items():
            if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            one = parameters[0] if isinstance(parameters, list) else parameters
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)
            for *_, detail in plan:
                words = detail.split()
                full = words[0] == "SCAN" and "INDEX" not in words
                if full and words[1] in GROWING:
                    found.append(f"{detail}: {statement}")
    return found


@pytest_twisted.ensureDeferred
async def test_the_whole_main_job_scans_no_growing_table(world: World) -> None:
    """Each service once, by a device and by a user: only indexes are used."""
    with statements() as seen:
        await whole_job(world)
    assert len(seen) > 30
    assert scans(world, seen) == []


def test_a_scan_would_be_found(world: World) -> None:
    """The test above can fail."""
    with statements() as seen, world.store.begin() as connection:
        connection.execute(text("SELECT * FROM recordings WHERE title = 'x'"))
    assert len(scans(world, seen)) == 1
