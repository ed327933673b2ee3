"""Splicing: the later segment goes on where the former ended, and no player notices: pure.

Within a segment not a byte of the first is changed. Each later one gets, in the copy that is sent,
one constant on PCR, PTS, DTS and SCTE-35 ``pts_adjustment``, and its continuity counters renumbered
PID by PID; what it begins with of a picture whose beginning is gone is left out. The constant
carries the PCR on at the running rate; if with that a PID's DTS would not increase, or a picture be
shown before one that was sent, it is made just large enough, up to 200 ms, and null packets fill
the time so gained.
"""

from __future__ import annotations

import copy
import math

import attrs
import numpy as np

from .packets import (
    GROUP,
    NULL_PID,
    PCR_HZ,
    PCR_PER_STAMP,
    PIDS,
    STAMP_WRAP,
    Flags,
    Integers,
    Packets,
    Stamps,
    apart,
    find_pcrs,
    find_stamps,
    pids_of,
    put_pcrs,
    shift_opcrs,
    shift_stamps,
)
from .remains import Remains
from .scte35 import shift_sections

LONGEST_GAP = PCR_HZ // 5
"""At most this much is filled with null packets, in 27 MHz ticks."""
_LONGEST_STEP = 9_000
"""A DTS step beyond this (0.1 s of 90 kHz) is not taken for the PID's frame time."""
_PLAUSIBLE = 10 * 90_000
"""A DTS that would be off by more than this has another clock: it says nothing about the joint."""


@attrs.frozen
class Joint:
    """How the next segment is put to the end of what was sent."""

    shift: int
    """What its clock gets, in 27 MHz ticks: a multiple of 300, of either sign."""
    nulls: int
    """Null packets between the two; they also fill the last datagram up."""


def joint(pcr_shift: int | None, dts_shift: int | None, rate: float, sent: int) -> Joint:
    """The joint after a chunk of ``sent`` packets at ``rate`` ticks a packet.

    ``pcr_shift`` carries the PCR on, ``dts_shift`` keeps DTS increasing (both in 27 MHz ticks);
    none where there is nothing to go by.
    """
    pad = -sent % GROUP
    if pcr_shift is None:
        return Joint(_round_up(dts_shift or 0), pad)
    gap = min(max(0, (dts_shift if dts_shift is not None else pcr_shift) - pcr_shift), LONGEST_GAP)
    nulls = max(pad, math.ceil(gap / rate) if rate > 0 else 0)
    nulls += -(sent + nulls) % GROUP
    return Joint(_round_up(pcr_shift + round(nulls * rate)), nulls)


