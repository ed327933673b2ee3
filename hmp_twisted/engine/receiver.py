"""One loop for all sources: at each tick every socket is emptied, with one system call each.

A wake-up and several system calls a datagram are what receiving costs; so the loop sleeps as long
as the socket buffers allow, and takes hundreds of datagrams at a time. Nothing else may be busy in
this process: one busy thread would take most of the loop's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .buffers import BUFFER_BYTES, SLOTS, Buffer, Pool
from .checks import INTERVAL_S, Checks
from .counts import Counts
from .intake import Batch, Intake
from .overrun import Overrun
from .reporting import Reporter
from .source import Source
from .sources import Key, SourceAddress
from .tick_length import TickLength
from .ticker import Ticker
from .writer import Writer

POOL_BYTES = 128 << 20
"""What may wait for the disk: at 100 Mbit/s ten seconds' worth."""
_MOST_PER_DRAIN = 64
"""Buffers in one drain, lest a flood keep the loop from all else; more than any socket holds."""
_NEAR = 8
"""Buffers that wait to be written while the writer is waited for: a few milliseconds' work."""


class Receiver:
    """Receives every source that somebody holds, and gives the bytes to its sinks' segments."""

    def __init__(
        self,
        reactor: Any,
        writer: Writer,
        every_tick: Callable[[float], None],
        *,
        pool_bytes: int = POOL_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        reactor: watches the timer.
        writer: writes what is received.
        every_tick: called after each tick with its time, while anything is received.
        pool_bytes: how much may wait to be written.
        monotonic: a clock in seconds that only runs forward.
        """
        self._ticker = Ticker(reactor, self._tick)
        self._tick_length = TickLength()
        self._every_tick = every_tick
        self._monotonic = monotonic
        self._writer = writer
        self._checks = Checks()
        self._reporter = Reporter(self._checks, self.counts)
        self._intake = Intake(self._checks, writer)
        self._pool_bytes = pool_bytes
        self.pool = Pool(max(2, pool_bytes // BUFFER_BYTES))
        self._buffer: Buffer | None = None
        self._sources: dict[Key, Source] = {}
        self._groups: tuple[list[Source], list[Source]] = ([], [])
        self._smallest_capacity = 1
        self._peak = 0
        self._overrun = Overrun(pool_bytes)
        self._next_analysis = 0.0
        self._drained_at = monotonic()
        self._awaited: set[Source] = set()
        """Sources whose next datagram may begin a segment: its arrival is read exactly."""

    @property
    def sources(self) -> Iterable[Source]:
        """Every source that somebody holds."""
        return self._sources.values()

    @property
    def tick_s(self) -> float:
        """How long the loop sleeps between two ticks at present; 0 when it does not run."""
        return self._tick_length.seconds if self._ticker.running else 0.0

    def acquire(self, address: SourceAddress, *, patient: bool = False) -> Source:
        """Hold a source: it is received from now on, until it is released as often as acquired.

        Args:
            address: where it is received.
            patient: if it cannot be opened, try again each second instead of failing.

        Raises:
            SourceUnusableError: the socket cannot be opened.
        """
        source = self._sources.get(address.key)
        if source is None:
            source = self._sources[address.key] = self._open(address, patient)
            self._reporter.begin(source, self._monotonic())
            self._regroup()
            self._ticker.start(self._tick_length.seconds)
        source.holders += 1
        return source

    def release(self, source: Source) -> None:
        """Hold it no more; what nobody holds is closed."""
        source.holders -= 1
        if source.holders:
            return
        del self._sources[source.address.key]
        self._awaited.discard(source)
        self._reporter.end(source)
        source.close()
        self._checks.close_slot(source.slot)
        self._regroup()
        if not self._sources:
            self._ticker.stop()
            self._buffer = None

    def cut(self, sources: Sequence[Source] = ()) -> float:
        """Take in all that arrived up to now, so that what is written can change here, exactly.

        Args:
            sources: of these nothing is taken in that came later, by the kernel's arrival times:
                so the tracks of a recording are cut at the same moment, not one after the other;
                and what was found of them is told to their sinks. None: only the counters matter.

        Returns:
            The moment of the cut, in seconds of the receiver's clock.
        """
        self._drain(self._monotonic())
        now = self._monotonic()
        for source in sources:
            self._drain_up_to(source, now)
            self._awaited.add(source)
        for source in self._groups[1]:
            self._release_held(source, now)
        for source in self._sources.values():
            source.poll_drops()
        if sources:
            self._reporter.report(self.sources, now)
        else:
            self._checks.analyse()  # for exact counters; what else was found is told each second
        return now

    def counts(self, source: Source) -> Counts:
        """What a source has received, exact after a :meth:`cut`."""
        return source.counts(*self._checks.counted(source.slot))

    def close(self) -> None:
        """Free the timer; every source must have been released."""
        self._ticker.close()

    def each_second(self, now: float) -> None:
        """Look after what needs it now and then: drops, groups to join again, closed sources."""
        for source in self._sources.values():
            source.look_after(now)
        self._regroup()
        self._reporter.each_second(self.sources, now)
        self._next_analysis = now + INTERVAL_S  # all is analysed for the report

    def _open(self, address: SourceAddress, patient: bool) -> Source:
        slot = self._checks.open_slot()
        source = Source(address, slot)
        try:
            (source.try_to_open if patient else source.open)()
        except BaseException:
            self._checks.close_slot(slot)
            raise
        return source

    def _regroup(self) -> None:
        opened = [source for source in self._sources.values() if source.socket is not None]
        plain = [source for source in opened if not source.rtp_aside]
        with_rtp = [source for source in opened if source.rtp_aside]
        self._groups = (plain, with_rtp)
        self._tick_length.allow(len(opened), rtp=bool(with_rtp))
        capacities = [s.socket.capacity for s in opened if s.socket is not None]
        self._smallest_capacity = min(capacities, default=1)

    def _tick(self) -> None:
        now = self._monotonic()
        self._writer.handover.refill(self._tick_length.seconds)
        self._reporter.look_at_senders(self.sources, now)
        self._drain(now)
        if now >= self._next_analysis:
            self._next_analysis = now + INTERVAL_S
            self._checks.analyse()
        self._ticker.set_interval(self._tick_length.adapt(self._peak / self._smallest_capacity))
        self._every_tick(now)

    def _drain(self, now: float) -> None:
        self._peak = 0
        buffer = self._buffer
        if buffer is not None and buffer.idle:
            buffer.used = 0
        if self._awaited:
            self._take_awaited()
        self._drained_at = now
        for group in self._groups:
            if group:
                self._drain_group(group, now)
        self._checks.looked(now)
        for source in self._groups[1]:
            if source.sieve.sequencer.overdue(now, self._tick_length.seconds):
                self._release_held(source, now)
        if any(s.rtp_aside != s.sieve.is_rtp for s in self._sources.values()):
            for source in self._sources.values():
                source.rtp_aside = source.sieve.is_rtp
            self._regroup()

    def _drain_up_to(self, source: Source, moment: float) -> None:
        """Take in, one by one, what came up to ``moment``; few, because all else was just taken."""
        last = source.socket.time_of_last() if source.socket is not None else moment
        while (arrival := self._next_arrival(source)) is not None and arrival <= moment:
            if not self._take_one(source, arrival):
                break  # gone since: the kernel throws a damaged datagram away when it is read
            last = arrival
        for sink in source.sinks:
            sink.arrived(last)

    def _take_awaited(self) -> None:
        """Take in the first datagram of each source that is awaited, at the time that it came."""
        for source in [*self._awaited]:
            arrival = self._next_arrival(source)
            if arrival is not None:
                self._take_one(source, arrival)
                self._awaited.discard(source)

    def _next_arrival(self, source: Source) -> float | None:
        """When the source's next datagram came; ``None`` if none waits."""
        when = source.socket.time_of_next() if source.socket is not None else None
        # No earlier than the last look into the socket, even if the wall clock was set since.
        return None if when is None else max(self._drained_at, when)

    def _take_one(self, source: Source, arrival: float) -> bool:
        """Take in the next datagram, if there is one; gives whether there was."""
        buffer = self._with_room()
        layout = buffer.rtp if source.rtp_aside else buffer.plain
        start = buffer.used
        if not source.socket or layout.receive(source.socket.descriptor, start, 1) != 1:
            return False
        buffer.used = start + 1
        self._settle(buffer, source.rtp_aside, [(source, start, start + 1)], arrival)
        return True

    def _drain_group(self, group: list[Source], now: float) -> None:
        """Empty the sockets of sources that are received in the same layout."""
        with_rtp = group[0].rtp_aside
        buffer = self._with_room()
        layout = buffer.rtp if with_rtp else buffer.plain
        batches: list[Batch] = []
        for source in group:
            descriptor = source.socket.descriptor if source.socket is not None else -1
            taken = 0
            for _ in range(_MOST_PER_DRAIN):
                start = buffer.used
                count = layout.receive(descriptor, start)
                if count <= 0:
                    break
                buffer.used = start + count
                batches.append((source, start, buffer.used))
                taken += count
                if buffer.used < SLOTS:
                    break
                self._settle(buffer, with_rtp, batches, now)
                batches = []
                buffer = self._with_room()
                layout = buffer.rtp if with_rtp else buffer.plain
            if taken > self._peak:
                self._peak = taken
        self._settle(buffer, with_rtp, batches, now)

    def _settle(self, buffer: Buffer, with_rtp: bool, batches: list[Batch], now: float) -> None:
        if not batches:
            return
        if buffer is self.pool.scratch:
            buffer.used = 0
            self._overrun.throw_away(batches)
        else:
            self._intake.settle(buffer, buffer.rtp if with_rtp else buffer.plain, batches, now)
            if self.pool.in_use <= _NEAR:
                self._writer.handover.lend(buffer)

    def _with_room(self) -> Buffer:
        """A buffer with free slots; the scratch buffer when nothing more may wait for the disk."""
        if self._writer.copied_bytes > self._pool_bytes:
            return self.pool.scratch
        buffer = self._buffer
        if buffer is None or buffer.used == SLOTS:
            buffer = self._buffer = self.pool.take()
        if buffer is None:
            return self.pool.scratch
        self._overrun.end()
        return buffer

    def _release_held(self, source: Source, now: float) -> None:
        if source.sieve.sequencer.waiting:
            self._intake.release_held(self._with_room(), source, now)
