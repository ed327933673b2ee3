"""All that serves media to browsers, built once."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.endpoints import UNIXClientEndpoint

from ...clocks import Clock
from ...config import Settings
from ...store.pool import Store
from .feeds import Feeds
from .jobs import Jobs
from .mp4 import Mp4Files
from .posters import Posters
from .preview import Previews
from .stills import Stills
from .vigil import Vigil


@attrs.frozen
class Media:
    """What the pages for media work with."""

    reactor: Any
    feeds: Feeds
    previews: Previews
    vigil: Vigil
    posters: Posters
    mp4: Mp4Files
    jobs: Jobs

    @classmethod
    def build(cls, reactor: Any, settings: Settings, store: Store, wall: Clock) -> Media:
        """For the media engine and the recordings of these settings; ``wall`` is for sign-ins."""
        path = settings.engine_endpoint.removeprefix("unix:")
        return cls(
            reactor,
            Feeds(reactor, UNIXClientEndpoint(reactor, path)),
            Previews(),
            Vigil(reactor, store, wall),
            Posters(store, settings.recordings_dir, Stills(reactor, settings.restream)),
            Mp4Files(reactor, store, settings),
            Jobs(),
        )
