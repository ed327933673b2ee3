"""One request, as a page's coroutine sees it: who asks, what was sent, and what may be used."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import attrs
from twisted.web.server import Request

from ..clocks import Clock
from ..config import Settings
from ..peers import Peer
from ..services.bundle import Services
from ..services.rights import Actor
from ..services.sign_ins import Visitor
from ..store.pool import Store
from . import cookies
from .forms import Form
from .sign_in.gate import Gate


@attrs.frozen
class Tools:
    """What pages work with; built once by :mod:`hmp_twisted.tap`."""

    services: Services
    store: Store
    settings: Settings
    clock: Clock
    """The time of day."""
    gate: Gate
    """Signs people in and out."""

    @property
    def recordings_dir(self) -> Path:
        """Where recordings' folders are."""
        return self.settings.recordings_dir


@attrs.define
class Visit:
    """One request."""

    request: Request
    tools: Tools
    form: Form
    token: str
    """The cookie's, or a new one; of somebody who has not signed in, too."""
    visitor: Visitor | None
    """Who has signed in."""

    @property
    def actor(self) -> Actor:
        """Whom services ask for rights."""
        if self.visitor is None:
            raise RuntimeError("a page that acts must need somebody who has signed in")
        return self.visitor.actor

    @property
    def services(self) -> Services:
        """What commands use, too."""
        return self.tools.services

    @property
    def store(self) -> Store:
        """For reading what administrators keep (:mod:`hmp_twisted.services.directory`)."""
        return self.tools.store

    @property
    def by_htmx(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return self.request.getHeader("HX-Request") == "true"

    @property
    def path(self) -> str:
        """What was asked for, without its query."""
        return self.request.path.decode("ascii", "replace")

    @property
    def page(self) -> str:
        """The page that is looked at, with its query: htmx may ask for a part of it only."""
        shown = self.request.getHeader("HX-Current-URL") if self.by_htmx else None
        if shown is None:
            return self.request.uri.decode("ascii", "replace")
        parts = urlsplit(shown)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def address(self) -> str:
        """The peer's address; empty over a Unix socket."""
        return Peer.of(self.request.getClientAddress()).host

    def adopt(self, token: str) -> None:
        """Have the browser carry on with another token."""
        self.token = token
        cookies.write(self.request, token)

    @property
    def is_secure(self) -> bool:
        """Whether it came over TLS."""
        return bool(self.request.isSecure())
