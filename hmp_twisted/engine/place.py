"""A stream's place in the pacer, which is lost with the pacer and taken again in the next one."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import attrs

from ..errors import StreamFailedError
from .pacer.control import Order, add_message
from .pacer.whereabouts import Whereabouts, new_page
from .pacer_link import PacerLink


class Place:
    """What the pacer was told of one stream."""

    def __init__(self, link: PacerLink, order: Order) -> None:
        """No pacer knows of it yet. Raises StreamFailedError: no memory to share with one."""
        self._link = link
        self._order = order
        self._generation = 0
        """Of the pacer that was given the order; 0 if none holds it."""
        try:
            self._page = new_page()
        except OSError as error:
            raise StreamFailedError(f"no memory to share with the pacer: {error}") from error
        self._whereabouts = Whereabouts(self._page)
        self.move(order.start_s)

    @property
    def position_s(self) -> float:
        """The recording's clock at what is sent next, as the pacer noted it last."""
        return self._whereabouts.position_s

    def move(self, start_s: float) -> None:
        """Go on there, with this pacer or another."""
        self._whereabouts.note(start_s)
        self.tell("seek", start_s=start_s)

    def give(self, pipe: int, *, is_paused: bool) -> None:
        """A new pipe to the pacer that has the stream, the whole order from here on to another.

        Raises:
            StreamFailedError: the pacer is gone or does not read.
        """
        if self._holds():
            self._link.send({"do": "pipe", "stream": self._order.stream_id}, pipe)
            return
        here = self._whereabouts
        order = attrs.evolve(self._order, start_s=here.position_s, spot=here.spot)
        self._link.send(add_message(order), pipe, self._page)
        self._generation = self._link.generation
        if is_paused:
            self.tell("pause")

    def tell(self, what: str, **details: Any) -> None:
        """Order something; a pacer that is lost is told with the next :meth:`give`."""
        if self._holds():
            with contextlib.suppress(StreamFailedError):
                self._link.send({"do": what, "stream": self._order.stream_id, **details})

    def leave(self) -> None:
        """Let the pacer forget the stream, for good."""
        self.tell("remove")
        self._generation = 0
        if self._page >= 0:
            os.close(self._page)
            self._page = -1

    def _holds(self) -> bool:
        return self._generation == self._link.generation
