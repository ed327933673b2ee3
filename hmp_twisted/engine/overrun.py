"""What a disk that does not keep up costs: datagrams thrown away, counted, and told of once."""

from __future__ import annotations

from collections.abc import Iterable

from ..logs import Logger
from .intake import Batch

log = Logger()


class Overrun:
    """From the first datagram for which there is no room until there is room again."""

    def __init__(self, pool_bytes: int) -> None:
        """Args:
        pool_bytes: how much may wait to be written, for the message.
        """
        self._pool_bytes = pool_bytes
        self._lost = 0

    def throw_away(self, batches: Iterable[Batch]) -> None:
        """Count what was received and cannot be kept."""
        if not self._lost:
            log.error(
                "the disk does not keep up: {bytes} bytes wait to be written and no more may; "
                "what arrives is lost and counted until it does. Is the disk full, slow or remote?",
                bytes=self._pool_bytes,
            )
        for source, start, end in batches:
            source.throw_away(end - start)
            self._lost += end - start

    def end(self) -> None:
        """There is room; called often."""
        if self._lost:
            log.warn("the disk keeps up again; {lost} datagrams were lost", lost=self._lost)
            self._lost = 0
