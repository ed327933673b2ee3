"""What every request goes through, in this order: host, session, right, CSRF, the page, rendering.

Nothing of this is left to a page: a page that forgets cannot open a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

import attrs
from twisted.internet.defer import Deferred
from twisted.web.resource import IResource
from twisted.web.server import Request

from ..errors import DomainError, NotReadyError
from ..logs import Logger
from . import cookies, headers, hosts
from .answers import Answer, RefusalError, SeeOther
from .forms import Form
from .rendering import Renderer
from .route import PUBLIC, SIGNED_IN, Route
from .site import is_too_large
from .visit import Tools, Visit
from .wording import words_of

log = Logger()

CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"

STALE = "This page was open for too long, or in another sign-in. Load it again, then try again."
WRONG_HOST = (
    "This server does not answer to that name. Use its address, or add the name to [web] hosts."
)
TOO_LARGE = "That is more than this server takes in one form."
FAULT = "Something went wrong in the server. Its log says what; try again."


@attrs.define
class Pipeline:
    """Answers requests for routes."""

    _tools: Tools
    _renderer: Renderer
    _names: frozenset[str]
    """What a ``Host`` header may say, addresses apart."""
    _running: int = attrs.field(init=False, default=0)
    _finished: Deferred[None] | None = attrs.field(init=False, default=None)

    def finish(self) -> Deferred[None]:
        """Refuse what comes from now on; fires when what runs has been answered."""
        self._finished = Deferred()
        self._tell_finished()
        return self._finished

    def abandon(self) -> None:
        """Wait no longer for what runs."""
        self._running = 0
        self._tell_finished()

    def _tell_finished(self) -> None:
        if self._finished is not None and self._running <= 0 and not self._finished.called:
            self._finished.callback(None)

    async def answer(
        self, route: Route, request: Request, named: Mapping[str, Any]
    ) -> bytes | IResource:
        """The response's body, status and headers set; it never fails."""
        visit = self._visit(request)
        self._running += 1
        try:
            body = self._renderer.write(visit, await self._checked(route, visit, named))
        except Exception as error:
            body = self._refused(visit, route.name, error)
        finally:
            self._running -= 1
            self._tell_finished()
        if isinstance(body, bytes):
            request.setHeader("Content-Length", str(len(body)))
        return body

    async def refuse(self, request: Request, status: int, words: str) -> bytes:
        """For what no route is: the same headers, the same kind of page."""
        visit = self._visit(request)
        try:
            self._check_host(request)
            visit.visitor = await self._tools.gate.visitor(visit.token)
        except (DomainError, RefusalError):
            return self._renderer.refuse(visit, status, words)
        return self._renderer.refuse(visit, status, words)

    def _visit(self, request: Request) -> Visit:
        headers.set_all(request)
        return Visit(request, self._tools, Form({}), cookies.read(request), None)

    async def _checked(self, route: Route, visit: Visit, named: Mapping[str, Any]) -> Answer:
        request = visit.request
        self._check_host(request)
        if self._finished is not None:
            raise NotReadyError("the web interface is stopping")
        if is_too_large(request):
            raise RefusalError(413, TOO_LARGE)
        visit.form = Form.of(request.args)
        visit.visitor = await self._tools.gate.visitor(visit.token)
        if visit.visitor is None and route.needs != PUBLIC:
            return _to_sign_in(visit, route)
        self._check_right(route, visit)
        if route.method == "POST":
            _check_csrf(visit)
        if not visit.token:
            visit.token = cookies.new_token()
            cookies.write(request, visit.token)
        return await route.act(visit, **{key: _plain(value) for key, value in named.items()})

    def _check_host(self, request: Request) -> None:
        if not hosts.is_own(request.getHeader("Host"), self._names):
            raise RefusalError(421, WRONG_HOST)

    def _check_right(self, route: Route, visit: Visit) -> None:
        if route.needs in (PUBLIC, SIGNED_IN) or visit.visitor is None:
            return
        if not visit.visitor.may(route.needs):
            log.warn(
                "{who}: {route} refused, no role grants {action}",
                who=visit.visitor.actor.name,
                route=route.name,
                action=route.needs,
            )
            raise RefusalError(403, "Your roles do not allow this. Ask an administrator.")

    def _refused(self, visit: Visit, name: str, error: Exception) -> bytes:
        if isinstance(error, RefusalError):
            for header, value in error.headers.items():
                visit.request.setHeader(header, value)
            return self._renderer.refuse(visit, error.status, error.words)
        if isinstance(error, DomainError):
            status, words = words_of(error)
            log.debug("{route}: {error}", route=name, error=error)
            return self._renderer.refuse(visit, status, words)
        log.failure("{route} failed", route=name)
        return self._renderer.refuse(visit, 500, FAULT)


def _to_sign_in(visit: Visit, route: Route) -> Answer:
    """Where a page leads whoever has not signed in; back to it afterwards, if it only shows."""
    if route.method == "POST":
        raise RefusalError(401, "You are signed out. Sign in, then try again.")
    return SeeOther(f"/sign-in?next={quote(visit.page, safe='/')}")


def _check_csrf(visit: Visit) -> None:
    request = visit.request
    sent = request.getHeader(CSRF_HEADER) or visit.form.raw(CSRF_FIELD)
    same = hosts.is_same_origin(
        request.getHeader("Origin"), request.getHeader("Host"), request.getHeader("Sec-Fetch-Site")
    )
    if not same or not cookies.csrf_fits(visit.token, sent):
        log.warn(
            "{method} {path} from {address} refused: its CSRF token does not fit",
            method="POST",
            path=visit.path,
            address=visit.address,
        )
        raise RefusalError(403, STALE)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
