"""Cutting: the packets of a stretch, byte for byte, or nothing at all."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from hmp_twisted.engine import index_file, manifest
from hmp_twisted.engine.index import TrackIndex
from hmp_twisted.errors import DiskFullError, InvalidValueError
from hmp_twisted.services import cutting
from tests.catalogue import add_files, new_id, packets

PACKET = 188
SECOND = 100 * PACKET
"""Bytes of a second: each segment has 600 packets and lasts six seconds."""
SEGMENT = packets(600)


def recorded(folder: Path, *tracks: tuple[bytes, ...]) -> manifest.Recording:
    """A recording of these tracks' segments; its clock runs on from one to the next."""
    recording_id = new_id()
    return manifest.read(add_files(folder, recording_id, tracks))


def mark(folder: Path, recording: manifest.Recording, segment: int, *seconds: float) -> None:
    """Write the index of a segment: decoding can begin at these seconds of it."""
    origin = 6.0 * (segment - 1)
    records = np.zeros(len(seconds), index_file.RECORD)
    for record, at in zip(records, seconds, strict=True):
        record["offset"] = at * SECOND
        record["clock_us"] = round((origin + at) * 1e6)
        record["wall_us"] = round((1_769_860_800 + 7 * (segment - 1) + at) * 1e6)
        record["flags"] = index_file.RANDOM_ACCESS
    media = manifest.segment_path(folder / recording.id, 1, segment)
    index_file.append(index_file.path_of(media), records)


def cut(
    folder: Path, recording: manifest.Recording, begin: float, end: float, min_free: int = 0
) -> tuple[manifest.Recording, float, list[float]]:
    """Cut a stretch out; gives what was made, where it began, and the progress told."""
    told: list[float] = []
    made, origin_s = cutting.cut(
        folder, recording, new_id(), begin, end, min_free_bytes=min_free, progress=told.append
    )
    return made, origin_s, told


def media(folder: Path, made: manifest.Recording, track: int = 1) -> list[bytes]:
    """What the files of a track hold, as the manifest on disk names them."""
    read = manifest.read(folder / made.id)
    assert read == made
    segments = read.tracks[track - 1].segments
    found = [manifest.segment_path(folder / made.id, track, s.number) for s in segments]
    assert [path.stat().st_size for path in found] == [s.bytes for s in segments]
    return [path.read_bytes() for path in found]


def only(folder: Path, *recordings: manifest.Recording) -> None:
    """Hold that nothing but these is in the folder."""
    assert {path.name for path in folder.iterdir()} == {one.id for one in recordings}


def test_a_stretch_is_cut_out_byte_for_byte(tmp_path: Path) -> None:
    """Whole packets; it is a recording of its own, with a clock that begins at 0."""
    whole = recorded(tmp_path, (SEGMENT,))
    made, origin_s, told = cut(tmp_path, whole, 2.0, 4.5)
    assert media(tmp_path, made) == [SEGMENT[2 * SECOND : 4 * SECOND + 50 * PACKET]]
    assert (made.state, origin_s, made.duration_s) == ("FINISHED", 2.0, pytest.approx(2.5))
    (segment,) = made.tracks[0].segments
    assert (segment.number, segment.offset_s, segment.closed) == (1, 0.0, True)
    assert segment.started == whole.tracks[0].segments[0].started + 2.0
    assert told[-1] == 1.0
    only(tmp_path, whole, made)


def test_it_begins_where_decoding_can(tmp_path: Path) -> None:
    """At the last such place before the moment asked for; its index goes along, from 0 on."""
    whole = recorded(tmp_path, (SEGMENT,))
    mark(tmp_path, whole, 1, 0.0, 2.0, 4.0)
    made, origin_s, _ = cut(tmp_path, whole, 3.5, 5.0)
    assert origin_s == 2.0
    assert media(tmp_path, made) == [SEGMENT[2 * SECOND : 5 * SECOND]]
    (index,) = TrackIndex.open(tmp_path / made.id, made.tracks[0]).segments
    assert index.records["offset"].tolist() == [0, 2 * SECOND]
    assert index.records["clock_us"].tolist() == [0, 2_000_000]


