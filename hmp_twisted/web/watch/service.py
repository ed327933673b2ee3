"""Everything that is noted while the server runs, started and ended together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress
from twisted.logger import globalLogPublisher

from ...commands.dispatch import Count
from ...commands.trace import Connected, Exchange, Trace
from ...services.rights import Actor
from ..media.glances import Glances
from .event_log import EventLog
from .lag import Lag
from .reception import Engine, Reception


class CommandPort(Protocol):
    """The Command Line API's port; see :class:`hmp_twisted.wire.access.CommandApi`."""

    @property
    def address(self) -> IAddress | None:
        """Where it listens now, if it does."""

    def connected(self) -> Sequence[Connected]:
        """Who is connected now."""


Send = Callable[[Actor, str, bytes], Awaitable[Sequence[Exchange]]]
"""Sends lines as a device would; see :class:`hmp_twisted.wire.rehearsal.Rehearsal`."""


@attrs.frozen
class Watched:
    """What is watched."""

    engine: Engine
    port: CommandPort
    counts: Mapping[str, Count]
    """What became of commands, by name."""
    trace: Trace
    send: Send
    glances: Glances
    """At sources, while a page shows them."""


class Watch(Service):
    """Watches from its start to its stop. ``parts`` are for pages to use.

    Args:
        data_dir: where the event log is kept.
    """

    name = "watch"

    def __init__(self, reactor: Any, data_dir: Path, parts: Watched) -> None:
        self.parts = parts
        self.reactor = reactor
        self.events = EventLog(data_dir)
        self.reception = Reception(reactor, parts.engine)
        self.lag = Lag(reactor)

    def startService(self) -> None:
        """Note what happens from now on."""
        super().startService()
        globalLogPublisher.addObserver(self.events)
        self.reception.start()
        self.lag.start()

    def stopService(self) -> Deferred[None]:
        """Note no more."""
        self.lag.stop()
        self.reception.stop()
        globalLogPublisher.removeObserver(self.events)
        return maybeDeferred(super().stopService)
