"""Live media: bytes as they come, previews, what a source holds. Each asks for its right first."""

from __future__ import annotations

import json

import attrs
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from ...engine.ffmpeg import find_ffmpeg
from ...errors import NotAuthorizedError, SourceNotFoundError
from ...services.library.looking import Look
from ...services.rights import WATCH
from ...store.rows import SourceRow
from .. import codecs, cookies
from ..answers import Answer, Body, Handover, RefusalError
from ..media.media import Media
from ..media.preview import Preview
from ..media.viewer import Viewer
from ..route import Route, get
from ..visit import Visit


@attrs.frozen
class LiveMedia:
    """What players ask for, and the script around them."""

    _media: Media

    async def live(self, visit: Visit, session_id: str, source_id: str) -> Answer:
        """What a source of a session sends, as it comes."""
        source = await _source(visit, session_id, source_id)
        viewer = Viewer(visit.request, source.name)
        feed = await self._media.feeds.join(source, viewer)
        viewer.when_gone(lambda: feed.leave(viewer))
        return self._begun(visit, viewer, session_id, source_id)

    async def preview(self, visit: Visit, session_id: str, source_id: str) -> Answer:
        """The same, coded anew, so that any browser plays it."""
        source = await _source(visit, session_id, source_id)
        if self._media.previews.is_full:
            raise RefusalError(503, "Too many previews run already. Try again in a while.")
        ffmpeg = find_ffmpeg(visit.tools.settings.restream)
        viewer = Viewer(visit.request, f"preview of {source.name}")
        preview = Preview(self._media.reactor, ffmpeg, source.name, viewer)
        viewer.when_gone(self._media.previews.begin())
        viewer.when_gone(preview.end)
        feed = await self._media.feeds.join(source, preview)
        viewer.when_gone(lambda: feed.leave(preview))
        return self._begun(visit, viewer, session_id, source_id)

    async def streams(self, visit: Visit, session_id: str, source_id: str) -> Answer:
        """What a source holds, as far as it is known: something of it must be being sent here."""
        source = await _source(visit, session_id, source_id)
        told = codecs.told(self._media.feeds.hear(source))
        return Body(json.dumps(told).encode(), "application/json")

    def _begun(self, visit: Visit, viewer: Viewer, session_id: str, source_id: str) -> Answer:
        look = Look(cookies.digest(visit.token), session_id, source_id)
        self._media.vigil.keep(viewer, look)
        return Handover(_Begin(viewer))


async def _source(visit: Visit, session_id: str, source_id: str) -> SourceRow:
    live = await visit.services.library.live_session(visit.actor, session_id)
    if not live.may(WATCH):
        raise NotAuthorizedError(f"{visit.actor.name} may not watch session {session_id}")
    for source in live.sources:
        if source.id == source_id:
            return source
    raise SourceNotFoundError(f"session {session_id} has no source {source_id}")


class _Begin(Resource):
    """Lets a viewer write the response."""

    isLeaf = True

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer

    def render(self, request: Request) -> int:
        """Begin."""
        self._viewer.begin()
        return NOT_DONE_YET


def routes(media: Media) -> tuple[Route, ...]:
    """What a live page asks for."""
    pages = LiveMedia(media)
    one = "/media/session/<uuid:session_id>/source/<uuid:source_id>"
    return (
        get(f"{one}/live", pages.live),
        get(f"{one}/preview", pages.preview),
        get(f"{one}/streams", pages.streams),
    )