def test_a_pause_stays_one(tmp_path: Path) -> None:
    """What is cut of two segments is two segments; none begins before the pause asked for after."""
    whole = recorded(tmp_path, (SEGMENT, SEGMENT, SEGMENT))
    mark(tmp_path, whole, 1, 0.0, 5.0)
    made, origin_s, _ = cut(tmp_path, whole, 5.5, 13.0)
    assert origin_s == 5.0
    assert media(tmp_path, made) == [SEGMENT[5 * SECOND :], SEGMENT, SEGMENT[:SECOND]]
    assert [s.offset_s for s in made.tracks[0].segments] == [0.0, 1.0, 7.0]
    _, origin_s, _ = cut(tmp_path, whole, 7.0, 8.0)
    assert origin_s == 7.0, "where the second segment decodes is not known"


def test_all_tracks_are_cut_by_one_clock(tmp_path: Path) -> None:
    """One that begins earlier, to be decoded, says so; one without media there is empty."""
    whole = recorded(tmp_path, (SEGMENT,), (SEGMENT,), ())
    mark(tmp_path, whole, 1, 1.0)
    made, origin_s, _ = cut(tmp_path, whole, 3.0, 4.0)
    assert origin_s == 1.0
    assert [[s.offset_s for s in t.segments] for t in made.tracks] == [[0.0], [2.0], []]
    assert media(tmp_path, made, 2) == [SEGMENT[3 * SECOND : 4 * SECOND]]


@pytest.mark.parametrize(("begin", "end"), [(30.0, 40.0), (6.0, 9.0)])
def test_where_nothing_is_nothing_is_made(tmp_path: Path, begin: float, end: float) -> None:
    """Beyond the end."""
    whole = recorded(tmp_path, (SEGMENT,))
    with pytest.raises(InvalidValueError, match="holds nothing"):
        cut(tmp_path, whole, begin, end)
    only(tmp_path, whole)


def test_what_must_stay_free_does(tmp_path: Path) -> None:
    """Recording comes first."""
    whole = recorded(tmp_path, (SEGMENT,))
    with pytest.raises(DiskFullError, match="no room for"):
        cut(tmp_path, whole, 0.0, 6.0, min_free=1 << 60)
    only(tmp_path, whole)


def test_a_disk_that_runs_full_leaves_no_half_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the check before said."""
    whole = recorded(tmp_path, (SEGMENT, SEGMENT))
    synced: list[int] = []

    def sync(descriptor: int) -> None:
        """The second file does not fit."""
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cutting.os, "fsync", sync)
    with pytest.raises(OSError, match="No space left"):
        cut(tmp_path, whole, 0.0, 12.0)
    only(tmp_path, whole)


@pytest.mark.parametrize("left", [None, 3 * SECOND])
def test_files_that_went_meanwhile_leave_no_half_recording(
    tmp_path: Path, left: int | None
) -> None:
    """Removed, or shorter than they were said to be."""
    whole = recorded(tmp_path, (SEGMENT, SEGMENT))
    second = manifest.segment_path(tmp_path / whole.id, 1, 2)
    if left is None:
        second.unlink()
    else:
        second.write_bytes(SEGMENT[:left])
    with pytest.raises(OSError, match="No such file" if left is None else "ends .* bytes early"):
        cut(tmp_path, whole, 1.0, 12.0)
    only(tmp_path, whole)


def test_it_can_be_given_up(tmp_path: Path) -> None:
    """By who is told the progress."""
    whole = recorded(tmp_path, (SEGMENT,))

    def give_up(done: float) -> None:
        """No more of it."""
        raise InterruptedError

    with pytest.raises(InterruptedError):
        cutting.cut(tmp_path, whole, new_id(), 0.0, 6.0, min_free_bytes=0, progress=give_up)
    only(tmp_path, whole)
