"""Reads the program tables of all sources: what they refer to must come, what is wrong counts.

A packet that repeats the one before on its PID, as nearly all do, is known by one comparison.
"""

from __future__ import annotations

import attrs
import numpy as np

from . import counters, pids, psi
from .gathered import Gathered, Gatherer
from .pids import PidTable, Rows

_FIRST_PAYLOAD_BYTE = 4


@attrs.define
class _Source:
    """What one source's tables say."""

    maps: dict[int, dict[int, int]] = attrs.field(factory=dict)
    """The PIDs of PMTs by programme, by section of the PAT."""
    programmes: dict[int, psi.Programme] = attrs.field(factory=dict)
    """By programme number."""
    assemblers: dict[int, psi.Assembler] = attrs.field(factory=dict)
    """By PID."""


class Tables:
    """Keeps what each source's PAT and PMTs say."""

    def __init__(self, table: PidTable, counts: counters.Counters, gatherer: Gatherer) -> None:
        self._table, self._counts, self._gatherer = table, counts, gatherer
        self._sources: dict[int, _Source] = {}
        self.changes: list[tuple[int, str]] = []
        """Slots whose programmes changed, and how; whoever reads them empties the list."""

    def begin(self, slot: int) -> None:
        """A new source has this slot."""
        self._sources[slot] = _Source()
        self._flag(slot, psi.PAT_PID, pids.PAT | pids.TABLES, 0.0)
        for pid in (psi.CAT_PID, *psi.SI_PIDS):
            self._flag(slot, pid, pids.TABLES, 0.0)

    def forget(self, slot: int) -> None:
        """The slot is nobody's from now on."""
        self._sources.pop(slot, None)
        self.changes = [change for change in self.changes if change[0] != slot]

    def inspect(self, gathered: Gathered, rows: Rows, now: float) -> None:
        """Take the packets that begin something; ``rows`` are those of their PIDs."""
        packets, table = gathered.packets, self._table
        scrambled = (packets[:, 3] & 0xC0) != 0
        self._expect_cat(np.unique(table.rows["slot"][rows[scrambled & (rows > 0)]]), now)
        sound = (packets[:, 1] & 0x80) == 0
        index = (((table.rows["flags"][rows] & pids.TABLES) != 0) & sound).nonzero()[0]
        self._count_scrambled(rows[index[scrambled[index]]])
        repeats = packets[index, _FIRST_PAYLOAD_BYTE:]
        known = (repeats == table.sections[rows[index], _FIRST_PAYLOAD_BYTE:]).all(axis=1)
        for at in index[~known]:
            row, packet = int(rows[at]), packets[at].tobytes()
            if packet[_FIRST_PAYLOAD_BYTE:] != self._last(row):  # one before it may be just so
                self._read(row, packet, now)

    def _last(self, row: int) -> bytes:
        return self._table.sections[row, _FIRST_PAYLOAD_BYTE:].tobytes()

    def _count_scrambled(self, rows: Rows) -> None:
        table = self._table.rows
        for flag, name in ((pids.PAT, counters.PAT), (pids.MAP, counters.PMT)):
            self._counts.add(name, table["slot"][rows[(table["flags"][rows] & flag) != 0]])

    def _expect_cat(self, slots: counters.Slots, now: float) -> None:
        for slot in slots.tolist():
            self._flag(slot, psi.CAT_PID, pids.CAT, now)

    def _read(self, row: int, packet: bytes, now: float) -> None:
        slot, pid = int(self._table.rows[row]["slot"]), int(self._table.rows[row]["pid"])
        assembler = self._sources[slot].assemblers.setdefault(pid, psi.Assembler())
        sections = assembler.feed(packet)
        sound = [self._judge(slot, pid, section, now) for section in sections]
        if assembler.waiting:
            self._gatherer.want(pid)
        elif sound and all(sound):
            self._table.sections[row] = np.frombuffer(packet, np.uint8)

    def _judge(self, slot: int, pid: int, section: bytes, now: float) -> bool:
        """Count what is wrong with a section, and believe it if nothing is."""
        table = section[0]
        if table not in psi.TABLES_WITHOUT_CRC and not psi.crc_is_right(section):
            self._counts.add_one(counters.CRC, slot)
            return False
        for own_pid, own_table, name in (
            (psi.PAT_PID, psi.PAT_TABLE, counters.PAT),
            (psi.CAT_PID, psi.CAT_TABLE, counters.CAT),
        ):
            if pid == own_pid and table != own_table:
                self._counts.add_one(name, slot)
                return False
        if len(section) > psi.SHORTEST and section[5] & 1:  # what comes next is not so yet
            if pid == psi.PAT_PID:
                self._believe_pat(slot, section, now)
            elif table == psi.PMT_TABLE:
                self._believe_pmt(slot, section, now)
        return True

    def _believe_pat(self, slot: int, section: bytes, now: float) -> None:
        source = self._sources[slot]
        source.maps[section[6]] = psi.pat_of(section)
        source.maps = {n: found for n, found in source.maps.items() if n <= section[7]}
        programmes = {number for found in source.maps.values() for number in found}
        gone = source.programmes.keys() - programmes
        if gone:
            self.changes.append((slot, f"programmes gone: {', '.join(map(str, sorted(gone)))}"))
        source.programmes = {n: p for n, p in source.programmes.items() if n in programmes}
        self._reflag(slot, now)

    def _believe_pmt(self, slot: int, section: bytes, now: float) -> None:
        source = self._sources[slot]
        programme = psi.pmt_of(section)
        if not any(programme.number in found for found in source.maps.values()):
            return
        before = source.programmes.get(programme.number)
        source.programmes[programme.number] = programme
        if before is not None and before != programme:
            self.changes.append((slot, programme.compared(before)))
        self._reflag(slot, now)

    def _reflag(self, slot: int, now: float) -> None:
        """Have what the tables refer to now waited for, and nothing else."""
        source = self._sources[slot]
        wanted = {pid: pids.MAP | pids.TABLES for m in source.maps.values() for pid in m.values()}
        for programme in source.programmes.values():
            for pid, kind in programme.streams:
                wanted[pid] = wanted.get(pid, 0) | _flags_of(kind)
        rows = self._table.rows
        for row in ((rows["slot"] == slot) & (rows["flags"] != 0)).nonzero()[0]:
            pid = int(rows[row]["pid"])
            if pid not in _FIXED and pid not in wanted:
                rows[row]["flags"] = 0
        for pid, flags in wanted.items():
            if pid not in _FIXED:
                self._flag(slot, pid, flags, now, keep=0)

    def _flag(self, slot: int, pid: int, flags: int, now: float, keep: int = 0xFF) -> None:
        """Give a PID flags; what is new in them is waited for from ``now`` on."""
        number = self._table.row(slot, pid)
        row = self._table.rows[number]
        new = flags & ~int(row["flags"])
        row["flags"] = int(row["flags"]) & keep | flags
        if new & (pids.MAP | pids.STREAM | pids.CAT):
            row["seen"] = max(float(row["seen"]), now)
        if new & pids.TIMED:
            row["pts"] = max(float(row["pts"]), now)


_FIXED = frozenset({psi.PAT_PID, psi.CAT_PID, *psi.SI_PIDS})


def _flags_of(kind: int) -> int:
    """What is asked of a stream of this type."""
    if kind in psi.VIDEO_TYPES:
        return pids.STREAM | pids.TIMED | pids.VIDEO
    return pids.STREAM | pids.TIMED if kind in psi.AUDIO_TYPES else pids.STREAM
