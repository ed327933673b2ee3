"""A recording's streams: started, watched while they run, stopped."""

from __future__ import annotations

from ipaddress import ip_address

from ...services.streams import Playing
from ..answers import Answer, Page, Part, RefusalError
from ..route import get, post
from ..visit import Visit
from .recording import load, seconds_of


async def running(visit: Visit, recording_id: str) -> Answer:
    """Those that run, and how far they are: for the page to ask again and again."""
    return Page("videos/running.html", await load(visit, recording_id))


async def start(visit: Visit, recording_id: str) -> Answer:
    """Play the recording out."""
    form = visit.form
    address, port = form.text("address"), form.whole("port", 1, 65535)
    try:
        ip_address(address)
    except ValueError as error:
        raise RefusalError(400, "The address must be an IP address such as 239.1.2.3.") from error
    playing = Playing(float(seconds_of(form.text("start") or "0")), loop=form.has("loop") or None)
    await visit.services.streams.start(visit.actor, recording_id, address, port, playing)
    return await _section(visit, recording_id, f"Streaming to {address}:{port}.")


async def stop(visit: Visit, recording_id: str, stream_id: str) -> Answer:
    """End a stream."""
    await visit.services.streams.stop(visit.actor, stream_id)
    return await _section(visit, recording_id, "The stream has ended.")


async def _section(visit: Visit, recording_id: str, say: str) -> Answer:
    values = await load(visit, recording_id)
    return Part("videos/streams.html", values, values["base"], say)


_BASE = "/videos/<uuid:recording_id>/streams"

ROUTES = (
    get(_BASE, running),
    post(_BASE, start),
    post(f"{_BASE}/<uuid:stream_id>/stop", stop),
)
