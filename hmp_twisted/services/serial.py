"""One act at a time on one object: a lock for each ID, kept only while it is in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet.defer import DeferredLock


class Serial:
    """Locks by ID."""

    def __init__(self) -> None:
        self._locks: dict[str, DeferredLock] = {}

    def is_held(self, object_id: str) -> bool:
        """Whether somebody acts on the object just now."""
        return object_id in self._locks

    @asynccontextmanager
    async def acting_on(self, object_id: str) -> AsyncIterator[None]:
        """Wait until nobody acts on the object, and hold others off until the block ends."""
        lock = self._locks.setdefault(object_id, DeferredLock())
        await lock.acquire()
        try:
            yield
        finally:
            if not lock.waiting:
                del self._locks[object_id]
            lock.release()
