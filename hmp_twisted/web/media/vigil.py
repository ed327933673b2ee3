"""Ends live streams that their viewers may not see any more: each second all are looked at."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from ...clocks import Clock
from ...errors import StoreError
from ...logs import Logger
from ...services.library.looking import Look, allowed
from ...store.pool import Store
from .viewer import Viewer

log = Logger()

EVERY_S = 1.0


class Vigil:
    """Keeps an eye on every viewer of live media. When it finds none it rests."""

    def __init__(self, reactor: Any, store: Store, wall: Clock) -> None:
        """``wall`` tells the time of day, which sign-ins are kept by."""
        self._store = store
        self._wall = wall
        self._looks: dict[Viewer, Look] = {}
        self._loop = LoopingCall(lambda: Deferred.fromCoroutine(self._go_round()))
        self._loop.clock = reactor

    def __len__(self) -> int:
        return len(self._looks)

    def keep(self, viewer: Viewer, look: Look) -> None:
        """End what this viewer gets as soon as it is not allowed any more."""
        self._looks[viewer] = look
        viewer.when_gone(lambda: self._forget(viewer))
        if self._looks and not self._loop.running:
            self._loop.start(EVERY_S, now=False)

    async def _go_round(self) -> None:
        if self._looks:
            await self.look()
        # Only here does it stop: a LoopingCall that is stopped and started while its work is still
        # under way goes on twice.
        if not self._looks:
            self._loop.stop()

    async def look(self) -> None:
        """Look at all of them now."""
        looks = frozenset(self._looks.values())
        try:
            fine = await self._store.read("check viewers", allowed, looks, self._wall.seconds())
        except StoreError:
            return  # the store has logged it; the right that was there stands until the next look
        lost = [viewer for viewer, look in self._looks.items() if look in looks - fine]
        for viewer in lost:
            log.info("{name}: a viewer who may not see it any more is dropped", name=viewer.name)
            viewer.end()

    def _forget(self, viewer: Viewer) -> None:
        self._looks.pop(viewer, None)
