"""What a page's coroutine may answer; :mod:`.rendering` makes a response of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from twisted.web.resource import IResource


@attrs.frozen
class Page:
    """A whole page, or a part of one that stands for itself."""

    template: str
    """Its path beneath ``templates/``."""
    values: Mapping[str, Any] = attrs.field(factory=dict)
    status: int = 200


@attrs.frozen
class Part:
    """A section that was changed: what htmx swaps in; without htmx, the page that it is on."""

    template: str
    values: Mapping[str, Any]
    url: str
    """The page, for browsers that sent a plain form."""
    say: str = ""
    """Told to the visitor once, beside the page."""


@attrs.frozen
class SeeOther:
    """Another page, fetched anew (303)."""

    url: str
    """A path of this server."""
    say: str = ""
    """Told to the visitor once, on that page."""


@attrs.frozen
class Body:
    """Bytes that are no page."""

    content: bytes
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Handover:
    """A resource of Twisted's that writes the response itself: files in ranges, live media."""

    resource: IResource


Answer = Page | Part | SeeOther | Body | Handover


class RefusalError(Exception):
    """Ends a page's coroutine with a status and words for people."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = headers or {}
