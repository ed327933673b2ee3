"""The index beside a segment: reading it, what a crash leaves of it, making it again."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine import index_build, index_file, manifest, pcr, ts
from hmp_twisted.engine.index import Place, SegmentIndex, TrackIndex
from hmp_twisted.engine.index_file import ESTIMATED, RANDOM_ACCESS, RECORD, IndexDamagedError

from .streams import Multiplex

STARTED = 1_700_000_000.0
SEGMENT = manifest.Segment(
    number=1, started=STARTED, offset_s=5.0, bytes=188 * 1000, duration_s=10.0, closed=True
)


def records(*rows: tuple[float, int, int]) -> np.ndarray:
    """Records by seconds since the segment's beginning, packets before, and flags."""
    made = np.zeros(len(rows), RECORD)
    for record, (seconds, packets, flags) in zip(made, rows, strict=True):
        record["wall_us"] = round((STARTED + seconds) * 1e6)
        record["clock_us"] = round((5.0 + seconds) * 1e6)
        record["offset"], record["flags"] = packets * 188, flags
    return made


INDEX = SegmentIndex(
    SEGMENT, records((1, 200, 0), (2, 300, RANDOM_ACCESS), (8, 300, 0), (9, 900, RANDOM_ACCESS))
)


@pytest.mark.parametrize(
    ("seconds", "packets"),
    [
        *((-1, 0), (0, 0), (0.5, 100), (1, 200), (1.5, 250)),
        *((5, 300), (8.5, 600), (9.5, 950), (10, 1000), (11, 1000)),
    ],
)
def test_times_become_offsets(seconds: float, packets: int) -> None:
    """Interpolated between records, and between them and the segment's ends."""
    clock_us = round((5.0 + seconds) * 1e6)
    wall_us = round((STARTED + seconds) * 1e6)
    assert INDEX.offset_at("clock_us", clock_us) == packets * 188
    assert INDEX.offset_at("wall_us", wall_us) == packets * 188


@pytest.mark.parametrize(
    ("packets", "seconds"), [(0, 0), (100, 0.5), (250, 1.5), (600, 8.5), (950, 9.5), (1000, 10)]
)
def test_offsets_become_times(packets: int, seconds: float) -> None:
    """And back; a packet after a gap came after the gap."""
    assert INDEX.time_at("clock_us", packets * 188) == round((5.0 + seconds) * 1e6)
    assert INDEX.time_at("wall_us", packets * 188) == round((STARTED + seconds) * 1e6)


def test_random_access_points_are_looked_for_backwards() -> None:
    """At or before; none before the first."""
    assert INDEX.random_access_before(1000 * 188) == 900 * 188
    assert INDEX.random_access_before(900 * 188) == 900 * 188
    assert INDEX.random_access_before(899 * 188) == 300 * 188
    assert INDEX.random_access_before(299 * 188) is None


def test_random_access_points_far_back_are_found() -> None:
    """However many records are between."""
    many = [(1 + n / 10_000, n // 100, RANDOM_ACCESS if n == 5 else 0) for n in range(20_000)]
    assert SegmentIndex(SEGMENT, records(*many)).random_access_before(188 * 150) == 0


def test_a_track_is_searched_over_its_segments(tmp_path: Path) -> None:
    """A time in a pause is the beginning of what follows; after the end, the end."""
    second = attrs.evolve(SEGMENT, number=2, started=STARTED + 60, offset_s=15.0)
    track = TrackIndex([INDEX, SegmentIndex(second, records())])
    assert track.at_clock(6.5) == Place(1, 250 * 188)
    assert track.at_wall(STARTED + 30) == Place(2, 0)
    assert track.at_clock(20.0) == Place(2, 500 * 188)
    assert track.at_clock(99.0) == Place(2, 1000 * 188)
    assert track.clock_at(Place(2, 500 * 188)) == 20.0
    assert track.wall_at(Place(2, 500 * 188)) == STARTED + 65
    assert track.random_access_before(Place(2, 400 * 188)) == Place(1, 900 * 188)
    assert track.random_access_before(Place(1, 100 * 188)) is None


@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 100)), max_size=30))
def test_there_and_back(steps: list[tuple[int, int]]) -> None:
    """Whatever the records, a packet's time leads to it, or to the one that came just before."""
    rows, seconds, packets = [], 0.001, 1
    for milliseconds, more in steps:
        seconds, packets = seconds + (milliseconds + 1) / 1e6, packets + more
        rows.append((seconds, min(packets, 999), 0))
    index = SegmentIndex(SEGMENT, records(*rows))
    for packet in (0, 1, 10, 500, 999):
        time_us = index.time_at("clock_us", packet * 188)
        found = index.offset_at("clock_us", time_us)
        assert index.time_at("clock_us", found) <= time_us
        assert index.time_at("clock_us", found + 188) >= time_us


