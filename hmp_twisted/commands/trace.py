"""What went over the connections of the Command Line API, byte for byte: for the API console.

A line is shown as it was understood to be one: without Telnet negotiation, which is dropped before.
Only the last exchanges are kept, and only the beginning of long lines.
"""

from __future__ import annotations

import enum

import attrs

from ..clocks import Clock
from ..ring import Ring

KEPT = 2000
"""Exchanges, at most."""
SHOWN_BYTES = 4096
"""Of one line or answer, at most: with :data:`KEPT`, 16 MiB at the very most."""


class What(enum.StrEnum):
    """What an exchange was."""

    COMMAND = "command"
    SYNTAX = "syntax error"
    HTTP = "HTTP, closed unanswered"
    REFUSED = "connection refused"
    CONNECTED = "connected"
    LEFT = "disconnected"


@attrs.frozen
class Exchange:
    """One line and its answer, or the beginning or end of a connection."""

    at: float
    """When it was answered, in Unix seconds."""
    what: What
    peer: str
    actor: str
    """Who acts; empty for a peer that was refused."""
    received: bytes
    """With its line end; its first :data:`SHOWN_BYTES`."""
    received_size: int
    sent: bytes
    """Likewise. Empty where nothing was answered."""
    sent_size: int
    elapsed_s: float
    """Between the line and its answer."""


@attrs.frozen
class Connected:
    """A client that is connected now."""

    peer: str
    actor: str
    for_s: float
    """Since it connected."""


@attrs.frozen
class Trace:
    """The last exchanges of all connections."""

    _clock: Clock
    """The time of day."""
    ring: Ring[Exchange] = attrs.field(factory=lambda: Ring[Exchange](KEPT))

    def of(self, peer: str, actor: str) -> Watch:
        """What tells this trace of one connection's exchanges."""
        return Watch(self, peer, actor)

    def note(self, exchange: Exchange) -> None:
        """Keep it."""
        self.ring.append(exchange)

    def now(self) -> float:
        """The time of day, in Unix seconds."""
        return self._clock.seconds()


@attrs.frozen
class Watch:
    """Tells of one connection."""

    _trace: Trace
    _peer: str
    _actor: str

    def __call__(
        self, what: What, received: bytes = b"", sent: bytes = b"", elapsed_s: float = 0.0
    ) -> None:
        """Tell of one exchange."""
        self._trace.note(
            Exchange(
                self._trace.now(),
                what,
                self._peer,
                self._actor,
                received[:SHOWN_BYTES],
                len(received),
                sent[:SHOWN_BYTES],
                len(sent),
                elapsed_s,
            )
        )


def untraced(what: What, received: bytes = b"", sent: bytes = b"", elapsed_s: float = 0.0) -> None:
    """For connections that nobody watches."""
