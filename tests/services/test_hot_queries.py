"""No command gets slower with the number of recordings: none scans a table that grows with use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest_twisted
from sqlalchemy import Engine, event, text

from hmp_twisted.services.rights import Kind

from .world import DEVICE, World

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
    owner = world.user("ann", "create-sessions")
    world.group("crew", "watch", member=owner)
    category_id = world.add("categories")
    recordings, streams = world.new_recordings(), world.new_streams()
    with statements() as seen:
        for number, actor in enumerate((DEVICE, owner)):
            source_id = world.source(f"udp://@:{7000 + number}")
            session_id = await world.sessions.create(actor, "Evening")
            await world.sessions.set_live(actor, session_id, True)
            await world.sessions.add_source(actor, session_id, source_id)
            recording_id = await recordings.start(actor, session_id)
            await world.metadata.add_hotmark(actor, recording_id, "Goal")
            for kind, object_id in (
                (Kind.SESSION, session_id),
                (Kind.RECORDING, recording_id),
            ):
                await world.metadata.update(actor, kind, object_id, "title", "New")
                await world.metadata.set_category(actor, kind, object_id, category_id, ["x"])
            await recordings.pause(actor, recording_id)
            await recordings.resume(actor, recording_id)
            await recordings.stop(actor, recording_id)
            assert await recordings.status(actor, recording_id) == "FINISHED"
            stream_id = await streams.start(actor, recording_id, "127.0.0.1", 6000)
            await streams.stop(actor, stream_id)
            await world.catalogue.file_changes()
            await world.sessions.remove_source(actor, session_id, source_id)
            await world.sessions.delete(actor, session_id)
        await streams.close()
    assert len(seen) > 30
    assert scans(world, seen) == []


def test_a_scan_would_be_found(world: World) -> None:
    """The test above can fail."""
    with statements() as seen, world.store.begin() as connection:
        connection.execute(text("SELECT * FROM recordings WHERE title = 'x'"))
    assert len(scans(world, seen)) == 1
