"""What a track in progress counts by itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from hmp_twisted.engine import ts
from hmp_twisted.engine.counts import Counts
from hmp_twisted.engine.integrity import COUNTERS, Integrity
from hmp_twisted.engine.lane import Lane
from hmp_twisted.engine.live import LiveTrack, RecordingClock
from hmp_twisted.engine.manifest import Segment, Track


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


def test_nothing_that_a_former_life_left_is_forgotten(tmp_path: Path) -> None:
    """Whatever the manifest says of a track, it says of it still when the track goes on."""
    before = Track(
        number=1,
        source_id="1",
        source_name="Camera",
        url="udp://@127.0.0.1:5000",
        interface="10.0.0.1",
        datagrams=2,
        bytes=3,
        lost_datagrams=4,
        left_out_bytes=5,
        continuity_errors=6,
        integrity=Integrity(
            **{name: number for number, name in enumerate(COUNTERS, 1)},
            pcr_interval_max_s=0.1,
            pcr_jitter_max_s=0.2,
            pcr_accuracy_max_s=0.3,
            continuity_errors_by_pid={"0x0100": 7},
        ),
        segments=(Segment(number=1, started=8.0, offset_s=0.0),),
    )
    for told in (before, before.integrity):
        for field in attrs.fields(type(told)):
            assert getattr(told, field.name) != field.default, f"{field.name} is not looked at"
    unused = cast("Any", None)
    track = LiveTrack(
        tmp_path, before, unused, RecordingClock(0.0), 2, lambda: None, unused, Lane()
    )
    assert track.entry(Counts()) == before
