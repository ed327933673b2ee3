"""Sessions: made, edited, shared, set live, given sources, recorded, deleted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ...services.library import ORDERS, Search, SessionDetails
from ...services.rights import CREATE_SESSIONS, Kind
from ..answers import Answer, Page, Part, SeeOther
from ..route import get, post
from ..visit import Visit
from . import about

_ORDERS = {word: order for word, order in ORDERS.items() if word != "longest"}


async def load(visit: Visit, session_id: str) -> dict[str, Any]:
    """What the page and its sections show."""
    details: SessionDetails = await visit.services.library.session(visit.actor, session_id)
    values = await about.values_of(
        visit, Kind.SESSION, f"/sessions/{session_id}", details.session, details.attached
    )
    return {**values, "details": details}


async def show_all(visit: Visit) -> Answer:
    """A page of the sessions; for htmx, only the rows that follow."""
    form = visit.form
    search = Search(
        text=form.text("q")[:200], order=form.text("order") or "newest", after=form.text("after")
    )
    found = await visit.services.library.find(visit.actor, Kind.SESSION, search)
    wanted = {"q": search.text, "order": search.order, "after": found.next}
    more = f"/sessions?{urlencode(wanted)}" if found.next else ""
    values = {"found": found, "more": more, "search": search, "orders": _ORDERS}
    return Page("sessions/items.html" if visit.by_htmx else "sessions/sessions.html", values)


async def show(visit: Visit, session_id: str) -> Answer:
    """The page of one session, with its last recordings."""
    values = await load(visit, session_id)
    search = Search(session_id=session_id)
    found = await visit.services.library.find(visit.actor, Kind.RECORDING, search)
    return Page("sessions/session.html", {**values, "recordings": found})


async def create(visit: Visit) -> Answer:
    """Make a session."""
    session_id = await visit.services.sessions.create(visit.actor, visit.form.text("title"))
    return SeeOther(f"/sessions/{session_id}", "The session is made. Choose its sources.")


async def set_live(visit: Visit, session_id: str) -> Answer:
    """Say whether the session is live."""
    live = visit.form.text("live") == "true"
    await visit.services.sessions.set_live(visit.actor, session_id, live)
    say = "The session is live." if live else "The session is no longer live."
    return await _section(visit, session_id, "state", say)


async def add_source(visit: Visit, session_id: str) -> Answer:
    """Add a source."""
    source_id = visit.form.text("source")
    await visit.services.sessions.add_source(visit.actor, session_id, source_id)
    return await _section(visit, session_id, "sources", "Source added.")


async def remove_source(visit: Visit, session_id: str, source_id: str) -> Answer:
    """Take a source out."""
    await visit.services.sessions.remove_source(visit.actor, session_id, source_id)
    return await _section(visit, session_id, "sources", "Source removed.")


async def record(visit: Visit, session_id: str) -> Answer:
    """Start a recording, and go to where it is controlled."""
    await visit.services.recordings.start(visit.actor, session_id)
    return SeeOther(f"/live/{session_id}", "Recording.")


async def delete(visit: Visit, session_id: str) -> Answer:
    """Delete the session; its recordings stay."""
    await visit.services.sessions.delete(visit.actor, session_id)
    return SeeOther("/sessions", "The session is deleted. Its recordings are still there.")


async def _section(visit: Visit, session_id: str, name: str, say: str) -> Answer:
    values = await load(visit, session_id)
    return Part(f"sessions/{name}.html", values, values["base"], say)


_BASE = "/sessions/<uuid:session_id>"

ROUTES = (
    get("/sessions", show_all),
    post("/sessions", create, CREATE_SESSIONS),
    get(_BASE, show),
    post(f"{_BASE}/live", set_live),
    post(f"{_BASE}/sources", add_source),
    post(f"{_BASE}/sources/<uuid:source_id>/remove", remove_source),
    post(f"{_BASE}/record", record),
    post(f"{_BASE}/delete", delete),
    *about.About(Kind.SESSION, "/sessions", load).routes(),
)
