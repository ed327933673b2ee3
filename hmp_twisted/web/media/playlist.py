"""A track for a player: parts that begin where decoding can, found by the index.

A browser plays MPEG-TS by HTTP Live Streaming (RFC 8216): a list of byte ranges with their lengths
in seconds. A new segment is a discontinuity, so pauses and restarts play through, and what the
recording's clock shows at each part goes with it, so that HotMarks and tracks fit together.
While a recording is in progress its list grows by each part that is whole; what was listed stays.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import attrs
import numpy as np

from ...engine import manifest
from ...engine.index import SegmentIndex, TrackIndex
from ...engine.index_file import RANDOM_ACCESS

PART_S = 4.0
"""A part is at least so long, but for the last of a segment."""


@attrs.frozen
class Part:
    """A run of a track's bytes that is decoded from its beginning."""

    offset: int
    """In the track's segments as one file."""
    bytes: int
    seconds: float
    clock_s: float
    """The recording's clock at its beginning."""
    begins_segment: bool


def parts_of(folder: Path, track: manifest.Track, *, grows: bool) -> tuple[Part, ...]:
    """The parts of a track, in their order; of one that ``grows`` those that are whole."""
    if not track.segments:
        return ()
    parts: list[Part] = []
    before = 0
    for one in TrackIndex.open(folder, track).segments:
        found = _parts_of_segment(one, before)
        parts += found if one.segment.closed or not grows else found[:-1]
        before += one.segment.bytes
    return tuple(parts)


def _parts_of_segment(one: SegmentIndex, before: int) -> list[Part]:
    segment = one.segment
    if not segment.bytes:
        return []
    ends = segment.offset_s + max(segment.duration_s, 0.04)
    starts = _starts(one)
    bounds = [*starts, (segment.bytes, ends)]
    return [
        Part(before + at, until - at, max(0.001, end - begin), begin, at == 0)
        for (at, begin), (until, end) in pairwise(bounds)
    ]


def _starts(one: SegmentIndex) -> list[tuple[int, float]]:
    """Offset and clock of each part's beginning; the first is the segment's."""
    records = one.records[(one.records["flags"] & RANDOM_ACCESS) != 0]
    clocks = np.maximum.accumulate(records["clock_us"]) / 1e6
    starts = [(0, one.segment.offset_s)]
    for offset, clock in zip(records["offset"].tolist(), clocks.tolist(), strict=True):
        at, since = starts[-1]
        if at < offset < one.segment.bytes and clock - since >= PART_S:
            starts.append((offset, clock))
    return starts


def hls(parts: tuple[Part, ...], url: str, *, grows: bool) -> str:
    """The media playlist (RFC 8216, section 4.3) of parts that are ranges of what is at ``url``.

    One that ``grows`` has no end yet; players ask for it again.
    """
    longest = max((part.seconds for part in parts), default=PART_S)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:4",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if grows else 'VOD'}",
        f"#EXT-X-TARGETDURATION:{int(longest + 1)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    for number, part in enumerate(parts):
        if part.begins_segment and number:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += [f"#EXTINF:{part.seconds:.3f},", f"#EXT-X-BYTERANGE:{part.bytes}@{part.offset}"]
        lines.append(url)
    return "\n".join([*lines, *([] if grows else ["#EXT-X-ENDLIST"]), ""])


def clock_of(parts: tuple[Part, ...]) -> list[list[float]]:
    """For each segment: seconds in the player, the recording's clock there, and its length.

    The player's time has no holes, the recording's clock has one wherever nothing came.
    """
    stretches: list[list[float]] = []
    played = 0.0
    for part in parts:
        if part.begins_segment or not stretches:
            stretches.append([round(played, 3), round(part.clock_s, 3), 0.0])
        stretches[-1][2] = round(stretches[-1][2] + part.seconds, 3)
        played += part.seconds
    return stretches
