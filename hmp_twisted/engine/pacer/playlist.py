"""A recording as one run of chunks: segments spliced, each datagram with its due time.

Datagrams stay aligned over joints: a segment that ends within a datagram has it filled up with
null packets, so that the next one begins one of its own. Only the last of all may be short.
"""

from __future__ import annotations

import attrs
import numpy as np

from .joints import Splicer, joint
from .pacing import Mark, Plan, Ticks, Timeline
from .packets import (
    DATAGRAM,
    GROUP,
    PCR_HZ,
    Packets,
    Pcrs,
    as_packets,
    find_pcrs,
    null_packets,
    pcr_packets,
    put_pcrs,
)
from .scte35 import end_of_whole_sections
from .segment import WINDOW, Segment, SegmentFile, expect, packet_at, segment_at
from .whereabouts import Spot

PCR_INTERVAL = PCR_HZ // 25
"""A receiver may count on a PCR each 0.04 s (DVB, ETSI TS 101 154), 0.1 s in any case (2.7.2)."""


@attrs.frozen
class Chunk:
    """Datagrams that follow each other."""

    data: memoryview
    """Datagrams of 1316 bytes; the last one of all chunks may be shorter."""
    due: list[float]
    """When each leaves, in seconds since the stream's first."""
    position_s: float
    """The recording's clock at the first."""
    before: Splicer
    """The account of what was sent before it."""
    mark: Mark | None
    """The last PCR before it."""
    spot: Spot
    """The recording's packet that its first one is; of null packets the one after them."""
    count: int
    """How many of its packets are the recording's; null packets follow them."""

    def spot_of(self, datagram: int) -> Spot:
        """The recording's packet that this datagram begins with, or that comes after it."""
        done = min(datagram * GROUP, self.count)
        return Spot(self.spot.segment, self.spot.packet + done)


