"""The last of what happened: a bounded list whose items are numbered, and which can be watched."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.define(eq=False)
class Ring(Generic[T]):
    """The last ``size`` items. Numbers begin at 1 and are never given twice."""

    size: int
    last: int = 0
    """The number of the newest item; 0 if there was none yet."""
    _items: deque[T] = attrs.field(init=False)
    _watchers: list[Callable[[], None]] = attrs.field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self._items = deque(maxlen=self.size)

    def append(self, item: T) -> None:
        """Keep one more; the oldest goes when there are too many."""
        self.last += 1
        self._items.append(item)
        for told in tuple(self._watchers):
            told()

    def after(self, number: int) -> list[tuple[int, T]]:
        """The items that are newer than this number and still kept, with theirs, oldest first."""
        oldest = self.last - len(self._items) + 1
        first = max(oldest, number + 1)
        kept = islice(self._items, first - oldest, None)
        return list(enumerate(kept, first))

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call ``told`` at each new item, until what this gives back is called."""
        self._watchers.append(told)
        return lambda: self._watchers.remove(told)
