"""The library of recordings: search, filter, sort, page by page; and the bin."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ...services.bin import KEEP_S
from ...services.directory.categories import list_categories
from ...services.library import ORDERS, Search
from ...services.rights import Kind
from ..answers import Answer, Page, SeeOther
from ..route import get, post
from ..visit import Visit


async def show(visit: Visit) -> Answer:
    """A page of the library; for htmx, only the rows that follow."""
    search = _search(visit)
    found = await visit.services.library.find(visit.actor, Kind.RECORDING, search)
    values = {"found": found, "more": _more(search, found.next)}
    if visit.by_htmx:
        return Page("videos/items.html", values)
    categories = await visit.store.read("list categories", list_categories)
    chosen = next((c for c in categories if c.id == search.category_id), None)
    wide = {"search": search, "orders": ORDERS, "categories": categories, "chosen": chosen}
    return Page("videos/videos.html", {**values, **wide})


async def show_bin(visit: Visit) -> Answer:
    """What was deleted and can be had back."""
    found = await visit.services.library.deleted(visit.actor, visit.form.text("after"))
    more = f"/videos/bin?{urlencode({'after': found.next})}" if found.next else ""
    return Page("videos/bin.html", {"found": found, "more": more, "days": int(KEEP_S / 86400)})


async def restore(visit: Visit, recording_id: str) -> Answer:
    """Take one out of the bin."""
    await visit.services.bin.restore(visit.actor, recording_id)
    return SeeOther(f"/videos/{recording_id}", "The recording is back.")


def _search(visit: Visit) -> Search:
    form = visit.form
    category_id = form.text("category")
    return Search(
        text=form.text("q")[:200],
        category_id=category_id,
        value=form.text("value") if category_id else "",
        order=form.text("order") or "newest",
        after=form.text("after"),
        session_id=form.text("session"),
    )


def _more(search: Search, after: str) -> str:
    """The URL of the next page; empty if there is none."""
    wanted: dict[str, Any] = {
        "q": search.text,
        "category": search.category_id,
        "value": search.value,
        "order": search.order,
        "session": search.session_id,
        "after": after,
    }
    return f"/videos?{urlencode({k: v for k, v in wanted.items() if v})}" if after else ""


ROUTES = (
    get("/videos", show),
    get("/videos/bin", show_bin),
    post("/videos/bin/<uuid:recording_id>/restore", restore),
)