def _round_up(ticks: int) -> int:
    return -(-ticks // PCR_PER_STAMP) * PCR_PER_STAMP


class Splicer:
    """Makes every packet of a stream fit what was sent before, and keeps account of that."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.shift = 0
        """What the present segment's clock gets, in 27 MHz ticks."""
        self._add = np.zeros(PIDS, np.uint8)
        """What each PID's continuity counter gets."""
        self._is_joined = np.ones(PIDS, np.bool_)
        """Whose counter is settled for the present segment."""
        self._is_first = True
        self._remains = Remains()
        self._counter = np.zeros(PIDS, np.uint8)
        self._was_sent = np.zeros(PIDS, np.bool_)
        self._dts = np.full(PIDS, -1, np.int64)
        self._pts = np.zeros(PIDS, np.int64)
        """The latest of each PID: pictures are not sent in the order in which they are shown."""
        self._step = np.zeros(PIDS, np.int64)

    def splice(self, packets: Packets) -> Packets:
        """The next packets of the present segment as they are to be sent: changed in place."""
        pids = pids_of(packets)
        if not self._is_first:
            clocks_alone = self._remains.leave_out(packets, pids)
            self._settle(packets, pids, ~clocks_alone)
            self._renumber(packets, pids, clocks_alone)
            self._shift_clock(packets)
        self.note(packets)
        return packets

    def note(self, packets: Packets) -> None:
        """Keep account of packets that are sent as they are."""
        pids = pids_of(packets)
        self._counter[pids] = packets[:, 3] & 0x0F
        self._was_sent[pids] = True
        stamps = find_stamps(packets)
        self._note_dts(stamps)
        self._remains.note(packets, stamps)

    def copy(self) -> Splicer:
        """Another that has sent the same so far."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(other, name, value.copy())
        other._remains = self._remains.copy()
        return other

    def dts_shift(self, head: Packets, near: int | None) -> int | None:
        """The least shift that keeps each PID's DTS and PTS increasing over the joint to ``head``.

        ``near`` is the shift that the PCR asks for; PIDs that disagree with it by more than ten
        seconds run by another clock and do not count. Without it all PIDs count.
        """
        stamps = find_stamps(head)
        pids, first = np.unique(stamps.pid, return_index=True)
        known = self._dts[pids] >= 0
        pids, first = pids[known], first[known]
        wanted = self._dts[pids] + np.maximum(1, self._step[pids]) - stamps.dts[first]
        # Of pictures, the first that is shown must follow the last that was to be shown.
        wanted += np.maximum(0, apart(self._pts[pids], self._dts[pids]) - stamps.least_lead(pids))
        centre = 0 if near is None else near // PCR_PER_STAMP
        off = apart(wanted, centre)
        if near is not None:
            off = off[np.abs(off) <= _PLAUSIBLE]
        return (centre + int(off.max())) * PCR_PER_STAMP if len(off) else None

    def counter_of(self, pid: int) -> int:
        """The continuity counter that the PID was last sent with."""
        return int(self._counter[pid])

    def join(self, shift: int) -> None:
        """What comes now is the next segment, its clock shifted by ``shift`` 27 MHz ticks."""
        self.shift = shift
        self._is_first = False
        self._is_joined[:] = False
        self._is_joined[NULL_PID] = True
        self._add[:] = 0
        self._remains.expect()

    def _settle(self, packets: Packets, pids: Integers, counted: Flags) -> None:
        """Work out what the counters of PIDs that show for the first time since the joint get."""
        new = np.flatnonzero(~self._is_joined[pids] & counted)
        if not len(new):
            return
        fresh, first = np.unique(pids[new], return_index=True)
        head = packets[new[first], 3]
        has_payload = head >> 4 & 1
        add = (self._counter[fresh] + has_payload - (head & 0x0F)) & 0x0F
        self._add[fresh] = np.where(self._was_sent[fresh], add, 0)
        self._is_joined[fresh] = True

    def _renumber(self, packets: Packets, pids: Integers, clocks_alone: Flags) -> None:
        counters = (packets[:, 3] + self._add[pids]) & 0x0F
        counters[clocks_alone] = self._counter[pids[clocks_alone]]
        packets[:, 3] = packets[:, 3] & 0xF0 | counters

    def _shift_clock(self, packets: Packets) -> None:
        if not self.shift:
            return
        pcrs = find_pcrs(packets)
        shift_opcrs(packets, self.shift)
        put_pcrs(packets, pcrs.index, pcrs.value + self.shift)
        shift_stamps(packets, find_stamps(packets), self.shift // PCR_PER_STAMP)
        shift_sections(packets, self.shift // PCR_PER_STAMP)

    def _note_dts(self, stamps: Stamps) -> None:
        """Keep each PID's last DTS, and its last step if that can be the time of a frame."""
        order = np.argsort(stamps.pid, kind="stable")
        pid, dts = stamps.pid[order], stamps.dts[order]
        step = (np.diff(dts, prepend=0) % STAMP_WRAP) if len(dts) else dts
        is_step = np.diff(pid, prepend=-1) == 0
        fitting = is_step & (step > 0) & (step <= _LONGEST_STEP)
        self._step[pid[fitting]] = step[fitting]
        self._dts[pid] = dts
        ahead = np.full(PIDS, -STAMP_WRAP, np.int64)
        np.maximum.at(ahead, pid, apart(stamps.pts[order], self._dts[pid]))
        self._pts[pid] = self._dts[pid] + ahead[pid]
