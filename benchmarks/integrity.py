"""How long it takes to find a time in the index of 24 hours, and back.

``python -m benchmarks.integrity``. The index is synthetic: a record each tenth of a second and two
random access points a second, as eight Mbit/s make them.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from hmp_twisted.engine import index_file, manifest
from hmp_twisted.engine.index import TrackIndex
from hmp_twisted.engine.inspection import marks

HOURS = 24
RATE = 8_000_000
_STARTED = 1_700_000_000.0
_LOOKUPS = 500

T = TypeVar("T")


def main() -> None:
    """Make an index, look things up in it, print the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        track = _make(folder)
        path = index_file.path_of(manifest.segment_path(folder, 1, 1))
        share = path.stat().st_size / track.bytes
        size = f"{path.stat().st_size:,} bytes, {share:.4%} of its media"
        print(f"index of {HOURS} h at {RATE / 1e6:g} Mbit/s: {size}")
        for what, milliseconds in _timings(folder, track).items():
            print(f"{what:45} {milliseconds:8.3f} ms")


def _make(folder: Path) -> manifest.Track:
    seconds = HOURS * 3600
    size = seconds * RATE // 8 // 188 * 188
    segment = manifest.Segment(1, _STARTED, 0.0, size, float(seconds), closed=True)
    path = manifest.segment_path(folder, 1, 1)
    path.parent.mkdir()
    times = np.sort(np.concatenate((np.arange(0, seconds, 0.1), np.arange(0.03, seconds, 0.5))))
    records = np.zeros(times.size, index_file.RECORD)
    records["clock_us"] = np.rint(times * 1e6)
    records["wall_us"] = records["clock_us"] + round(_STARTED * 1e6)
    records["offset"] = (times * (RATE / 8 / 188)).astype(np.int64) * 188
    records["pcr"], records["pid"] = marks.NO_PCR, 0x100
    records["flags"][np.isclose(times * 2 % 1, 0.06)] = index_file.RANDOM_ACCESS
    index_file.append(path.with_suffix(".idx"), records)
    return manifest.Track(1, "", "", "", bytes=size, segments=(segment,))


def _timings(folder: Path, track: manifest.Track) -> dict[str, float]:
    chosen = random.Random(1)
    seconds = [chosen.uniform(0, HOURS * 3600) for _ in range(_LOOKUPS)]
    index = TrackIndex.open(folder, track)
    places = [index.at_clock(second) for second in seconds]
    return {
        "open": _median(lambda _: TrackIndex.open(folder, track), seconds),
        "open and time of day to place": _median(
            lambda s: TrackIndex.open(folder, track).at_wall(_STARTED + s), seconds
        ),
        "recording's clock to place": _median(index.at_clock, seconds),
        "time of day to place": _median(lambda s: index.at_wall(_STARTED + s), seconds),
        "place to time of day": _median(index.wall_at, places),
        "random access point before a place": _median(index.random_access_before, places),
    }


def _median(act: Callable[[T], object], arguments: list[T]) -> float:
    taken = []
    for argument in arguments:
        begun = time.perf_counter()
        act(argument)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    main()
