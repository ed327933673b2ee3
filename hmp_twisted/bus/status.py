"""The engine's report on itself, put together from pages: of many sources each holds some."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

PAGE = 50
"""At most this many sources, of up to 1,300 bytes each, in one page."""


def page_of(status: Mapping[str, Any], after: str) -> str:
    """A status with those of its sources alone that come next by address after ``after``."""
    recorder = status["recorder"]
    following = [source for source in recorder["sources"] if source["address"] > after]
    page = sorted(following, key=lambda source: str(source["address"]))[:PAGE]
    return json.dumps({**status, "recorder": {**recorder, "sources": page}})


class Report:
    """Collects pages; ask with :attr:`after` until that is ``None``."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] = {}
        """What the first page says, with the sources of all."""
        self.after: str | None = ""
        """The last source received; ``None`` when there are no more."""

    def take(self, text: str) -> None:
        """Take a page.

        Raises:
            ValueError, TypeError: it is no JSON object.
        """
        page = dict(json.loads(text))
        sources: Sequence[Any] = page.get("recorder", {}).get("sources", [])
        if self.whole:
            self.whole["recorder"]["sources"] += sources
        else:
            self.whole = page
        self.after = sources[-1]["address"] if len(sources) == PAGE else None
