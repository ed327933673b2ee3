"""From slots full of datagrams to pieces for the writer.

Nearly always every datagram of a tick is seven packets; three comparisons over all of them say so,
and then nothing is copied and nothing looped over but the sources. Only what is not so is looked
at datagram by datagram.
"""

from __future__ import annotations

import numpy as np

from . import rtp, ts
from .buffers import Buffer, Layout
from .checks import CAPACITY, Checks
from .lane import Step
from .source import Source
from .writer import Writer

Batch = tuple[Source, int, int]
"""Datagrams of one source in a buffer: from the first slot up to, not including, the second."""


class Intake:
    """Settles what a drain brought: counts it, has it checked, and gives it to the writer."""

    def __init__(self, checks: Checks, writer: Writer) -> None:
        self._checks = checks
        self._writer = writer

    def settle(self, buffer: Buffer, layout: Layout, batches: list[Batch], now: float) -> None:
        """Deal with batches that lie one after the other in ``buffer``, received at ``now``."""
        pieces: list[Step] = []
        copied = 0
        if self._is_regular(buffer, layout, batches, now):
            _take_whole(buffer, batches, now, pieces)
        else:
            for batch in batches:
                copied += self._settle_one(buffer, layout, batch, now, pieces)
        if pieces:
            self._writer.put(buffer, pieces, copied)

    def release_held(self, buffer: Buffer, source: Source, now: float) -> None:
        """Write what a source's RTP sequence still holds back."""
        payload = source.sieve.flush()
        pieces: list[Step] = []
        self._take_copy(source, payload, now, pieces)
        if pieces:
            self._writer.put(buffer, pieces, len(payload))

    def _settle_one(
        self, buffer: Buffer, layout: Layout, batch: Batch, now: float, pieces: list[Step]
    ) -> int:
        """Settle one batch on its own; how many bytes were copied out of the buffer."""
        if self._is_regular(buffer, layout, [batch], now):
            _take_whole(buffer, [batch], now, pieces)
            return 0
        source, start, end = batch
        source.datagrams += end - start
        payload = _whole_datagrams(buffer, layout, start, end)
        if payload is None or source.sieve.sequencer.waiting:
            source.sieve.begin(source.datagrams - (end - start), end - start)
            sift = source.sieve.sift
            payload = b"".join([sift(layout.datagram(slot), now) for slot in range(start, end)])
        else:
            source.sieve.is_rtp = False
        self._take_copy(source, payload, now, pieces)
        return len(payload)

    def _is_regular(self, buffer: Buffer, layout: Layout, batches: list[Batch], now: float) -> bool:
        """Whether these are full datagrams alone, in order; if so their heads are gathered."""
        start, end = batches[0][1], batches[-1][2]
        if not layout.full(start, end):
            return False
        if layout.rtp_aside and not _in_order(layout, batches, start, end):
            return False
        slots = [source.slot for source, _, _ in batches]
        counts = [(last - first) * ts.PACKETS_PER_DATAGRAM for _, first, last in batches]
        packets = (end - start) * ts.PACKETS_PER_DATAGRAM
        at = start * ts.DATAGRAM
        regular = self._checks.gather(buffer.memory, at, slots, counts, packets, now)
        if regular and layout.rtp_aside:
            for source, _, last in batches:
                following = int(layout.rtp_headers["sequence"][last - 1]) + 1
                source.sieve.sequencer.expected = following & 0xFFFF
        return regular

    def _take_copy(self, source: Source, payload: bytes, now: float, pieces: list[Step]) -> None:
        if not payload:
            return
        source.bytes += len(payload)
        packets = len(payload) // ts.PACKET
        for first in range(0, packets, CAPACITY):
            count = min(CAPACITY, packets - first)
            self._checks.gather(payload, first * ts.PACKET, [source.slot], [count], count, now)
        pieces += [(sink.segment_at(now), payload) for sink in source.sinks]


def _take_whole(buffer: Buffer, batches: list[Batch], now: float, pieces: list[Step]) -> None:
    view = buffer.view
    for source, start, end in batches:
        source.datagrams += end - start
        begin, end = start * ts.DATAGRAM, end * ts.DATAGRAM
        source.bytes += end - begin
        for sink in source.sinks:
            pieces.append((sink.segment_at(now), view[begin:end]))


def _in_order(layout: Layout, batches: list[Batch], start: int, end: int) -> bool:
    firsts = np.array([first - start for _, first, _ in batches], np.intp)
    sequencers = [source.sieve.sequencer for source, _, _ in batches]
    return rtp.in_order(layout.rtp_headers[start:end], firsts, sequencers)


def _whole_datagrams(buffer: Buffer, layout: Layout, start: int, end: int) -> bytes | None:
    """The packets of datagrams that hold one to seven, all whole; ``None`` if that is not so."""
    if layout.rtp_aside:
        return None
    lengths = layout.lengths[start:end]
    if (lengths % ts.PACKET).any() or not lengths.all() or (lengths > ts.DATAGRAM).any():
        return None
    filled = np.arange(ts.PACKETS_PER_DATAGRAM) < (lengths // ts.PACKET)[:, np.newaxis]
    packets = buffer.packets[start:end][filled]
    return packets.tobytes() if (packets[:, 0] == ts.SYNC).all() else None
