"""What the engine and the pacer say to each other: one JSON object a message.

They go over a pair of non-blocking ``SOCK_SEQPACKET`` sockets, which keep messages apart and bring
descriptors with the message that they belong to. The engine orders ``add`` (with a pipe's write
end and the page of its :class:`.whereabouts.Whereabouts`), ``pipe`` (a new pipe for a stream whose
ffmpeg died), ``pause``, ``go on``, ``seek`` and ``remove``; the pacer tells ``started``, ``ended``,
``failed`` and, twice a second, ``alive``.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import attrs

from .segment import Segment
from .whereabouts import Spot

LARGEST = 128 * 1024
"""Bytes of a message; one with the segments of some thousand pauses fits in."""
Message = dict[str, Any]


@attrs.frozen
class Order:
    """A stream to be paced."""

    stream_id: str
    segments: tuple[Segment, ...]
    loop: bool
    start_s: float
    spot: Spot | None = None
    """Where exactly that is, if it is known."""


def add_message(order: Order) -> Message:
    """The order as a message; files are named once by folder, since they are many."""
    folder = str(order.segments[0].path.parent)
    segments = [[s.path.name, s.offset_s, s.duration_s] for s in order.segments]
    return {
        "do": "add",
        "stream": order.stream_id,
        "folder": folder,
        "segments": segments,
        "loop": order.loop,
        "start_s": order.start_s,
        "spot": order.spot,
    }


def order_of(message: Message) -> Order:
    """The order that an ``add`` message holds."""
    folder = Path(message["folder"])
    segments = tuple(
        Segment(folder / name, offset, length) for name, offset, length in message["segments"]
    )
    spot = None if message["spot"] is None else Spot(*message["spot"])
    return Order(message["stream"], segments, message["loop"], message["start_s"], spot)


def send(link: socket.socket, message: Message, *descriptors: int) -> None:
    """Send a message without waiting; descriptors are duplicated to the other end.

    Raises:
        OSError: the other end is gone, reads too slowly, or the message is too large.
    """
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > LARGEST:
        raise OSError(f"the message has {len(data)} bytes, more than {LARGEST}: too many segments")
    socket.send_fds(link, [data], descriptors)


def receive(link: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message and the descriptors that came with it; none if the other end is gone.

    Raises:
        BlockingIOError: nothing has arrived.
    """
    try:
        data, descriptors, _, _ = socket.recv_fds(link, LARGEST, 4)
    except ConnectionError:
        return None, []
    return (json.loads(data) if data else None), descriptors
