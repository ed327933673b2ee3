"""Listens to a live source until it is known what streams it holds."""

from __future__ import annotations

from ...engine import ts
from ...engine.inspection.psi import Programme
from ...engine.trial import Programmes

SYNC = b"\x47"
ENOUGH = 4 << 20
"""Bytes in which the tables of a source that is in order have come many times."""


class Hearing:
    """Takes a source's bytes, which need not begin with a packet."""

    def __init__(self) -> None:
        self._programmes = Programmes()
        self._rest = b""
        self._taken = 0

    @property
    def is_over(self) -> bool:
        """Whether everything is known, or no more is to be expected."""
        return self._programmes.complete or self._taken > ENOUGH

    @property
    def programmes(self) -> tuple[Programme, ...]:
        """What is known by now, in the order of programme numbers."""
        found = self._programmes.found
        return tuple(found[number] for number in sorted(found))

    def take(self, data: bytes) -> None:
        """Look into what came, unless enough is known."""
        if self.is_over:
            return
        self._taken += len(data)
        data = self._rest + data
        at = _first_packet(data)
        while at + ts.PACKET <= len(data):
            if data[at : at + 1] == SYNC:
                self._programmes.feed(data[at : at + ts.PACKET])
            at += ts.PACKET
        self._rest = data[at:]


def _first_packet(data: bytes) -> int:
    """Where the first packet begins, as far as its neighbour tells; else behind all."""
    for at in range(min(ts.PACKET, len(data))):
        if data[at : at + 1] == SYNC and data[at + ts.PACKET : at + ts.PACKET + 1] in (SYNC, b""):
            return at
    return len(data)
