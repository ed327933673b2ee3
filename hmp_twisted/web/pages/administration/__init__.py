"""Administration: everything that a role with ``administer`` may see and change."""

from __future__ import annotations

from collections.abc import Sequence

from ...route import Route
from ...watch.service import Watch
from . import people
from .access import Access
from .sources import Sources
from .state import State


def routes(watch: Watch) -> Sequence[Route]:
    """All pages."""
    return (
        *State(watch).routes(),
        *Access(watch).routes(),
        *Sources(watch).routes(),
        *people.ROUTES,
    )
