"""What a track in progress counts by itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hmp_twisted.engine import ts
from hmp_twisted.engine.lane import Lane
from hmp_twisted.engine.live import LiveTrack, RecordingClock
from hmp_twisted.engine.manifest import Track


@pytest.mark.parametrize("packets", [1, 7, 43])
def test_what_a_file_missed_is_counted_in_datagrams_of_its_source(
    packets: int, tmp_path: Path
) -> None:
    """However large those are."""
    source: Any = SimpleNamespace(datagrams=1000, bytes=1000 * packets * ts.PACKET)
    before = Track(number=1, source_id="1", source_name="", url="udp://@127.0.0.1:5000")
    unused = cast("Any", None)
    track = LiveTrack(
        tmp_path, before, source, RecordingClock(0.0), 1, lambda: None, unused, Lane()
    )
    assert track.missed == 0
    track.segment_at(1.0).miss(700 * packets * ts.PACKET)
    assert track.missed == 700
