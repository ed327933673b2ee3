"""One source as it is received: its socket, who wants its bytes, and what is counted."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from ..errors import SourceUnusableError
from ..logs import Logger
from . import ts
from .counts import Counts
from .lane import Target
from .report import Report
from .sift import Sieve
from .sockets import WANTED_BUFFER_BYTES, SourceSocket, open_source
from .sources import SourceAddress

ENOUGH_S = 0.25
"""A buffer that holds less than this of what its source sends is warned of."""

log = Logger()


class Sink(Protocol):
    """Who a source's bytes are for."""

    def segment_at(self, now: float) -> Target:
        """What bytes received at ``now`` are appended to."""

    def arrived(self, when: float) -> None:
        """The last of what was appended came at ``when``, more exactly than was said before."""

    def take(self, report: Report) -> None:
        """Take what was found of what was received until now."""


class Source:
    """A source that somebody holds. Received once, however many recordings want it."""

    def __init__(self, address: SourceAddress, slot: int) -> None:
        self.address = address
        self.slot = slot
        """Its number among :class:`~hmp_twisted.engine.checks.Checks`."""
        self.holders = 0
        self.sinks: list[Sink] = []
        """Those that its bytes are written for at present."""
        self.sieve = Sieve()
        self.rtp_aside = False
        """Whether it is received with RTP headers laid aside."""
        self.datagrams = 0
        self.bytes = 0
        self.bits_per_second = 0.0
        self.kernel_drops = 0
        self.thrown_away = 0
        """Datagrams for which no memory was left, because the disk did not keep up."""
        self.sender = ""
        """The address and port that a datagram was last seen to come from."""
        self.socket: SourceSocket | None = None
        self._drops_before = 0
        self._drops_in_sequence = 0
        self._told = ""
        self._told_of_buffer = False
        self._measured_at = 0.0
        self._measured_bytes = 0

    def open(self) -> None:
        """Receive from now on.

        Raises:
            SourceUnusableError: the socket cannot be opened; the message says why.
        """
        self.socket = open_source(self.address)
        self._drops_before = 0
        self._told = ""

    def try_to_open(self) -> None:
        """Receive from now on if that is possible; if not, it is logged, once for each reason."""
        told = self._told
        try:
            self.open()
        except SourceUnusableError as error:
            if told != str(error):
                self._told = str(error)
                log.warn("{why}; tried again each second", why=str(error))
        else:
            if told:
                log.info("source {source}: received again", source=str(self.address))

    def look_after(self, now: float) -> None:
        """What is to be done each second: count drops, measure the rate, keep the group joined."""
        self.poll_drops()
        self._measure_rate(now)
        if self.socket is None:
            self.try_to_open()
            return
        self._look_at_buffer(self.socket)
        if self.address.is_multicast:
            self._keep_joined(self.socket)

    def close(self) -> None:
        """Receive no more."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def poll_drops(self) -> None:
        """Count what the kernel dropped since this was last asked."""
        if self.socket is None:
            return
        drops = self.socket.drops()
        self._count_drops((drops - self._drops_before) & 0xFFFFFFFF)
        self._drops_before = drops

    def _measure_rate(self, now: float) -> None:
        """Bring the bit rate up to date, as the mean since this was last called."""
        if 0 < self._measured_at < now:
            seconds = now - self._measured_at
            self.bits_per_second = 8 * (self.bytes - self._measured_bytes) / seconds
        self._measured_at, self._measured_bytes = now, self.bytes

    def _look_at_buffer(self, sock: SourceSocket) -> None:
        """Warn, once, if it is too small for the source and may be made larger."""
        holds = sock.capacity * ts.DATAGRAM * 8
        if sock.is_as_deep_as_wanted or holds >= ENOUGH_S * self.bits_per_second:
            return
        if not self._told_of_buffer:
            self._told_of_buffer = True
            log.warn(
                "source {source}: its socket buffer of {granted} bytes holds {ms:.0f} ms of its "
                "{rate:.1f} Mbit/s: datagrams are lost when the machine is busy for longer; "
                "CAP_NET_ADMIN or `sysctl -w net.core.rmem_max={wanted}` allows more",
                source=str(self.address),
                granted=sock.granted_bytes // 2,
                ms=holds / self.bits_per_second * 1e3,
                rate=self.bits_per_second / 1e6,
                wanted=WANTED_BUFFER_BYTES,
            )

    def throw_away(self, datagrams: int) -> None:
        """Count datagrams that were received, but could not be kept."""
        self.thrown_away += datagrams
        if self.sieve.is_rtp:
            self._drops_in_sequence += datagrams

    def counts(
        self, packets: int, inspected: dict[str, int], continuity_by_pid: Counter[int]
    ) -> Counts:
        """The counters as they stand, with those of the packets' inspection."""
        sieve = self.sieve
        lost = self.kernel_drops + self.thrown_away - self._drops_in_sequence
        return Counts(
            datagrams=self.datagrams - sieve.foreign_datagrams - sieve.sequencer.late,
            lost_datagrams=lost + sieve.sequencer.lost,
            left_out_bytes=sieve.left_out_bytes,
            packets=packets,
            inspected=inspected | self._counted(),
            continuity_by_pid=continuity_by_pid,
        )

    def look_at_sender(self) -> None:
        """Note from where the datagram comes that waits, if one does."""
        if self.socket is not None:
            self.sender = self.socket.sender_of_next() or self.sender

    def _counted(self) -> dict[str, int]:
        sieve = self.sieve
        return {
            "kernel_drops": self.kernel_drops,
            "thrown_away": self.thrown_away,
            "rtp_lost": sieve.sequencer.lost,
            "rtp_reordered": sieve.sequencer.reordered,
            "rtp_late": sieve.sequencer.late,
            "foreign_datagrams": sieve.foreign_datagrams,
            "sync_losses": sieve.sync.losses,
            "sync_byte_errors": sieve.sync.byte_errors,
        }

    def _keep_joined(self, joined: SourceSocket) -> None:
        """Join the group again if its interface went away and has come back, or is another one."""
        try:
            if not joined.join_again():
                return
        except SourceUnusableError as error:
            if self._told != str(error):
                self._told = str(error)
                log.warn("{why}; joined again when that is so", why=str(error))
            return
        joined.close()  # with the membership on the interface that is gone
        self.socket = None
        self._told = self._told or "another interface bears the address"
        self.try_to_open()

    def _count_drops(self, drops: int) -> None:
        self.kernel_drops += drops
        if self.sieve.is_rtp:
            # The sequence numbers will miss them too; they must not count twice.
            self._drops_in_sequence += drops
