"""Live: what is on now, and the buttons that record it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from ...errors import DomainError
from ...services.library import LiveSession
from ...services.rights import Actor
from ..answers import Answer, Page, Part
from ..route import get, post
from ..visit import Visit


@attrs.frozen
class Deck:
    """A session with the clocks of what is recorded of it."""

    live: LiveSession
    clocks: dict[str, float]
    """Seconds by recording; one whose clock cannot be read just now is not in it."""


async def show_all(visit: Visit) -> Answer:
    """Every live session that the visitor sees."""
    found = await visit.services.library.live(visit.actor)
    decks = [await _deck(visit, live) for live in found]
    return Page("live/live.html", {"decks": decks})


async def show(visit: Visit, session_id: str) -> Answer:
    """One session, large."""
    return Page("live/session.html", await _values(visit, session_id))


async def controls(visit: Visit, session_id: str) -> Answer:
    """The buttons and clocks alone, which the page asks for again and again."""
    return Page("live/controls.html", await _values(visit, session_id))


async def record(visit: Visit, session_id: str) -> Answer:
    """Start a recording."""
    await visit.services.recordings.start(visit.actor, session_id)
    return await _changed(visit, session_id, "Recording.")


async def mark(visit: Visit, session_id: str, recording_id: str) -> Answer:
    """Set a HotMark at this moment."""
    title = visit.form.text("title")
    await visit.services.metadata.add_hotmark(visit.actor, recording_id, title)
    return await _changed(visit, session_id, "HotMark set.")


def _act(name: str, say: str) -> Callable[[Visit, str, str], Awaitable[Answer]]:
    async def act(visit: Visit, session_id: str, recording_id: str) -> Answer:
        method: Callable[[Actor, str], Awaitable[None]] = getattr(visit.services.recordings, name)
        await method(visit.actor, recording_id)
        return await _changed(visit, session_id, say)

    return act


async def _changed(visit: Visit, session_id: str, say: str) -> Answer:
    values = await _values(visit, session_id)
    return Part("live/controls.html", values, f"/live/{session_id}", say)


async def _values(visit: Visit, session_id: str) -> dict[str, Any]:
    live = await visit.services.library.live_session(visit.actor, session_id)
    return {"deck": await _deck(visit, live)}


async def _deck(visit: Visit, live: LiveSession) -> Deck:
    clocks = {}
    for recording in live.active:
        try:
            clocks[recording.id] = await visit.services.recordings.clock_s(
                visit.actor, recording.id
            )
        except DomainError:
            continue  # the page says that it cannot be read
    return Deck(live, clocks)


_BASE = "/live/<uuid:session_id>"
_RECORDING = f"{_BASE}/<uuid:recording_id>"

ROUTES = (
    get("/live", show_all),
    get(_BASE, show),
    get(f"{_BASE}/controls", controls),
    post(f"{_BASE}/record", record),
    post(f"{_RECORDING}/pause", _act("pause", "Paused.")),
    post(f"{_RECORDING}/resume", _act("resume", "Recording again.")),
    post(f"{_RECORDING}/stop", _act("stop", "Stopped. The recording is among the videos.")),
    post(f"{_RECORDING}/mark", mark),
)
