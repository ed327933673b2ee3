"""Words that wait for a visitor's next page; in memory, lost with a restart."""

from __future__ import annotations

from collections import OrderedDict

MOST = 1000
"""Visitors for whom words wait, at most."""


class Flashes:
    """Words by the digest of who is to read them."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def add(self, reader: str, words: str) -> None:
        """Keep them for the reader's next page."""
        self._waiting[reader] = (*self._waiting.pop(reader, ()), words)[-5:]
        if len(self._waiting) > MOST:
            self._waiting.popitem(last=False)

    def take(self, reader: str) -> tuple[str, ...]:
        """What waits for the reader, once."""
        return self._waiting.pop(reader, ())
