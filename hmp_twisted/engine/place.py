"""A stream's place in the pacer, which is lost with the pacer and taken again in the next one."""

from __future__ import annotations

import contextlib
from typing import Any

import attrs

from ..errors import StreamFailedError
from .pacer.control import Order, add_message
from .pacer_link import PacerLink


class Place:
    """What the pacer was told of one stream."""

    def __init__(self, link: PacerLink, order: Order) -> None:
        """No pacer knows of it yet."""
        self._link = link
        self._order = order
        self._generation = 0
        """Of the pacer that was given the order; 0 if none holds it."""

    def give(self, pipe: int, position_s: float, *, is_paused: bool) -> None:
        """A new pipe to the pacer that has the stream, the whole order from here on to another.

        Raises:
            StreamFailedError: the pacer is gone or does not read.
        """
        if self._holds():
            self._link.send({"do": "pipe", "stream": self._order.stream_id}, pipe)
            return
        self._link.send(add_message(attrs.evolve(self._order, start_s=position_s)), pipe)
        self._generation = self._link.generation
        if is_paused:
            self.tell("pause")

    def tell(self, what: str, **details: Any) -> None:
        """Order something; a pacer that is lost is told with the next :meth:`give`."""
        if self._holds():
            with contextlib.suppress(StreamFailedError):
                self._link.send({"do": what, "stream": self._order.stream_id, **details})

    def leave(self) -> None:
        """Let the pacer forget the stream."""
        self.tell("remove")
        self._generation = 0

    def _holds(self) -> bool:
        return self._generation == self._link.generation
