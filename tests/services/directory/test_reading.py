"""A recording's files, verified and exported."""

from __future__ import annotations

import errno
from pathlib import Path

import attrs
import pytest

from hmp_twisted.engine import manifest
from hmp_twisted.errors import (
    InUseError,
    InvalidValueError,
    WriteFailedError,
)
from hmp_twisted.services.directory import (
    exporting,
    verifying,
)
from tests.catalogue import (
    add_files,
    change_manifest,
    new_id,
    packets,
)

from .conftest import SOUND, ignore, problems

# -- verify ---------------------------------------------------------------------------------


def test_sound_segments_are_counted_in_packets(tmp_path: Path) -> None:
    """Of every track, in order; a file longer than what is read at a time, too."""
    long = packets(1) * (verifying.CHUNK // 188 + 3)
    folder = add_files(tmp_path, new_id(), [[SOUND, long], [SOUND]])
    reports = verifying.verify(folder, manifest.read(folder))
    assert [(r.track, r.segment, r.packets, r.problem) for r in reports] == [
        (1, 1, 40, ""),
        (1, 2, verifying.CHUNK // 188 + 3, ""),
        (2, 1, 40, ""),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SOUND[:-188], "has 7332 bytes, 7520 were recorded"),
        (SOUND + SOUND[:188], "has 7708 bytes, 7520 were recorded"),
        (SOUND[:188] + b"\0" + SOUND[189:], "packet 1 (at byte 188) does not begin with 0x47"),
        (b"\0" + SOUND[1:376] + b"\0" * 376 + SOUND[752:], "packet 0 (at byte 0) does not begin "
         "with 0x47, nor do 2 more"),
    ],
)  # fmt: skip
def test_damage_is_told_where_it_is(tmp_path: Path, content: bytes, problem: str) -> None:
    """Size first, then the first packet that is out of step, and how many more."""
    folder = add_files(tmp_path, new_id(), [[SOUND, SOUND]])
    manifest.segment_path(folder, 1, 2).write_bytes(content)
    assert problems(folder) == ["", problem]


def test_a_damaged_packet_is_found_in_every_chunk(tmp_path: Path) -> None:
    """The number counts from the file's beginning."""
    count = verifying.CHUNK // 188 + 3
    content = bytearray(packets(1) * count)
    content[(count - 1) * 188] = 0
    folder = add_files(tmp_path, new_id(), [[bytes(content)]])
    assert problems(folder) == [
        f"packet {count - 1} (at byte {(count - 1) * 188}) does not begin with 0x47"
    ]


def test_missing_and_unlisted_segments_are_told(tmp_path: Path) -> None:
    """One that has no file, and a file that is not listed."""
    folder = add_files(tmp_path, new_id(), [[SOUND, SOUND]])
    manifest.segment_path(folder, 1, 2).rename(manifest.segment_path(folder, 1, 7))
    assert problems(folder) == ["", "is missing", "is not in recording.json"]


def test_a_segment_that_ends_within_a_packet_is_told(tmp_path: Path) -> None:
    """Even if it was recorded so."""
    folder = add_files(tmp_path, new_id(), [[SOUND + b"\x47half"]])
    assert problems(folder) == ["ends within a packet: 7525 bytes are not a multiple of 188"]


def test_a_segment_that_is_being_recorded_may_be_ahead_of_its_record(tmp_path: Path) -> None:
    """And end within a packet; a closed one may not."""
    folder = add_files(tmp_path, new_id(), [[SOUND, SOUND]])
    (track,) = manifest.read(folder).tracks
    closed, growing = track.segments
    growing = attrs.evolve(growing, closed=False)
    track = attrs.evolve(track, segments=(closed, growing))
    change_manifest(folder, state="RECORDING", tracks=(track,))
    with manifest.segment_path(folder, 1, 2).open("ab") as file:
        file.write(SOUND[:200])
    manifest.segment_path(folder, 1, 3).write_bytes(SOUND)
    assert problems(folder) == ["", ""]


# -- export ---------------------------------------------------------------------------------


def test_a_track_is_exported_in_order(tmp_path: Path) -> None:
    """Its segments, byte for byte; progress adds up."""
    folder = add_files(tmp_path, new_id(), [[SOUND, packets(3)], [packets(9)]])
    target, done = tmp_path / "out.ts", [0]
    track = exporting.pick_track(manifest.read(folder), 1)
    count = exporting.export(folder, track, target, force=False, progress=done.append)
    assert target.read_bytes() == SOUND + packets(3)
    assert count == sum(done) == target.stat().st_size
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.ts"]


def test_the_track_must_be_clear(tmp_path: Path) -> None:
    """The only one goes without saying; of several one is named, and must be there."""
    two = manifest.read(add_files(tmp_path, new_id(), [[SOUND], [SOUND]]))
    one = manifest.read(add_files(tmp_path, new_id(), [[SOUND]]))
    assert exporting.pick_track(one, None).number == 1
    assert exporting.pick_track(two, 2).number == 2
    with pytest.raises(InvalidValueError, match=r"tracks 1 \(Camera 1\), 2 .*--track"):
        exporting.pick_track(two, None)
    with pytest.raises(InvalidValueError, match=r"no track 3; it has 1 \(Camera 1\)"):
        exporting.pick_track(two, 3)


def test_an_export_replaces_nothing_unasked(tmp_path: Path) -> None:
    """A file by force, a folder never."""
    folder = add_files(tmp_path, new_id(), [[SOUND]])
    track = exporting.pick_track(manifest.read(folder), 1)
    target = tmp_path / "out.ts"
    target.write_text("precious")
    with pytest.raises(InUseError, match="--force"):
        exporting.export(folder, track, target, force=False, progress=ignore)
    assert target.read_text() == "precious"
    exporting.export(folder, track, target, force=True, progress=ignore)
    assert target.read_bytes() == SOUND
    with pytest.raises(InUseError, match="is a folder"):
        exporting.export(folder, track, tmp_path, force=True, progress=ignore)


def test_an_export_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    """A missing segment is told before anything is written; a failure later undoes what was."""
    folder = add_files(tmp_path, new_id(), [[SOUND, SOUND]])
    track = exporting.pick_track(manifest.read(folder), 1)
    out = tmp_path / "out"
    out.mkdir()

    def full(done: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(WriteFailedError, match=r"out\.ts: the export failed: No space left"):
        exporting.export(folder, track, out / "out.ts", force=False, progress=full)
    with pytest.raises(WriteFailedError, match=r"nowhere/out\.ts: the export failed: No such file"):
        exporting.export(
            folder, track, tmp_path / "nowhere" / "out.ts", force=False, progress=ignore
        )
    manifest.segment_path(folder, 1, 2).unlink()
    with pytest.raises(WriteFailedError, match=r"00002\.ts: is missing"):
        exporting.export(folder, track, out / "out.ts", force=False, progress=ignore)
    assert list(out.iterdir()) == []