def test_records_are_appended_and_read(tmp_path: Path) -> None:
    """In the documented form: a header of forty bytes, and forty a record."""
    path = tmp_path / "00001.idx"
    assert RECORD.itemsize == 40
    index_file.append(path, records((1, 200, 0)))
    index_file.append(path, records((2, 300, RANDOM_ACCESS)))
    content = path.read_bytes()
    assert len(content) == 3 * 40
    assert content[:16] == b"HMPINDEX" + bytes([1, 0, 0, 0, 40, 0, 0, 0])
    second = content[80:]
    assert int.from_bytes(second[:8], "little") == 1_700_000_002_000_000
    assert int.from_bytes(second[8:16], "little") == 7_000_000
    assert int.from_bytes(second[16:24], "little") == 300 * 188
    assert second[34:36] == bytes([RANDOM_ACCESS, 0])
    assert index_file.read(path, SEGMENT.bytes).tobytes() == content[40:]


def test_what_a_crash_left_is_not_read(tmp_path: Path) -> None:
    """A torn record, one of zeros, and those of bytes that never reached the disk."""
    path = tmp_path / "00001.idx"
    index_file.append(path, records((1, 200, 0), (2, 300, 0), (3, 5000, 0)))
    with path.open("ab") as file:
        file.write(bytes(40) + b"torn")
    assert index_file.read(path, SEGMENT.bytes).size == 2


@pytest.mark.parametrize("content", [None, b"", b"HMPINDEX", b"x" * 400])
def test_what_is_no_index_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, cut in the header, something else: times come from the segment's ends."""
    path = manifest.segment_path(tmp_path, 1, 1)
    path.parent.mkdir()
    if content is not None:
        index_file.path_of(path).write_bytes(content)
    with pytest.raises(IndexDamagedError, match=r"00001\.idx"):
        index_file.read(index_file.path_of(path), SEGMENT.bytes)
    index = SegmentIndex.open(tmp_path, 1, SEGMENT)
    assert index.offset_at("clock_us", 10_000_000) == 500 * 188


def media(folder: Path, seconds: float = 20, **options: set[str]) -> manifest.Segment:
    """A segment's file, and what the manifest says of it."""
    path = manifest.segment_path(folder, 1, 1)
    path.parent.mkdir(exist_ok=True)
    data = b"".join(Multiplex(**options).seconds(seconds))
    path.write_bytes(data)
    return attrs.evolve(SEGMENT, bytes=len(data), duration_s=seconds - 0.01)


def test_an_index_is_made_from_the_media(tmp_path: Path) -> None:
    """By its PCR; random access points are those of video. It is marked as reckoned."""
    segment = media(tmp_path)
    assert index_build.ensure(tmp_path, 1, segment)
    assert not index_build.ensure(tmp_path, 1, segment)
    made = SegmentIndex.open(tmp_path, 1, segment)
    assert 190 <= made.records.size <= 225
    assert (made.records["flags"] & ESTIMATED).all()
    for seconds in (0.05, 3.33, 12.0, 19.9):
        place = made.offset_at("clock_us", round((5 + seconds) * 1e6))
        assert place / 188 / 3000 == pytest.approx(seconds, abs=0.02)
    assert made.random_access_before(segment.bytes) == pytest.approx(19 * 3000 * 188, abs=188 * 30)
    clocks = made.records[made.records["pcr"] >= 0]
    assert clocks["pcr"].tolist() == [
        (int(offset) // 188 // 30) * (pcr.HZ // 100) for offset in clocks["offset"]
    ]


def test_only_what_is_missing_of_an_index_is_made(tmp_path: Path) -> None:
    """What was written as it came stays as it is, though a crash tore its end off."""
    segment = media(tmp_path)
    path = index_file.path_of(manifest.segment_path(tmp_path, 1, 1))
    index_file.append(path, records(*((n / 10, n * 300, 0) for n in range(1, 80))))
    before = path.read_bytes()
    with path.open("ab") as file:
        file.write(b"torn")
    assert index_build.ensure(tmp_path, 1, segment)
    content = path.read_bytes()
    assert content.startswith(before)
    made = SegmentIndex.open(tmp_path, 1, segment)
    assert (np.diff(made.records["offset"]) > 0).all()
    assert (np.diff(made.records["clock_us"]) >= 0).all()
    place = made.offset_at("clock_us", round((5 + 15.0) * 1e6))
    assert place / 188 / 3000 == pytest.approx(15.0, abs=0.1)


def test_media_without_pcr_is_indexed_by_its_ends(tmp_path: Path) -> None:
    """Nothing in it tells of time."""
    segment = media(tmp_path, without={"pcr"})
    assert index_build.ensure(tmp_path, 1, segment)
    made = SegmentIndex.open(tmp_path, 1, segment)
    assert made.records.size == 0
    place = made.offset_at("clock_us", round((5 + 10.0) * 1e6))
    assert place % ts.PACKET == 0
    assert place / segment.bytes == pytest.approx(0.5, abs=0.01)
