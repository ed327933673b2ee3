"""A page, declared once: where it is, who may open it, and what answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import attrs

from ..services.rights import ROLE_ACTIONS
from .answers import Answer

Act = Callable[..., Awaitable[Answer]]
"""``(visit, **what the path names)``; a UUID in the path comes as a lower-case string."""

Method = Literal["GET", "POST"]
_PATH = re.compile(r"(/[a-z0-9.-]+|/<(uuid|int|path):[a-z_]+>)+|/")

PUBLIC = "public"
"""``needs`` of what is open to people who have not signed in."""

SIGNED_IN = "signed in"
"""``needs`` of what every user may open; what is shown is up to the user's rights."""


@attrs.frozen
class Route:
    """One method of one path.

    A GET changes nothing. A POST is let through with a CSRF token only, which the pipeline checks.
    """

    method: Method
    path: str = attrs.field()
    """In Werkzeug's notation: ``/videos/<uuid:recording_id>``."""
    act: Act
    needs: str = attrs.field(default=SIGNED_IN)
    """:data:`PUBLIC`, :data:`SIGNED_IN`, or an action that one of the user's roles must grant."""

    @path.validator
    def _check_path(self, _: object, path: str) -> None:
        if not _PATH.fullmatch(path):
            raise ValueError(f"{path!r}: is no path of lower-case words, <uuid:x>, <int:x>")

    @needs.validator
    def _check_needs(self, _: object, needs: str) -> None:
        if needs not in (PUBLIC, SIGNED_IN, *ROLE_ACTIONS):
            raise ValueError(f"{self.path}: {needs!r} is nothing that a role grants")

    @property
    def name(self) -> str:
        """What log and router call it."""
        return f"{self.method} {self.path}"


def get(path: str, act: Act, needs: str = SIGNED_IN) -> Route:
    """A page to look at."""
    return Route("GET", path, act, needs)


def post(path: str, act: Act, needs: str = SIGNED_IN) -> Route:
    """Something to do."""
    return Route("POST", path, act, needs)


def checked(groups: Sequence[Sequence[Route]]) -> tuple[Route, ...]:
    """All routes, if no two are the same.

    Raises:
        ValueError: two are.
    """
    routes = tuple(route for group in groups for route in group)
    names = [re.sub(r"<.*?>", "<>", route.name) for route in routes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name}: is declared twice")
    return routes
