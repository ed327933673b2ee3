"""Makes the index of a segment from its media, where the one written is missing or damaged.

What arrived when is not in the media; the PCR stands in for it, and the records say so. A stream
without PCR gets random access points alone: its times are interpolated between the segment's ends.
It reads the whole file, so it is for a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

from . import index_file, manifest, pcr, ts
from .index_file import ESTIMATED, RANDOM_ACCESS, IndexDamagedError, Records
from .inspection import psi
from .inspection.marks import NO_PCR, random_access_points

INTERVAL_TICKS = pcr.HZ // 10
"""Between two records."""
LONGEST_STEP_TICKS = 10 * pcr.HZ
"""Between two PCRs: anything longer, or backwards, is a new time base and takes no time."""
TAIL_S = 5.0
"""An index that ends so much before its segment lacks nothing: it is read on to the end."""
_CHUNK = ts.PACKET << 14


def ensure(folder: Path, track: int, segment: manifest.Segment) -> bool:
    """See that a closed segment has its index, whole to the end; gives whether it had to be made.

    Raises:
        OSError: the media cannot be read, or the index not written.
    """
    media = manifest.segment_path(folder, track, segment.number)
    path = index_file.path_of(media)
    try:
        known = index_file.read(path, segment.bytes)
        if known.size and _reaches_end(known, segment):
            return False
    except IndexDamagedError:
        known = np.zeros(0, index_file.RECORD)
    known = np.array(known)  # a copy, because the file is replaced
    index_file.replace(path, np.concatenate((known, build(media, segment, known))))
    return True


def build(media: Path, segment: manifest.Segment, known: Records) -> Records:
    """The records that follow those that are known, from the media after them.

    Raises:
        OSError: it cannot be read.
    """
    maker = _Maker.after(known, segment)
    found = [np.zeros(0, index_file.RECORD)]
    for offset, words in _chunks(media, maker.offset):
        if maker.video is None:
            maker.video = _video_pids(media)
        found.append(maker.take(offset, words))
    return np.concatenate(found)


@attrs.define
class _Maker:
    """Carries the clock from chunk to chunk."""

    offset: int
    wall_us: int
    clock_us: int
    longest_us: int
    """The segment's length: estimated times do not go beyond it."""
    start_us: int
    video: frozenset[int] | None = None
    _pid: int | None = None
    _last: int | None = None
    _ticks: int = 0
    _told: int = -INTERVAL_TICKS

    @classmethod
    def after(cls, known: Records, segment: manifest.Segment) -> _Maker:
        start = round(segment.offset_s * 1e6)
        wall, length = round(segment.started * 1e6), round(segment.duration_s * 1e6)
        if not known.size:
            return cls(0, wall, start, length, start)
        last = known[-1]
        wall, clock = int(last["wall_us"]), int(last["clock_us"])
        made = cls(int(last["offset"]) + ts.PACKET, wall, clock, length, start)
        if last["pcr"] != NO_PCR:
            made._pid, made._last, made._told = int(last["pid"]), int(last["pcr"]), 0
        return made

    def take(self, offset: int, words: ts.Words) -> Records:
        """The records of packets that begin at an offset."""
        samples = pcr.find(words)
        if self._pid is None and samples.pids.size:
            self._pid = int(samples.pids[0])
        samples = samples.only(samples.pids == (self._pid if self._pid is not None else ts.PIDS))
        clock = self._clock(samples.ticks)
        access = self._random_access(words)
        chosen = samples.packets[self._spread(clock)]
        packets = np.union1d(chosen, access)
        records = np.zeros(packets.size, index_file.RECORD)
        records["offset"] = offset + packets * ts.PACKET
        records["flags"] = ESTIMATED
        records["flags"][np.searchsorted(packets, access)] |= RANDOM_ACCESS
        records["pid"] = ts.pids(words[packets, 0].byteswap())
        records["pcr"] = NO_PCR
        place = np.searchsorted(samples.packets, packets)
        clocked = np.append(samples.packets, -1)[place] == packets
        records["pcr"][clocked] = samples.ticks[place[clocked]]
        self._time(records, packets, samples.packets, clock)
        # Without any clock a time would be a guess; the segment's ends know better.
        return records if clock.size else records[:0]

    def _clock(self, ticks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Ticks since the beginning, jumps left out."""
        if not ticks.size:
            return ticks
        before = np.concatenate(([ticks[0] if self._last is None else self._last], ticks[:-1]))
        steps = pcr.differences(before, ticks)
        steps[(steps < 0) | (steps > LONGEST_STEP_TICKS)] = 0
        clock = self._ticks + np.cumsum(steps)
        self._last, self._ticks = int(ticks[-1]), int(clock[-1])
        return clock

    def _spread(self, clock: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which PCRs are recorded: the first in each tenth of a second."""
        if not clock.size:
            return np.zeros(0, np.bool_)
        slots = clock // INTERVAL_TICKS
        before = np.concatenate(([self._told // INTERVAL_TICKS], slots[:-1]))
        self._told = int(clock[-1])
        chosen: npt.NDArray[np.bool_] = slots != before
        return chosen

    def _random_access(self, words: ts.Words) -> npt.NDArray[np.intp]:
        access = random_access_points(words, ts.with_adaptation(words))
        pids = ts.pids(words[access, 0].byteswap())
        return access[np.isin(pids, sorted(self.video or ()))]

    def _time(
        self,
        records: Records,
        packets: npt.NDArray[np.intp],
        clocked: npt.NDArray[np.intp],
        clock: npt.NDArray[np.int64],
    ) -> None:
        if not clock.size:
            return
        ticks = np.interp(packets, clocked, clock)
        passed = np.rint(ticks * (1e6 / pcr.HZ)).astype(np.int64)
        latest = self.start_us + self.longest_us - self.clock_us
        passed = np.minimum(passed, max(0, latest))
        records["clock_us"], records["wall_us"] = self.clock_us + passed, self.wall_us + passed


def _reaches_end(known: Records, segment: manifest.Segment) -> bool:
    end = (segment.offset_s + segment.duration_s - TAIL_S) * 1e6
    return bool(known[-1]["clock_us"] >= end)


def _chunks(media: Path, offset: int) -> Iterator[tuple[int, ts.Words]]:
    """The heads of whole packets, with the offset of the first."""
    with media.open("rb") as file:
        file.seek(offset)
        while data := file.read(_CHUNK):
            yield offset, ts.words_of(data)
            offset += len(data)


def _video_pids(media: Path) -> frozenset[int]:
    """The PIDs of video by the first PAT and PMTs of a file."""
    with media.open("rb") as file:
        data = file.read(_CHUNK)
    maps: set[int] = set()
    video: set[int] = set()
    assemblers: dict[int, psi.Assembler] = {}
    pids = ts.pids(ts.words_of(data)[:, 0].byteswap())
    for wanted in (frozenset({psi.PAT_PID}), maps):
        for index in np.flatnonzero(np.isin(pids, sorted(wanted))):
            packet = data[index * ts.PACKET : (index + 1) * ts.PACKET]
            assembler = assemblers.setdefault(int(pids[index]), psi.Assembler())
            for section in assembler.feed(packet):
                if not psi.crc_is_right(section):
                    continue
                if section[0] == psi.PAT_TABLE:
                    maps |= set(psi.pat_of(section).values())
                elif section[0] == psi.PMT_TABLE:
                    streams = psi.pmt_of(section).streams
                    video |= {pid for pid, kind in streams if kind in psi.VIDEO_TYPES}
    return frozenset(video)
