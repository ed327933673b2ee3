"""From a page's answer to the response: templates, redirects, words for the visitor."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.web.resource import IResource

from . import cookies
from .answers import Answer, Body, Handover, Page, Part, SeeOther
from .flashes import Flashes
from .templates import Templates
from .visit import Visit

HTML = "text/html; charset=utf-8"

_PHRASES = {421: b"Misdirected Request", 429: b"Too Many Requests"}
"""Statuses that Twisted has no phrase for."""


@attrs.define
class Renderer:
    """Writes answers into requests."""

    _templates: Templates
    _flashes: Flashes = attrs.field(factory=Flashes)

    def write(self, visit: Visit, answer: Answer) -> bytes | IResource:
        """Set status and headers; gives the body, or the resource that writes it."""
        if isinstance(answer, Handover):
            return answer.resource
        if isinstance(answer, Body):
            return self._body(visit, answer)
        if isinstance(answer, SeeOther):
            return self._see_other(visit, answer)
        if isinstance(answer, Part):
            return self._part(visit, answer)
        return self._page(visit, answer)

    def refuse(self, visit: Visit, status: int, words: str) -> bytes:
        """An error in words: a page of its own, or beside the page that htmx keeps."""
        visit.request.setResponseCode(status, _PHRASES.get(status))
        if visit.by_htmx:
            visit.request.setHeader("HX-Retarget", "#flash")
            visit.request.setHeader("HX-Reswap", "beforeend")
            return self._html(visit, "parts/flash.html", {"words": words, "kind": "error"})
        return self._html(visit, "error.html", {"status": status, "words": words})

    def _page(self, visit: Visit, page: Page) -> bytes:
        visit.request.setResponseCode(page.status)
        return self._html(visit, page.template, page.values)

    def _part(self, visit: Visit, part: Part) -> bytes:
        if not visit.by_htmx:
            return self._see_other(visit, SeeOther(part.url, part.say))
        changed = self._html(visit, part.template, part.values)
        if not part.say:
            return changed
        said = {"words": part.say, "kind": "done"}
        return changed + self._html(visit, "parts/flash_beside.html", said)

    def _see_other(self, visit: Visit, answer: SeeOther) -> bytes:
        if answer.say:
            self._flashes.add(cookies.digest(visit.token), answer.say)
        if visit.by_htmx:
            # The browser would follow a 303 by itself, and htmx swap a whole page into a part.
            visit.request.setHeader("HX-Redirect", answer.url)
            visit.request.setResponseCode(204)
        else:
            visit.request.setResponseCode(303)
            visit.request.setHeader("Location", answer.url)
        return b""

    def _body(self, visit: Visit, body: Body) -> bytes:
        visit.request.setResponseCode(body.status)
        visit.request.setHeader("Content-Type", body.media_type)
        for name, value in body.headers.items():
            visit.request.setHeader(name, value)
        return body.content

    def _html(self, visit: Visit, template: str, values: Any) -> bytes:
        visit.request.setHeader("Content-Type", HTML)
        return self._templates.render(
            template,
            visit=visit,
            visitor=visit.visitor,
            csrf=cookies.csrf_token(visit.token),
            flashes=lambda: self._flashes.take(cookies.digest(visit.token)),
            **values,
        )
