"""Glances at sources while a page shows them: a picture, codecs, and figures of a few seconds.

One source at a time is listened to, whether somebody records it or not, and only while somebody
looks: a page that is open must not bring every multicast group of a house to this machine at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import numpy as np
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ...config import Settings
from ...engine import ts
from ...engine.continuity import Continuity
from ...engine.inspection.psi import Programme
from ...engine.runs import Runs
from ...errors import DomainError
from ...logs import Logger
from ...store.pool import Store
from ...store.rows import SourceRow
from .feeds import Feeds, Key
from .stills import Stills

log = Logger()

EVERY_S = 10.0
"""A source is glanced at at most this often."""
SILENT_EVERY_S = 60.0
"""One of which nothing came, at most this often: the log tells of the silence each time."""
LOOKED_S = 15.0
"""Nobody looks any more when nobody asked for so long."""
KEPT_S = 2 * SILENT_EVERY_S
"""What was seen is forgotten after so long."""
SHORTEST_S, LONGEST_S = 3.0, 12.0
"""How long a source is listened to: longer when that was too short for a picture."""
MOST_BYTES = 16 << 20
"""What is listened to at most, in one glance."""


@attrs.frozen
class Glance:
    """What a source sent while it was listened to."""

    at: float
    """When, in seconds of the reactor's clock."""
    seconds: float
    """For how long."""
    size: int = 0
    """Bytes that came."""
    continuity_errors: int = 0
    programmes: tuple[Programme, ...] = ()
    picture: bytes = attrs.field(default=b"", repr=False)
    """A JPEG; empty if none could be made."""
    words: str = ""
    """Why it could not be listened to."""

    @property
    def bits_per_second(self) -> float:
        """The mean over the glance."""
        return self.size * 8 / self.seconds if self.seconds else 0.0

    @property
    def every_s(self) -> float:
        """How long to wait before the next one."""
        return EVERY_S if self.size else SILENT_EVERY_S


@attrs.define(eq=False)
class Listener:
    """Takes a source's bytes, for so many seconds and within a bound."""

    _reactor: IReactorTime
    _seconds: float
    data: bytearray = attrs.field(init=False, factory=bytearray)
    enough: Deferred[None] = attrs.field(init=False, factory=Deferred)
    """Fires when it has listened long enough, or nothing more comes."""
    _timer: IDelayedCall = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._timer = self._reactor.callLater(self._seconds, self.end)

    def send(self, data: bytes) -> None:
        """Take what came."""
        self.data += data
        if len(self.data) > MOST_BYTES:
            self.end()

    def end(self) -> None:
        """Listen no more."""
        if self._timer.active():
            self._timer.cancel()
        if not self.enough.called:
            self.enough.callback(None)


class Glances:
    """What sources sent of late, as long as somebody looks."""

    def __init__(
        self, reactor: Any, store: Store, feeds: Feeds, stills: Stills, folder: Path
    ) -> None:
        """``folder`` is where what is listened to lies while its picture is made."""
        self._reactor = reactor
        self._store = store
        self._feeds = feeds
        self._stills = stills
        self._folder = folder
        self._known: dict[Key, Glance] = {}
        self._wanted: dict[Key, SourceRow] = {}
        self._looked_at = 0.0
        self._busy = False

    @classmethod
    def build(cls, reactor: Any, settings: Settings, store: Store) -> Glances:
        """With connections of their own to the media engine of these settings."""
        endpoint = UNIXClientEndpoint(reactor, settings.engine_endpoint.removeprefix("unix:"))
        feeds, stills = Feeds(reactor, endpoint), Stills(reactor, settings.restream)
        return cls(reactor, store, feeds, stills, settings.data_dir / "cache" / "glances")

    def look(self, sources: Iterable[SourceRow]) -> None:
        """Somebody looks at these sources, and at no others."""
        self._looked_at = now = self._reactor.seconds()
        self._wanted = {(source.url, source.interface): source for source in sources}
        self._known = {
            key: glance
            for key, glance in self._known.items()
            if key in self._wanted and now - glance.at < KEPT_S
        }
        if not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._look_around())

    def of(self, url: str, interface: str) -> Glance | None:
        """What was last seen of the source at this address, if that is not long ago."""
        return self._known.get((url, interface))

    def age_s(self, glance: Glance) -> float:
        """How long ago that was, in seconds."""
        return max(0.0, float(self._reactor.seconds()) - glance.at)

    async def _look_around(self) -> None:
        try:
            while (key := self._next()) is not None:
                self._known[key] = await self._glance(self._wanted[key])
        except DomainError as error:  # the server stops
            log.debug("sources are looked at no more: {error}", error=error)
        except Exception:
            log.failure("sources cannot be looked at")
        finally:
            self._busy = False

    def _next(self) -> Key | None:
        """The source that was not looked at for longest, if one is due and somebody looks."""
        now = self._reactor.seconds()
        if now - self._looked_at > LOOKED_S:
            return None
        new = [key for key in self._wanted if key not in self._known]
        seen = [key for key in self._wanted if key in self._known]
        due = [key for key in seen if now - self._known[key].at >= self._known[key].every_s]
        return new[0] if new else min(due, key=lambda key: self._known[key].at, default=None)

    async def _glance(self, source: SourceRow) -> Glance:
        before = self.of(source.url, source.interface)
        was_blind = before is not None and before.programmes and not before.picture
        longer_s = min(LONGEST_S, 2 * before.seconds) if before and was_blind else SHORTEST_S
        began = self._reactor.seconds()
        listener = Listener(self._reactor, longer_s)
        try:
            feed = await self._feeds.join(source, listener)
        except DomainError as error:
            listener.end()
            return Glance(self._reactor.seconds(), 0.0, words=str(error))
        await listener.enough
        programmes = feed.hear()
        feed.leave(listener)
        seconds, data = self._reactor.seconds() - began, bytes(listener.data)
        errors = await self._store.in_thread(continuity_errors, data)
        picture = await self._picture(source, data) if programmes else b""
        now = self._reactor.seconds()
        return Glance(now, seconds, len(data), errors, programmes, picture)

    async def _picture(self, source: SourceRow, data: bytes) -> bytes:
        self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            heard, target = Path(folder) / "heard.ts", Path(folder) / "picture.jpg"
            try:
                await self._store.in_thread(heard.write_bytes, data)
                await self._stills.make(f"picture of source {source.name}", heard, target, 0.0)
                return target.read_bytes()
            except (DomainError, OSError) as error:
                log.debug("source {name} shows no picture: {error}", name=source.name, error=error)
                return b""


def continuity_errors(data: bytes) -> int:
    """Gaps in the continuity counters of MPEG-TS that need not begin with a packet."""
    head = bytes([ts.SYNC])
    for at in range(min(ts.PACKET, len(data))):
        if data[at : at + 1] == head and data[at + ts.PACKET : at + ts.PACKET + 1] == head:
            return _gaps(ts.words_of(data[at:]))
    return 0


def _gaps(words: ts.Words) -> int:
    continuity = Continuity()
    continuity.reserve(1)
    continuity.check(words, Runs(np.zeros(1, np.uint32), np.array([len(words)])))
    return int(continuity.errors[0])
