"""What is written in order, and how it is got out of the way when a file of it hangs.

A lane is all that is written of one recording. Usually the writer's one thread writes every lane.
While a file hangs (a server that does not answer, a disk that stands still), the thread that hangs
in it serves its lane alone, over a :class:`Detour`, until it has caught up; all else goes past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol


class Target(Protocol):
    """What bytes are appended to: a segment, or whoever watches."""

    @property
    def lane(self) -> Lane:
        """What must be written before and after it."""

    def write(self, data: Any) -> None:
        """Append; OSError if that fails."""

    def miss(self, count: int) -> None:
        """Count bytes that will never be written, as soon as that is known."""

    def skip(self, count: int) -> None:
        """In their place between two :meth:`write`: bytes that were missed."""


Step = tuple[Target, Any]
"""Bytes, and what they are appended to."""


class Lane:
    """What is done in order, because it belongs together."""

    def __init__(
        self,
        on_held_up: Callable[[Target], None] = lambda _: None,
        on_caught_up: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Args:
        on_held_up: told, on the reactor's thread, of the target that hangs.
        on_caught_up: told, on the reactor's thread, for how many seconds that was so.
        """
        self.on_held_up = on_held_up
        self.on_caught_up = on_caught_up
        self.detour: Detour | None = None
        """Where its steps go while a file of it hangs."""


class Call:
    """A step that is no bytes: something to be called in its turn."""

    def __init__(self, lane: Lane, then: Callable[[], None]) -> None:
        self.lane, self._then = lane, then

    def __str__(self) -> str:
        return "what is done after it"

    def write(self, data: Any) -> None:
        """Call it."""
        self._then()

    def miss(self, count: int) -> None:
        """Nothing of it can be missed."""

    skip = miss


class Room:
    """What may wait on all detours together, in bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.detours: list[Detour] = []
        """Those that are under way, or have ended a moment ago."""

    def has(self, size: int) -> bool:
        """Whether so many more may wait."""
        return size + sum(detour.waiting for detour in self.detours) <= self.limit


class Detour:
    """A queue beside the writer's, for a lane that hangs. The writer fills it, a thread empties it.

    What does not fit is missed: it is counted at once, and its place is kept. Each counter is
    counted up by one thread alone, so none needs a lock.
    """

    def __init__(self, lane: Lane, room: Room, since: float) -> None:
        """Args:
        lane: whose steps go this way.
        room: what all detours share.
        since: from when on it hangs.
        """
        self.lane, self.since = lane, since
        self.ended = False
        """Whether the lane has caught up."""
        self._room = room
        self._steps: SimpleQueue[Step | None] = SimpleQueue()
        self._missed: dict[Target, int] = {}
        self._put = self._done = self._put_bytes = self._done_bytes = 0

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written."""
        return self._put_bytes - self._done_bytes

    def take(self, target: Target, data: Any) -> None:
        """Have this done after all that was taken before; ``data`` is copied, or missed."""
        if data and not self._room.has(len(data)):
            self._missed[target] = self._missed.get(target, 0) + len(data)
            target.miss(len(data))
            return
        self._keep_places()
        self._give(target, bytes(data))

    def try_to_end(self) -> None:
        """End if all was done; by the thread that calls :meth:`take`.

        It is called again for each time that nothing waited: the lane may hang anew by then.
        """
        if self.lane.detour is not self:
            return
        self._keep_places()
        if self._put == self._done:
            self.lane.detour = None
            self.ended = True
            self._steps.put(None)

    def steps(self, all_done: Callable[[], None]) -> Iterator[Step]:
        """What is to be done, until the end, for the thread that does it.

        Args:
            all_done: called whenever nothing waits; it is to have :meth:`try_to_end` called.
        """
        while (step := self._next(all_done)) is not None:
            yield step
            self._done_bytes += len(step[1])
            self._done += 1

    def _next(self, all_done: Callable[[], None]) -> Step | None:
        try:
            return self._steps.get_nowait()
        except Empty:
            all_done()
            return self._steps.get()

    def _give(self, target: Target, data: bytes) -> None:
        self._put += 1
        self._put_bytes += len(data)
        self._steps.put((target, data))

    def _keep_places(self) -> None:
        for target, count in self._missed.items():
            self._give(Call(self.lane, partial(target.skip, count)), b"")
        self._missed.clear()
