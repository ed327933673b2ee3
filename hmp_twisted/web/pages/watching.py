"""The page groups that show what is noted while the server runs."""

from __future__ import annotations

from collections.abc import Sequence

from ..route import Route
from ..watch.service import Watch
from . import administration
from .console import Console
from .metrics import Metrics


def watch_pages(watch: Watch) -> Sequence[Sequence[Route]]:
    """Administration, console and metrics."""
    return administration.routes(watch), Console(watch).routes(), Metrics(watch).routes()
