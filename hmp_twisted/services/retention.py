"""Removes recordings by themselves: those that have expired, and, if so configured, the oldest
when the disk runs short. Tells the log for how long there is room.

What goes is a matter of :mod:`.directory.retention`, how of :mod:`.directory.removing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ..clocks import Clock
from ..config import RecordingsSettings
from ..engine import manifest
from ..errors import DomainError, InUseError, RecordingNotFoundError
from ..logs import Logger
from ..store.pool import Store
from .directory import removing, retention
from .directory.retention import Removable
from .storage import Space, free_bytes, present_bit_rate

log = Logger()

MOST_AT_A_TIME = 10
"""A clock that was set wrongly must not empty the library before somebody sees it in the log."""
HEADROOM_S = 120.0
"""Pruning keeps room above the floor for so long at the present rate,"""
LEAST_HEADROOM_BYTES = 32 << 20
"""and for so much at least: recordings end at the floor, so it must be done before."""
TELL_BELOW_H = (24.0, 4.0, 1.0)
_RECOVERED = 1.1
"""A warning may come again after there was room for so much more than what it warns of."""


class ReportingEngine(Protocol):
    """What is asked of the media engine here; see :class:`hmp_twisted.bus.client.EngineClient`."""

    async def read_status(self) -> Mapping[str, Any]:
        """The engine's report on itself."""


class Retention:
    """Keeps the recordings' disk as configured.

    Args:
        settings: ``[recordings]``.
        recordings_dir: where the recordings' folders are.
        clock: tells the time of day, by which recordings expire.
    """

    def __init__(
        self,
        store: Store,
        engine: ReportingEngine,
        settings: RecordingsSettings,
        recordings_dir: Path,
        clock: Clock,
    ) -> None:
        self._store = store
        self._engine = engine
        self._settings = settings
        self._folder = recordings_dir
        self._clock = clock
        self._told_below_h = float("inf")

    async def enforce(self) -> None:
        """Remove what has expired, make room if that is wanted, and look how much there is.

        Raises:
            StoreError: the database failed.
            OSError: the recordings' directory is not there.
        """
        await self._remove_expired()
        space = await self._space()
        if self._settings.storage_policy == "prune":
            space = await self._make_room(space)
        self._tell(space)

    async def _remove_expired(self) -> None:
        now, default_days = self._clock.seconds(), self._settings.expire_after_days
        for one in await self._store.read(
            "find expired recordings", retention.find_expired, now, default_days, MOST_AT_A_TIME
        ):
            await self._remove(one, f"it expired {one.days:g} days after its end")

    async def _make_room(self, space: Space) -> Space:
        """Prune until there is room, or nothing may go; gives how it is then."""
        headroom = max(LEAST_HEADROOM_BYTES, space.bit_rate / 8 * HEADROOM_S)
        for one in await self._oldest() if space.free_bytes < _floor(space, headroom) else ():
            why = f"only {space.free_bytes} bytes were free and it was the oldest not protected"
            await self._remove(one, why)
            space = await self._space()
            if space.free_bytes >= _floor(space, headroom):
                break
        return space

    async def _oldest(self) -> tuple[Removable, ...]:
        days = self._settings.expire_after_days
        name = "find the oldest recordings"
        return await self._store.read(name, retention.find_oldest, days, MOST_AT_A_TIME)

    async def _remove(self, one: Removable, why: str) -> None:
        begin = self._store.begin
        try:
            size = await self._store.in_thread(_size_of, manifest.folder_of(self._folder, one.id))
            await self._store.in_thread(removing.remove_exactly, begin, self._folder, one.id)
        except (InUseError, RecordingNotFoundError):
            return  # it is played out, or gone, since it was found
        except DomainError as error:
            log.error(
                "recording {recording}: cannot be removed: {error}", recording=one.id, error=error
            )
            return
        log.warn(
            "recording {recording} ({title}, {size} bytes) was removed: {why}",
            recording=one.id,
            title=one.title,
            size=size,
            why=why,
        )

    async def _space(self) -> Space:
        rate = 0.0
        with suppress(DomainError):  # no engine: nothing is recorded
            rate = present_bit_rate(await self._engine.read_status())
        free = await self._store.in_thread(free_bytes, self._folder)
        return Space(free, self._settings.min_free_bytes, rate)

    def _tell(self, space: Space) -> None:
        """Warn once for each threshold that the room falls under."""
        if space.hours > self._told_below_h * _RECOVERED:
            self._told_below_h = float("inf")
        below = [hours for hours in TELL_BELOW_H if space.hours < hours]
        if not space.measured or not below or min(below) >= self._told_below_h:
            return
        self._told_below_h = min(below)
        log.warn(
            "the disk of {folder} has room for {hours:.1f} hours at the present {rate:.1f} Mbit/s: "
            "{free} bytes are free and recordings end at {floor}; {remedy}",
            folder=str(self._folder),
            hours=space.hours,
            rate=space.bit_rate / 1e6,
            free=space.free_bytes,
            floor=space.min_free_bytes,
            remedy=_REMEDIES[self._settings.storage_policy],
        )


_REMEDIES = {
    "refuse": 'remove recordings, set an expiry, or set storage_policy = "prune"',
    "prune": "the oldest recordings that are not protected are removed to make room",
}


def _floor(space: Space, headroom: float) -> float:
    return space.min_free_bytes + headroom


def _size_of(folder: Path) -> int:
    """Bytes in a recording's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
