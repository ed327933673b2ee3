"""One recording: what it is, its HotMarks, and its deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import DomainError
from ...services.library import RecordingDetails
from ...services.rights import Kind
from ..answers import Answer, Page, Part, RefusalError, SeeOther
from ..route import get, post
from ..visit import Visit
from . import about

MOST_SECONDS = 10**9


async def load(visit: Visit, recording_id: str) -> dict[str, Any]:
    """What the page and its sections show."""
    details: RecordingDetails = await visit.services.library.recording(visit.actor, recording_id)
    values = await about.values_of(
        visit, Kind.RECORDING, f"/videos/{recording_id}", details.recording, details.attached
    )
    return {**values, "details": details, "positions": await _positions(visit, details)}


async def _positions(visit: Visit, details: RecordingDetails) -> Mapping[str, float]:
    """Where running streams are, in seconds, by ID; nothing if the engine does not tell."""
    if all(stream.ended is not None for stream in details.streams):
        return {}
    try:
        return await visit.services.streams.positions()
    except DomainError:
        return {}  # the page shows that they run, without where they are


async def show(visit: Visit, recording_id: str) -> Answer:
    """The page."""
    return Page("videos/recording.html", await load(visit, recording_id))


async def add_hotmark(visit: Visit, recording_id: str) -> Answer:
    """Mark a second of a recording that has ended."""
    time_s = seconds_of(visit.form.text("time"))
    await visit.services.hotmarks.add(visit.actor, recording_id, time_s, visit.form.text("title"))
    return await _section(visit, recording_id, "hotmarks", "HotMark added.")


async def rename_hotmark(visit: Visit, recording_id: str, time_s: int) -> Answer:
    """Give a HotMark another title."""
    title = visit.form.text("title")
    await visit.services.hotmarks.rename(visit.actor, recording_id, time_s, title)
    return await _section(visit, recording_id, "hotmarks", "HotMark renamed.")


async def remove_hotmark(visit: Visit, recording_id: str, time_s: int) -> Answer:
    """Take a HotMark away."""
    await visit.services.hotmarks.remove(visit.actor, recording_id, time_s)
    return await _section(visit, recording_id, "hotmarks", "HotMark removed.")


async def delete(visit: Visit, recording_id: str) -> Answer:
    """Put the recording into the bin."""
    await visit.services.bin.put(visit.actor, recording_id)
    return SeeOther("/videos", "The recording is in the bin, from where you can have it back.")


async def _section(visit: Visit, recording_id: str, name: str, say: str) -> Answer:
    values = await load(visit, recording_id)
    return Part(f"videos/{name}.html", values, values["base"], say)


def seconds_of(text: str) -> int:
    """``75``, ``1:15`` or ``1:02:03`` in seconds."""
    parts = text.split(":")
    if not 1 <= len(parts) <= 3 or not all(p.isascii() and p.isdigit() for p in parts):
        raise RefusalError(400, "Write the time as 1:02:03, 2:03 or in seconds.")
    seconds = 0
    for part in parts:
        seconds = min(seconds * 60 + int(part[:10]), MOST_SECONDS)
    return seconds


_BASE = "/videos/<uuid:recording_id>"

ROUTES = (
    get(_BASE, show),
    post(f"{_BASE}/hotmarks", add_hotmark),
    post(f"{_BASE}/hotmarks/<int:time_s>/rename", rename_hotmark),
    post(f"{_BASE}/hotmarks/<int:time_s>/remove", remove_hotmark),
    post(f"{_BASE}/delete", delete),
    *about.About(Kind.RECORDING, "/videos", load).routes(),
)
