"""How each source has been received in the last minutes: asked of the media engine, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from ...engine.sources import SourceAddress
from ...errors import DomainError

EVERY_S = 5.0
KEPT = 60
"""Samples: five minutes."""


class Engine(Protocol):
    """What is asked of the media engine; see :class:`hmp_twisted.bus.client.EngineClient`."""

    @property
    def is_attached(self) -> bool:
        """Whether there is one."""

    async def read_status(self) -> Mapping[str, Any]:
        """How it is."""

    async def try_reception(self, url: str, interface: str) -> Mapping[str, Any]:
        """What comes of a source."""


@attrs.frozen
class Sample:
    """A source at a moment."""

    at: float
    bits_per_second: float
    errors: int
    """Continuity errors since it is received."""


class Reception:
    """Asks the engine every few seconds, and remembers."""

    def __init__(self, reactor: IReactorTime, engine: Engine) -> None:
        self.engine = engine
        self.report: Mapping[str, Any] = {}
        """The engine's last status; empty while there is none."""
        self._clock = reactor
        self._histories: dict[str, deque[Sample]] = {}
        self._loop = LoopingCall(lambda: Deferred.fromCoroutine(self.ask()))
        self._loop.clock = reactor

    def start(self) -> None:
        """Ask from now on."""
        self._loop.start(EVERY_S)

    def stop(self) -> None:
        """Ask no more."""
        if self._loop.running:
            self._loop.stop()

    async def ask(self) -> None:
        """Bring :attr:`report` up to date; without an engine it is empty."""
        try:
            self.report = await self.engine.read_status()
        except DomainError:
            # Who needs the engine says so; here it would be said every five seconds.
            self.report = {}
        self._remember()

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        """Those that are received now, as the engine tells of them."""
        return list(self.report.get("recorder", {}).get("sources", ()))

    def of(self, url: str, interface: str) -> Mapping[str, Any] | None:
        """What is received at this address now; ``None`` if nobody wants it."""
        named = place(url, interface)
        return next((one for one in self.sources if _place_of(one["address"]) == named), None)

    def history(self, url: str, interface: str) -> tuple[Sample, ...]:
        """The last minutes of the source at this address, oldest first."""
        return tuple(self._histories.get(place(url, interface), ()))

    def _remember(self) -> None:
        now = self._clock.seconds()
        before, self._histories = self._histories, {}
        for one in self.sources:
            at = _place_of(one["address"])
            history = self._histories[at] = before.get(at) or deque(maxlen=KEPT)
            sample = Sample(now, one.get("bits_per_second", 0), one.get("continuity_errors", 0))
            history.append(sample)


def place(url: str, interface: str) -> str:
    """Where a source is received, whatever its scheme: one text for one socket."""
    return _place_of(str(SourceAddress.parse(url, interface)))


def _place_of(address: str) -> str:
    return address.partition("://")[2]


def sparkline(samples: tuple[Sample, ...], width: int = 120, height: int = 28) -> str:
    """The points of an SVG polyline of the bit rates; empty without at least two samples."""
    if len(samples) < 2:
        return ""
    top = max(sample.bits_per_second for sample in samples) or 1.0
    step = width / (KEPT - 1)
    first = KEPT - len(samples)
    return " ".join(
        f"{(first + at) * step:.1f},{height - 2 - (height - 4) * one.bits_per_second / top:.1f}"
        for at, one in enumerate(samples)
    )
