"""Start positions: found in a few reads, however long the segment is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hmp_twisted.engine.pacer.packets import (
    PCR_HZ,
    PCR_WRAP,
    Packets,
    null_packets,
    pcr_packets,
    put_pcrs,
)
from hmp_twisted.engine.pacer.segment import Segment, SegmentFile, packet_at, segment_at

PACKETS_PER_S = 665
APART = 20
FIRST_PCR = PCR_WRAP - 1000 * PCR_HZ


class LongFile(SegmentFile):
    """A segment of 60 hours at 1 Mbit/s that is made up where it is read; its PCR wraps twice."""

    def __init__(self, rate_of_second_half: float = 1.0) -> None:
        """The second half's packets come so many times as fast."""
        self.count = 60 * 3600 * PACKETS_PER_S
        self.reads = 0
        self._faster = rate_of_second_half
        seconds = self._seconds(np.array([self.count]))[0]
        self.ticks_per_packet = seconds * PCR_HZ / self.count

    def read(self, first: int, count: int = 2800) -> Packets:
        """A PCR every twenty packets."""
        self.reads += 1
        index = np.arange(first, min(first + count, self.count))
        packets = null_packets(len(index))
        places = np.flatnonzero(index % APART == 0)
        packets[places] = pcr_packets(len(places), 0x100, 0)
        ticks = (self._seconds(index[places]) * PCR_HZ).astype(np.int64)
        put_pcrs(packets, places, FIRST_PCR + ticks)
        return packets

    def _seconds(self, index: np.ndarray) -> np.ndarray:
        half = self.count // 2
        return (
            np.minimum(index, half) + np.maximum(0, index - half) / self._faster
        ) / PACKETS_PER_S


@pytest.mark.parametrize("hours", [0.1, 0.3, 26, 27, 50, 53.5, 59.9])
def test_a_long_segment_is_searched_by_its_pcrs_over_their_wraps(hours: float) -> None:
    """Within a group of packets or two, in some thirty reads of 60 hours."""
    file = LongFile()
    found = packet_at(file, hours * 3600)
    assert found % 7 == 0
    assert found == pytest.approx(hours * 3600 * PACKETS_PER_S, abs=14 + APART)
    assert file.reads < 40


@pytest.mark.parametrize("hours", [1, 20, 31, 40])
def test_a_rate_that_changes_does_not_mislead(hours: float) -> None:
    """Half as many packets a second at first as later: bytes are no measure, PCRs are."""
    file = LongFile(rate_of_second_half=2.0)
    found = packet_at(file, hours * 3600)
    expected = hours * 3600 * PACKETS_PER_S
    expected += max(0.0, expected - file.count / 2)
    assert found == pytest.approx(expected, abs=14 + APART)


@pytest.mark.parametrize(
    ("start_s", "number"), [(0, 0), (4.9, 0), (5.0, 1), (8, 1), (9.5, 2), (50, 2)]
)
def test_which_segment_holds_a_time(start_s: float, number: int) -> None:
    """Or comes next after it: a silent source leaves holes."""
    segments = tuple(
        Segment(Path(f"{n}.ts"), o, d) for n, (o, d) in enumerate([(0, 5), (6, 3), (10, 2)])
    )
    assert segment_at(segments, start_s) == number


def test_a_file_that_shrank_is_an_error(tmp_path: Path) -> None:
    """It names the file; the pacer's other streams are not concerned."""
    path = tmp_path / "00001.ts"
    path.write_bytes(null_packets(20).tobytes())
    file = SegmentFile(Segment(path, 0.0, 1.0))
    path.write_bytes(b"")
    with pytest.raises(OSError, match=r"00001\.ts is shorter than it was"):
        file.read(0)
    file.close()
