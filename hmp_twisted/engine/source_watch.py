"""Tells, of one source, what a person would want to know of it: once when it begins, once after.

Looked at once a second, with what was counted meanwhile. What goes on, as errors do that come
every second, is one episode: it is told of as it begins, and with its sum when it is over.
"""

from __future__ import annotations

from collections import Counter, deque

import attrs

from .counts import Counts

QUIET_S = 10.0
"""An episode is over when nothing of it came for so long."""
SILENT_S = 1.0
RATE_CHANGE = 1.5
"""A bit rate that is higher or lower by this factor for three seconds is another one."""
SENDERS_S = 10.0
"""A sender that is back within so long was never gone: two send at once."""
PLAIN = "188-byte packets"
_RATE_SECONDS = 3


@attrs.frozen
class Happening:
    """An event of a source, before it is one of a recording."""

    at: float
    """When it was or began, in seconds of the receiver's clock."""
    kind: str
    text: str
    seconds: float = 0.0
    """How long it lasted, if it did and has ended."""


@attrs.define
class _Episode:
    """Something that counts up again and again."""

    kind: str
    what: str
    began: float = 0.0
    latest: float = 0.0
    count: int = 0

    def look(self, now: float, more: int, detail: str = "") -> Happening | None:
        """Take what was counted since the last look."""
        if more:
            first = not self.count
            self.began = now if first else self.began
            self.latest, self.count = now, self.count + more
            return Happening(now, self.kind, f"{more} {self.what}{detail}") if first else None
        if not self.count or now - self.latest < QUIET_S:
            return None
        lasted = self.latest - self.began
        within = f" in {lasted:.0f} s" if lasted >= 1 else ""
        text = f"over: {self.count} {self.what}{within}"
        self.count = 0
        return Happening(self.began, self.kind, text, lasted)


_LOST = "lost"
_CONTINUITY = "continuity_errors"
_EPISODES = {
    "foreign_datagrams": ("foreign", "datagrams without MPEG-TS"),
    "sync_losses": ("sync", "losses of synchronisation"),
    _LOST: ("lost", "datagrams lost"),
    _CONTINUITY: ("continuity", "gaps in continuity counters"),
    "transport_errors": ("damaged", "packets marked as damaged"),
    "pcr_discontinuity_errors": ("clock", "jumps of the programme clock"),
}
"""By counter: the kind of event, and what is counted."""
_COUNTERS = tuple(name for name in _EPISODES if name != _LOST)


class SourceWatch:
    """Remembers one source from second to second. Times are seconds of the receiver's clock."""

    def __init__(self, counts: Counts, now: float) -> None:
        """``counts`` are those of ``now``."""
        self._counts = counts
        self._since = now
        self._told_silent = 0.0
        self._episodes = {name: _Episode(*words) for name, words in _EPISODES.items()}
        self._rates: deque[float] = deque(maxlen=_RATE_SECONDS)
        self._usual_rate = 0.0
        self._wrapping = ""
        self._sender = ""
        self._former_sender = ""
        self._former_seen = -SENDERS_S
        self._both_seen = -SENDERS_S
        self._noted: list[Happening] = []

    def look(self, counts: Counts, last_arrival: float, now: float) -> list[Happening]:
        """What began or ended since the last look.

        Args:
            counts: as they are now.
            last_arrival: when the last packet came; 0 for never.
            now: the time.
        """
        before, self._counts = self._counts, counts
        counted = {name: counts.inspected[name] - before.inspected[name] for name in _COUNTERS}
        counted[_LOST] = counts.lost_datagrams - before.lost_datagrams
        pids = counts.continuity_by_pid - before.continuity_by_pid if counted[_CONTINUITY] else None
        episodes = [
            happening
            for name, episode in self._episodes.items()
            if (happening := episode.look(now, counted[name], _on(pids, name)))
        ]
        noted, self._noted = self._noted, []
        return noted + episodes + self._silence(last_arrival, now)

    def note(self, bits_per_second: float, wrapping: str, sender: str, now: float) -> None:
        """Take what shows from second to second; it is told at the next look.

        Args:
            bits_per_second: the mean of the last second.
            wrapping: how its packets are wrapped, in words; empty if nothing is known yet.
            sender: the address that a datagram was last seen to come from; empty if none was.
            now: the time.
        """
        self._noted += self._look_at_rate(bits_per_second, now)
        self._noted += self._look_at_wrapping(wrapping, now)
        self._noted += self._look_at_sender(sender, now) if sender else []

    def _look_at_rate(self, bits_per_second: float, now: float) -> list[Happening]:
        if not bits_per_second:
            self._rates.clear()
            return []
        self._rates.append(bits_per_second)
        if len(self._rates) < _RATE_SECONDS:
            return []
        usual, lowest, highest = self._usual_rate, min(self._rates), max(self._rates)
        if usual and usual / RATE_CHANGE < highest and lowest < usual * RATE_CHANGE:
            self._usual_rate = usual * 0.9 + bits_per_second * 0.1
            return []
        self._usual_rate = sum(self._rates) / _RATE_SECONDS
        if not usual:
            return []
        text = f"bit rate was {usual / 1e6:.2f} Mbit/s, is {self._usual_rate / 1e6:.2f} Mbit/s"
        return [Happening(now - _RATE_SECONDS, "rate", text)]

    def _look_at_wrapping(self, name: str, now: float) -> list[Happening]:
        before, self._wrapping = self._wrapping, name or self._wrapping
        if name in ("", before) or (not before and name == PLAIN):
            return []
        was = f"was {before}, is" if before else "is"
        return [Happening(now, "format", f"{was} {name}; recorded as {PLAIN}")]

    def _look_at_sender(self, address: str, now: float) -> list[Happening]:
        if address == self._sender:
            return []
        former, self._sender = self._sender, address
        returned = address == self._former_sender and now - self._former_seen < SENDERS_S
        self._former_sender, self._former_seen = former, now
        if not former:
            return []
        if not returned:
            return [Happening(now, "sender", f"comes from {address}, came from {former}")]
        known, self._both_seen = now - self._both_seen < SENDERS_S, now
        text = f"two senders at once, {former} and {address}: their packets are mixed"
        return [] if known else [Happening(now, "senders", text)]

    def _silence(self, last_arrival: float, now: float) -> list[Happening]:
        since = last_arrival or self._since
        if now - since <= SILENT_S or self._told_silent == since:
            return []
        self._told_silent = since
        text = "nothing comes any more" if last_arrival else "nothing has come yet"
        return [Happening(since, "silent", text)]


def _on(pids: Counter[int] | None, name: str) -> str:
    if name != _CONTINUITY or not pids:
        return ""
    return " on PID " + ", ".join(f"0x{pid:04x}" for pid in sorted(pids))
