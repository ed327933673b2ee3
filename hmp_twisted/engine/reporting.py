"""Brings what was found in the sources, and what happened to them, to whom it concerns.

Once a second, and at each cut, so that everything found of what is recorded is told before the
recording of it ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from ..clocks import wall_ahead
from ..logs import Logger
from .checks import Checks, Findings
from .counts import Counts
from .report import Report
from .source import Source
from .source_watch import Happening, SourceWatch

log = Logger()


class Reporter:
    """Makes a report a source of all findings."""

    def __init__(self, checks: Checks, counts_of: Callable[[Source], Counts]) -> None:
        """``counts_of`` gives what a source has received as of the last analysis."""
        self._checks, self._counts_of = checks, counts_of
        self._watches: dict[Source, SourceWatch] = {}
        self._next_look = 0.0

    def begin(self, source: Source, now: float) -> None:
        """A source is received from now on."""
        self._watches[source] = SourceWatch(self._counts_of(source), now)

    def end(self, source: Source) -> None:
        """A source is received no more."""
        self._watches.pop(source, None)

    def report(self, sources: Iterable[Source], now: float) -> None:
        """Tell every sink what was found since this was last called.

        Args:
            sources: all that are received.
            now: seconds of the receiver's clock.
        """
        findings = self._checks.take_findings()
        happenings = self._happenings(findings, sources, now)
        ahead = wall_ahead()
        borders = np.searchsorted(findings.marks["slot"], np.arange(len(findings.extremes) + 1))
        borders = borders.tolist()
        for source in sources:
            told = Report(
                marks=findings.marks[borders[source.slot] : borders[source.slot + 1]],
                extremes=findings.extremes[source.slot],
                happenings=happenings[source.slot],
                wall_ahead=ahead,
            )
            _log(source, told.happenings)
            for sink in source.sinks:
                sink.take(told)

    def look_at_senders(self, sources: Iterable[Source], now: float) -> None:
        """Once a second, before the sockets are emptied: see where what waits comes from."""
        if now >= self._next_look:
            self._next_look = now + 1.0
            for source in sources:
                source.look_at_sender()

    def each_second(self, sources: Iterable[Source], now: float) -> None:
        """Look at what shows from second to second only, and report."""
        for source in sources:
            watch = self._watches[source]
            watch.note(source.bits_per_second, _wrapping(source), source.sender, now)
        self.report(sources, now)

    def _happenings(
        self, findings: Findings, sources: Iterable[Source], now: float
    ) -> dict[int, list[Happening]]:
        found: dict[int, list[Happening]] = defaultdict(list)
        for gap in findings.gaps:
            text = f"nothing came for {gap.end - gap.begin:.3f} s"
            found[gap.slot].append(Happening(gap.begin, "gap", text, gap.end - gap.begin))
        for slot, text in findings.programmes:
            found[slot].append(Happening(now, "programmes", text))
        for slot, pids in _by_slot(findings.pids).items():
            new = ", ".join(f"0x{pid:04x}" for pid in sorted(pids))
            found[slot].append(Happening(now, "pids", f"PIDs that were not there before: {new}"))
        for source in sources:
            last = self._checks.last_arrival(source.slot)
            watch = self._watches[source]
            found[source.slot] += watch.look(self._counts_of(source), last, now)
        return found


def _by_slot(pairs: list[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for slot, pid in pairs:
        found[slot].append(pid)
    return found


def _log(source: Source, happenings: list[Happening]) -> None:
    for happening in happenings:
        log.info(
            "source {source}: {kind}: {text}",
            source=str(source.address),
            kind=happening.kind,
            text=happening.text,
        )


def _wrapping(source: Source) -> str:
    if not source.datagrams:
        return ""
    size = source.sieve.packet_size
    return f"{'RTP, ' if source.sieve.is_rtp else ''}{size}-byte packets"