class Playlist:
    """What a stream sends, a chunk at a time. Every method raises OSError if a file fails."""

    def __init__(
        self, segments: tuple[Segment, ...], *, loop: bool, start_s: float, spot: Spot | None = None
    ) -> None:
        """Begin ``start_s`` seconds into the recording; ``loop`` starts again after the end.

        ``spot`` is the packet that came then, if that is known.
        """
        self._segments = segments
        self._loop = loop
        self._number = segment_at(segments, start_s) if spot is None else spot.segment
        self._splicer = Splicer()
        self._pcr_pid: int | None = None
        self._file: SegmentFile | None = None
        self._at = 0
        self._begin(SegmentFile(segments[self._number]), start_s, spot)

    def next_chunk(self) -> Chunk | None:
        """The next second or so of datagrams; none after the end."""
        if self._file is None:
            return None
        window = self._file.read(self._at)
        is_last = self._at + len(window) >= self._file.count
        before, mark = self._splicer.copy(), self._timeline.mark
        if not is_last and self._splicer.shift:
            window = _with_whole_sections(window)
        plan = self._plan(self._file, window, is_last=is_last)
        packets, due = self._splicer.splice(window[: plan.count]), plan.due
        spot = Spot(self._number, self._at)
        self._at += plan.count
        if self._at + 2 * WINDOW >= self._file.count:
            expect(self._segments[(self._number + 1) % len(self._segments)])
        position_s = self._position(float(due[0]))
        if is_last:
            packets, due = self._go_on(packets, due)
        times = (due / PCR_HZ).tolist()
        return Chunk(packets.reshape(-1).data, times, position_s, before, mark, spot, plan.count)

    def seek(self, start_s: float, chunk: Chunk, sent: int) -> Chunk | None:
        """Go on ``start_s`` seconds into the recording, after ``sent`` datagrams of ``chunk``.

        What comes is joined to what was sent as segments are. Gives the null packets that are to
        be sent before it, if there are any.
        """
        number = segment_at(self._segments, start_s)
        file = SegmentFile(self._segments[number])
        self._rewind(chunk, sent)
        self.close()
        self._number = number
        at = packet_at(file, start_s - file.segment.offset_s)
        clock = self._sent_clock()
        before, mark = self._splicer.copy(), self._timeline.mark
        nulls = self._join(file, at, 0)
        filling, due = self._filling(0, nulls, clock), self._timeline.fill(0, nulls)
        self._take(file, at, max(start_s, file.segment.offset_s))
        if not nulls:
            return None
        data, position_s = filling.reshape(-1).data, self._origin_s
        times = (due / PCR_HZ).tolist()
        return Chunk(data, times, position_s, before, mark, Spot(number, at), 0)

    def _rewind(self, chunk: Chunk, sent: int) -> None:
        """Take back what was prepared and not sent."""
        packets, timeline = as_packets(chunk.data[: sent * DATAGRAM]), self._timeline
        self._splicer, timeline.mark = chunk.before.copy(), chunk.mark
        self._splicer.note(packets)
        pcrs = find_pcrs(packets).of(-1 if self._pcr_pid is None else self._pcr_pid)
        if len(pcrs.index):
            ticks = chunk.due[int(pcrs.index[-1]) // GROUP] * PCR_HZ
            timeline.mark = Mark(int(pcrs.value[-1]) - self._splicer.shift, ticks)
        is_whole = sent >= len(chunk.due)
        timeline.ticks = chunk.due[-1 if is_whole else sent] * PCR_HZ
        timeline.ticks += is_whole * GROUP * timeline.rate

    def close(self) -> None:
        """Give the open file back; there is no chunk after that."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, file: SegmentFile, start_s: float, spot: Spot | None) -> None:
        if spot is not None and spot.packet >= file.count:
            file.close()
            following = self._open_next()
            if following is None:
                return
            file, start_s, spot = following, 0.0, Spot(self._number, 0)
        self._timeline = Timeline(file.ticks_per_packet)
        if spot is not None:
            at = spot.packet
        else:
            at = packet_at(file, start_s - file.segment.offset_s) if file.count else 0
        self._take(file, at, max(start_s, file.segment.offset_s))
        if not file.count:
            self.close()

    def _take(self, file: SegmentFile, at: int, origin_s: float) -> None:
        """Go on with packet ``at`` of a file, where the recording's clock tells ``origin_s``."""
        self._file, self._at = file, at
        self._origin_s, self._origin_ticks = origin_s, self._timeline.ticks

    def _plan(self, file: SegmentFile, window: Packets, *, is_last: bool) -> Plan:
        pcrs, count, came = self._pcrs(window), len(window), None
        if not len(pcrs.index) and self._timeline.mark is None:
            came = file.arrivals.between(self._at, count)
        return self._timeline.plan(pcrs, count, is_last=is_last, came=came)

    def _position(self, ticks: float) -> float:
        return self._origin_s + (ticks - self._origin_ticks) / PCR_HZ

    def _pcrs(self, window: Packets) -> Pcrs:
        """The PCRs to go by: of one PID, for as long as it has any."""
        every = find_pcrs(window)
        mine = every if self._pcr_pid is None else every.of(self._pcr_pid)
        if self._pcr_pid is None or (not len(mine.index) and len(every.index)):
            self._pcr_pid = every.commonest_pid()
            mine = every if self._pcr_pid is None else every.of(self._pcr_pid)
        return mine

    def _go_on(self, packets: Packets, due: Ticks) -> tuple[Packets, Ticks]:
        """Join the next segment to the end of this one; adds the null packets between them."""
        following = self._open_next()
        self.close()
        if following is None:
            return packets, due
        sent, clock = len(packets), self._sent_clock()
        nulls = self._join(following, 0, sent)
        filling = self._filling(sent, nulls, clock)
        due = np.concatenate((due, self._timeline.fill(sent, nulls)))
        self._take(following, 0, following.segment.offset_s)
        return np.concatenate((packets, filling)), due

    def _join(self, following: SegmentFile, at: int, sent: int) -> int:
        """Set the clock for a segment from ``at`` on; how many null packets come before it."""
        timeline, splicer = self._timeline, self._splicer
        mark, before = timeline.mark, splicer.shift
        head = following.read(at)
        pcrs = self._pcrs(head)
        if not len(pcrs.index):
            timeline.rate = following.ticks_per_packet
        carried = None
        if mark is not None and len(pcrs.index):
            lead = timeline.ticks + timeline.rate * int(pcrs.index[0]) - mark.ticks
            carried = mark.value + before + round(lead) - int(pcrs.value[0])
        found = joint(carried, splicer.dts_shift(head, carried), timeline.rate, sent)
        splicer.join(found.shift)
        if mark is None or carried is None:
            timeline.join(None, 0.0)
        else:
            first = int(pcrs.value[0])
            timeline.join(first, mark.ticks + first + found.shift - mark.value - before)
        return found.nulls

    def _sent_clock(self) -> int | None:
        """The PCR as it is sent, at the packet that comes next; none if there was none."""
        mark = self._timeline.mark
        if mark is None:
            return None
        return mark.value + self._splicer.shift + round(self._timeline.ticks - mark.ticks)

    def _filling(self, sent: int, nulls: int, clock: int | None) -> Packets:
        """Null packets, with a PCR among them where they last longer than a PCR may be away."""
        packets, rate = null_packets(nulls), self._timeline.rate
        if clock is None or self._pcr_pid is None or nulls * rate < PCR_INTERVAL:
            return packets
        step = max(1, int(PCR_INTERVAL / rate / GROUP)) * GROUP
        places = np.arange(-sent % GROUP, nulls, step)
        counter = self._splicer.counter_of(self._pcr_pid)
        packets[places] = pcr_packets(len(places), self._pcr_pid, counter)
        put_pcrs(packets, places, clock + (places * rate).astype(np.int64))
        return packets

    def _open_next(self) -> SegmentFile | None:
        """The next segment that holds packets, from the start again if the stream loops."""
        for _ in self._segments:
            self._number += 1
            if self._number == len(self._segments) and self._loop:
                self._number = 0
            if self._number >= len(self._segments):
                return None
            file = SegmentFile(self._segments[self._number])
            if file.count:
                return file
            file.close()
        return None


def _with_whole_sections(window: Packets) -> Packets:
    """The window up to a section that ends behind it; one in its first half is never whole."""
    count = end_of_whole_sections(window)
    return window[:count] if count > len(window) // 2 else window
