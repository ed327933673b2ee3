"""How long a recording is kept: a section of its page."""

from __future__ import annotations

from typing import Any

from ...services.directory import retention
from ...services.directory.recordings import Recording
from ..answers import Answer, Page, Part, RefusalError
from ..route import get, post
from ..visit import Visit

TEMPLATE = "videos/keeping.html"
_NO_DAYS = "Write for how many days, such as 30."


async def show(visit: Visit, recording_id: str) -> Answer:
    """The section, for the page to fetch."""
    return Page(TEMPLATE, await _values(visit, recording_id))


async def keep(visit: Visit, recording_id: str) -> Answer:
    """Decide it."""
    form = visit.form
    await visit.services.keeping.keep(
        visit.actor, recording_id, _days(form.text("keep"), form.text("days")), form.has("protect")
    )
    values = await _values(visit, recording_id)
    return Part(TEMPLATE, values, values["base"], "Noted.")


def _days(word: str, number: str) -> float | None:
    if word == "days":
        try:
            days = float(number.replace(",", "."))
        except ValueError as error:
            raise RefusalError(400, _NO_DAYS) from error
        if not days > 0:
            raise RefusalError(400, _NO_DAYS)
        return days
    return retention.NEVER if word == "never" else None


async def _values(visit: Visit, recording_id: str) -> dict[str, Any]:
    details = await visit.services.library.recording(visit.actor, recording_id)
    default_days = visit.tools.settings.recordings.expire_after_days
    return {
        "thing": details.recording,
        "attached": details.attached,
        "base": f"/videos/{recording_id}",
        "default_days": default_days,
        "expires": retention.expires(details.recording, default_days),
        "chosen": _chosen(details.recording),
    }


def _chosen(recording: Recording) -> str:
    if recording.expire_after_days is None:
        return "default"
    return "never" if recording.expire_after_days == retention.NEVER else "days"


_BASE = "/videos/<uuid:recording_id>/keeping"

ROUTES = (get(_BASE, show), post(_BASE, keep))
