"""Playlists: every byte once, cut where decoding can begin, with what the clock shows there."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest

from hmp_twisted.engine import index_file, manifest
from hmp_twisted.web.media.playlist import PART_S, Part, clock_of, hls, parts_of
from tests.catalogue import add_files, new_id, packets

SECOND = 100 * 188
SEGMENT = packets(600)
"""Six seconds."""


def track_of(folder: Path, *segments: bytes, closed: bool = True) -> manifest.Track:
    """A track of a recording in this folder; its last segment may be written to still."""
    add_files(folder.parent, folder.name, [segments])
    (track,) = manifest.read(folder).tracks
    if closed:
        return track
    *before, last = track.segments
    return attrs.evolve(track, segments=(*before, attrs.evolve(last, closed=False)))


def mark(folder: Path, segment: int, *places: tuple[float, float]) -> None:
    """Decoding can begin so many seconds into the file, when the clock shows so much."""
    records = np.zeros(len(places), index_file.RECORD)
    for record, (at, clock) in zip(records, places, strict=True):
        record["offset"], record["clock_us"] = at * SECOND, round(clock * 1e6)
        record["wall_us"] = 1 + round(clock * 1e6)
        record["flags"] = index_file.RANDOM_ACCESS
    media = manifest.segment_path(folder, 1, segment)
    index_file.append(index_file.path_of(media), records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording's, not there yet."""
    return tmp_path / new_id()


def starts(parts: tuple[Part, ...]) -> list[float]:
    """Where the parts begin, in seconds of the file."""
    return [part.offset / SECOND for part in parts]


def assert_whole(parts: tuple[Part, ...], size: int) -> None:
    """Every byte is in one part, in order."""
    end = 0
    for part in parts:
        assert part.offset == end
        assert part.bytes > 0
        end += part.bytes
    assert end == size


def test_parts_begin_where_decoding_can_and_are_not_too_short(folder: Path) -> None:
    """Places that come too soon after the last are left out; the rest of a segment is a part."""
    track = track_of(folder, SEGMENT)
    mark(folder, 1, (0.0, 0.0), (2.0, 2.0), (4.5, 4.5), (5.5, 5.5))
    parts = parts_of(folder, track, grows=False)
    assert starts(parts) == [0.0, 4.5]
    assert [part.seconds for part in parts] == [4.5, 1.5]
    assert parts[0].seconds >= PART_S
    assert_whole(parts, len(SEGMENT))


def test_without_an_index_a_segment_is_one_part(folder: Path) -> None:
    """It plays; seeking is the browser's matter then."""
    parts = parts_of(folder, track_of(folder, SEGMENT, SEGMENT), grows=False)
    assert starts(parts) == [0.0, 6.0]
    assert [part.begins_segment for part in parts] == [True, True]
    assert_whole(parts, 2 * len(SEGMENT))


def test_a_clock_that_the_index_turns_back_makes_no_part_without_length(folder: Path) -> None:
    """Whatever an index says: lengths are above 0, or players stop."""
    track = track_of(folder, SEGMENT)
    mark(folder, 1, (1.0, 5.0), (2.0, 1.0), (3.0, 99.0), (4.0, 0.0))
    parts = parts_of(folder, track, grows=False)
    assert all(part.seconds > 0 for part in parts)
    assert_whole(parts, len(SEGMENT))


def test_of_a_track_that_grows_only_what_is_whole_is_listed(folder: Path) -> None:
    """What was listed stays as it was when more is there."""
    track = track_of(folder, SEGMENT, SEGMENT, closed=False)
    mark(folder, 2, (0.0, 6.0), (4.0, 10.0))
    growing = parts_of(folder, track, grows=True)
    assert starts(growing) == [0.0, 6.0]
    ended = parts_of(folder, track, grows=False)
    assert ended[: len(growing)] == growing
    assert starts(ended) == [0.0, 6.0, 10.0]
    text = hls(growing, "/bytes", grows=True)
    assert "EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "EXT-X-ENDLIST" not in text


def test_a_track_without_media_has_no_parts(folder: Path) -> None:
    """Its source sent nothing."""
    assert parts_of(folder, track_of(folder), grows=False) == ()
    assert (
        parts_of(folder.with_name(new_id()), track_of(folder.with_name("b"), b""), grows=False)
        == ()
    )
    assert hls((), "/bytes", grows=False).endswith("#EXT-X-ENDLIST\n")


def test_the_playlist_is_one_of_byte_ranges(folder: Path) -> None:
    """By RFC 8216: a pause is a discontinuity, and no part is longer than the target."""
    track = track_of(folder, SEGMENT, SEGMENT)
    mark(folder, 1, (4.25, 4.25))
    lines = hls(parts_of(folder, track, grows=False), "/bytes", grows=False).splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert "#EXT-X-TARGETDURATION:7" in lines
    first = int(4.25 * SECOND)
    assert lines[5:-1] == [
        "#EXTINF:4.250,",
        f"#EXT-X-BYTERANGE:{first}@0",
        "/bytes",
        "#EXTINF:1.750,",
        f"#EXT-X-BYTERANGE:{len(SEGMENT) - first}@{first}",
        "/bytes",
        "#EXT-X-DISCONTINUITY",
        "#EXTINF:6.000,",
        f"#EXT-X-BYTERANGE:{len(SEGMENT)}@{len(SEGMENT)}",
        "/bytes",
    ]


def test_the_clock_has_holes_where_the_player_has_none() -> None:
    """So that a HotMark after a pause in reception is found."""
    parts = (
        Part(0, 9, 4.0, 0.0, True),
        Part(9, 9, 2.0, 4.0, False),
        Part(18, 9, 3.0, 10.0, True),
    )
    assert clock_of(parts) == [[0.0, 0.0, 6.0], [6.0, 10.0, 3.0]]
    assert clock_of(()) == []
