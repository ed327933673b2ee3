"""The pages, one module a group: each offers the routes that it answers."""

from __future__ import annotations

from collections.abc import Sequence

from ..media.media import Media
from ..route import Route
from ..sign_in.first import FirstUser
from . import (
    account,
    certificate,
    health,
    keeping,
    live,
    live_media,
    media,
    recording,
    sessions,
    sign_in,
    streams,
    takeaway,
    videos,
)


def page_groups(first: FirstUser, serving: Media) -> Sequence[Sequence[Route]]:
    """All groups. A new one is a module here, with a folder of its name in ``templates/``."""
    return (
        health.ROUTES,
        sign_in.routes(first),
        account.ROUTES,
        live.ROUTES,
        videos.ROUTES,
        recording.ROUTES,
        certificate.routes(),
        streams.ROUTES,
        keeping.ROUTES,
        sessions.ROUTES,
        media.routes(serving),
        live_media.routes(serving),
        takeaway.routes(serving),
    )
