"""HTTP itself: bodies with a bound, quiet logs, and the routes behind Klein."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from twisted.web.server import Request, Site
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from ..logs import Logger
from .route import Route

log = Logger()

MOST_BODY = 256 * 1024
"""Bytes of a form, at most. What exceeds it is thrown away as it comes."""

ENOUGH = 64 * MOST_BODY
"""Bytes after which a sender is cut off."""

IDLE_S = 60.0
"""A connection that asks nothing for so long is closed, in seconds."""

NO_PAGE = "There is no such page. It may have been deleted, or its address mistyped."

Serve = Callable[[Route, Request, dict[str, Any]], Awaitable[bytes | IResource]]
Refuse = Callable[[Request, int, str], Awaitable[bytes]]


class BoundedRequest(Request):
    """A request that keeps no more of its body than :data:`MOST_BODY`."""

    received = 0

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.received += len(data)
        if self.received <= MOST_BODY:
            super().handleContentChunk(data)
        elif self.received > ENOUGH:
            self.channel.loseConnection()

    def gotLength(self, length: int | None) -> None:
        """Prepare for a body; its length is a claim, and no reason to reserve anything."""
        super().gotLength(min(length or 0, MOST_BODY))


def is_too_large(request: Request) -> bool:
    """Whether not all of the body was kept."""
    return getattr(request, "received", 0) > MOST_BODY


class QuietSite(Site):
    """Tells of requests at debug level only, and never of their queries, which may hold secrets."""

    displayTracebacks = False

    def __init__(self, root: IResource) -> None:
        super().__init__(root, requestFactory=BoundedRequest, timeout=IDLE_S)
        self.answered: Counter[int] = Counter()
        """Requests, by the status of the response."""

    def log(self, request: Any) -> None:
        """Tell of a request that was answered."""
        self.answered[request.code] += 1
        log.debug(
            "{method} {path} -> {status}",
            method=request.method.decode("ascii", "replace"),
            path=request.path.decode("ascii", "replace"),
            status=request.code,
        )


def resource(routes: Sequence[Route], serve: Serve, refuse: Refuse) -> IResource:
    """All routes as one resource of Twisted's."""
    app = Klein()
    for route in routes:
        _add(app, route, serve)

    def no_route(request: Any, failure: Failure) -> Any:
        error = failure.value
        if isinstance(error, RequestRedirect):
            request.setHeader("Location", error.new_url)
        if isinstance(error, MethodNotAllowed):
            request.setHeader("Allow", ", ".join(sorted(error.valid_methods or ())))
        code = getattr(error, "code", None) or 404
        return _unstoppable(refuse(request, code, NO_PAGE))

    app.handle_errors(HTTPException)(no_route)
    made: IResource = app.resource()
    return made


def _add(app: Klein, route: Route, serve: Serve) -> None:
    def endpoint(request: Request, **named: Any) -> Deferred[Any]:
        return _unstoppable(serve(route, request, named))

    app.route(route.path, methods=[route.method], endpoint=route.name)(endpoint)


def _unstoppable(work: Awaitable[Any]) -> Deferred[Any]:
    """What a coroutine gives. Klein cancels what it waits for when the browser goes away: a
    recording that is being started must not end half started for that."""
    done: Deferred[Any] = Deferred()
    running = Deferred.fromCoroutine(_awaited(work))

    def tell(result: Any) -> None:
        if not done.called:
            done.callback(result)

    running.addBoth(tell)
    return done


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
