"""All streams of the pacer: one thread, one sleep until whichever datagram is due first.

The sleep is a ``select`` on the engine's socket with an absolute goal, so that orders are taken up
at once. With many streams the wake-ups are put together, at most 8 ms, since each costs more than
the datagram that it sends, here and in ffmpeg.
"""

from __future__ import annotations

import heapq
import os
import select
import socket
import time
from collections.abc import Iterator

from .control import Message, order_of, receive, send
from .feed import Feed, State
from .playlist import Playlist
from .whereabouts import Whereabouts

_LONGEST_TICK_S = 0.008
_TICK_PER_STREAM_S = 0.000_05
_SPARE_S = 0.001_2
"""A chunk is prepared where no datagram is due for so long, as preparing takes about that."""
_REPORT_S = 0.5
"""How often it says that it lives; the engine takes a pacer that tells nothing for dead."""
_IDLE_S = 3600.0
_DESCRIPTORS = {"add": 2, "pipe": 1}
"""What comes with an order; the kernel leaves out what the process has no room for."""


class Loop:
    """The pacer's life, from the first order to the end of the engine."""

    def __init__(self, link: socket.socket) -> None:
        """``link`` is the socket to the engine."""
        link.setblocking(False)
        self._link = link
        self._feeds: dict[str, Feed] = {}
        self._whereabouts: dict[str, Whereabouts] = {}
        self._heap: list[tuple[float, int, Feed]] = []
        self._turns = 0
        self._outbox: list[Message] = []
        self._next_report = 0.0
        self._woken = 0.0
        self._is_over = False

    def run(self) -> None:
        """Pace until the engine is gone."""
        while not self._is_over:
            readable, _, _ = select.select([self._link], [], [], self._sleep_s())
            if readable:
                self._take_orders()
            self._woken = time.monotonic()
            self._advance_due()
            self._prepare_one()
            self._report()
        for feed in self._feeds.values():
            feed.close()

    def _sleep_s(self) -> float:
        if not self._heap:
            return _IDLE_S if not self._feeds else _REPORT_S
        tick = min(_LONGEST_TICK_S, _TICK_PER_STREAM_S * (len(self._feeds) - 1))
        rest = max(self._heap[0][0], self._woken + tick) - time.monotonic()
        return min(max(0.0, rest), _REPORT_S)

    def _schedule(self, feed: Feed) -> None:
        self._turns = feed.turn = self._turns + 1  # breaks ties, too: feeds have no order
        heapq.heappush(self._heap, (feed.wake, self._turns, feed))

    def _advance_due(self) -> None:
        heap, now = self._heap, self._woken
        while heap and heap[0][0] <= now:
            _, turn, feed = heapq.heappop(heap)
            if turn == feed.turn and self._feeds.get(feed.stream_id) is feed:
                self._advance(feed, time.monotonic())

    def _advance(self, feed: Feed, now: float) -> None:
        before = feed.state
        try:
            feed.advance(now)
        except OSError as error:
            self._fail(feed, f"the recording cannot be read: {error}")
            return
        feed.tell(self._whereabouts[feed.stream_id])
        if before is State.OPENING and feed.state in (State.RUNNING, State.ENDED):
            self._tell({"event": "started", "stream": feed.stream_id})
        if feed.state is State.ENDED:
            self._forget(feed)
            self._tell({"event": "ended", "stream": feed.stream_id})
        elif feed.state is not State.BROKEN:
            self._schedule(feed)

    def _prepare_one(self) -> None:
        """Prepare a chunk for one stream, if there is time before the next datagram is due."""
        if self._heap and self._heap[0][0] - time.monotonic() < _SPARE_S and len(self._feeds) < 2:
            return
        feed = next(self._hungry(), None)
        if feed is not None:
            try:
                feed.prepare()
            except OSError as error:
                self._fail(feed, f"the recording cannot be read: {error}")

    def _hungry(self) -> Iterator[Feed]:
        return (feed for feed in self._feeds.values() if feed.wants_chunk)

    def _take_orders(self) -> None:
        while not self._is_over:
            try:
                message, descriptors = receive(self._link)
            except BlockingIOError:
                return
            if message is None:
                self._is_over = True
            else:
                self._obey(message, descriptors)

    def _obey(self, message: Message, descriptors: list[int]) -> None:
        feed = self._feeds.get(message["stream"])
        if len(descriptors) < _DESCRIPTORS.get(message["do"], 0):
            _close(descriptors)
            if feed is not None:
                self._forget(feed)
            reason = "this process may hold no more files open; raise LimitNOFILE (ulimit -n)"
            self._tell({"event": "failed", "stream": message["stream"], "reason": reason})
        elif message["do"] == "add":
            self._add(message, *descriptors)
        elif feed is None:
            _close(descriptors)
        else:
            try:
                self._change(feed, message, descriptors)
            except OSError as error:
                self._fail(feed, f"the recording cannot be read: {error}")

    def _change(self, feed: Feed, message: Message, descriptors: list[int]) -> None:
        """Do to a feed what is ordered, and look at it at once."""
        what = message["do"]
        if what == "remove":
            self._forget(feed)
            return
        if what == "pipe":
            feed.resume(descriptors[0])
        elif what == "pause":
            feed.pause()
        elif what == "go on":
            feed.go_on(time.monotonic())
        elif what == "seek":
            feed.seek(message["start_s"])
        if feed.state is not State.BROKEN:
            self._schedule(feed)

    def _add(self, message: Message, pipe: int, page: int) -> None:
        order = order_of(message)
        whereabouts = Whereabouts(page)
        os.close(page)
        try:
            playlist = Playlist(
                order.segments, loop=order.loop, start_s=order.start_s, spot=order.spot
            )
            feed = Feed(order.stream_id, playlist, pipe)
        except OSError as error:
            os.close(pipe)
            self._tell({"event": "failed", "stream": order.stream_id, "reason": str(error)})
            return
        self._feeds[order.stream_id] = feed
        self._whereabouts[order.stream_id] = whereabouts
        self._schedule(feed)

    def _fail(self, feed: Feed, reason: str) -> None:
        self._forget(feed)
        self._tell({"event": "failed", "stream": feed.stream_id, "reason": reason})

    def _forget(self, feed: Feed) -> None:
        feed.close()
        del self._feeds[feed.stream_id], self._whereabouts[feed.stream_id]

    def _report(self) -> None:
        if self._woken >= self._next_report and self._feeds:
            self._next_report = self._woken + _REPORT_S
            self._tell({"event": "alive"})

    def _tell(self, message: Message) -> None:
        """Send it, or keep it if the engine reads too slowly; signs of life are not kept."""
        self._outbox.append(message)
        try:
            while self._outbox:
                send(self._link, self._outbox[0])
                self._outbox.pop(0)
        except BlockingIOError:
            self._outbox = [kept for kept in self._outbox if kept["event"] != "alive"]
        except OSError:
            self._is_over = True


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
