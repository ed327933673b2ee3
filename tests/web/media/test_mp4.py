"""MP4 files: made once, whole or not at all, and gone with their recording."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from hmp_twisted.config import RecordingsSettings, RestreamSettings, Settings
from hmp_twisted.engine import manifest
from hmp_twisted.errors import DiskFullError, StreamFailedError, WriteFailedError
from hmp_twisted.web.media.jobs import Job
from hmp_twisted.web.media.mp4 import Mp4Files
from tests.catalogue import add_files
from tests.harness.encoder import clip, decode_errors
from tests.web.conftest import Place

LAST = 'for last; do :; done; printf x >> "$(dirname "$0")/runs"; '


@attrs.define
class Making:
    """A recording, and the files made of it."""

    place: Place
    folder: Path
    recording: str
    settings: Settings

    @property
    def files(self) -> Mp4Files:
        """As the server would have them."""
        return Mp4Files(reactor, self.place.world.store, self.settings)

    @property
    def track(self) -> manifest.Track:
        """The recording's only one."""
        return manifest.read(self.place.world.recordings_dir / self.recording).tracks[0]

    def job(self, user: str = "ann") -> Job:
        """What asks for it."""
        return Job(f"mp4 {user}", self.recording, user, "MP4 of track 1")

    def ffmpeg(self, script: str) -> None:
        """Have this shell script in the place of ffmpeg; ``$last`` is the file to make."""
        path = self.folder / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{LAST}{script}\n")
        path.chmod(0o755)
        self.settings = attrs.evolve(self.settings, restream=RestreamSettings(ffmpeg=str(path)))

    @property
    def runs(self) -> int:
        """How often that was run."""
        return len((self.folder / "runs").read_text())

    @property
    def kept(self) -> list[str]:
        """What lies in the cache."""
        folder = self.settings.data_dir / "cache" / "mp4"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def making(place: Place, tmp_path: Path) -> Making:
    """A recording of two segments; the second begins after a pause."""
    world = place.world
    recording = world.recording(duration_s=4.0)
    media = clip(tmp_path / "clip.ts", 2).read_bytes()
    add_files(world.recordings_dir, recording, [(media, media)])
    settings = Settings(tmp_path, recordings=RecordingsSettings(min_free_bytes=0))
    return Making(place, tmp_path, recording, settings)


@pytest_twisted.ensureDeferred
async def test_a_track_is_made_into_a_sound_file(making: Making) -> None:
    """Of all its segments, with its progress; asked for again it is there."""
    job, files = making.job(), making.files
    assert files.find(making.recording, 1) is None
    await files.make(job, making.track)
    path = files.find(making.recording, 1)
    assert path is not None
    assert making.kept == [path.name]
    assert path.read_bytes()[4:8] == b"ftyp"
    assert path.stat().st_size > making.track.bytes / 3
    assert decode_errors(path) == ""


@pytest_twisted.ensureDeferred
async def test_several_who_want_the_same_wait_for_one(making: Making) -> None:
    """Two of them writing into one file would spoil it."""
    making.ffmpeg('cp "$0" "$last"')
    files = making.files
    jobs = [making.job(user) for user in ("ann", "bob", "cid")]
    await gatherResults([Deferred.fromCoroutine(files.make(job, making.track)) for job in jobs])
    assert making.runs == 1
    assert making.kept == [f"{making.recording}-1.mp4"]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ('echo half > "$last"; kill -9 $$', StreamFailedError, "SIGKILL"),
        (
            'echo half > "$last"; echo "No space left on device" >&2; exit 1',
            StreamFailedError,
            "No space left on device",
        ),
        ("exit 0", WriteFailedError, "No such file"),
    ],
)
async def test_an_ffmpeg_that_fails_leaves_nothing(
    making: Making, script: str, error: type[Exception], words: str
) -> None:
    """Killed in the middle, the disk full, or nothing made: the page says why."""
    making.ffmpeg(script)
    with pytest.raises(error, match=words):
        await making.files.make(making.job(), making.track)
    assert making.kept == []


@pytest_twisted.ensureDeferred
async def test_a_recording_that_goes_meanwhile_leaves_no_half_file(making: Making) -> None:
    """ffmpeg ends in order, with what it has, when the next of its files is gone."""
    second = manifest.segment_path(making.place.world.recordings_dir / making.recording, 1, 2)
    making.ffmpeg(f'rm "{second}"; cp "$0" "$last"')
    track = making.track
    with pytest.raises(StreamFailedError, match="was removed while"):
        await making.files.make(making.job(), track)
    assert making.kept == []


@pytest_twisted.ensureDeferred
async def test_what_must_stay_free_does(making: Making) -> None:
    """Recording comes first; ffmpeg is not even started."""
    recordings = RecordingsSettings(min_free_bytes=1 << 60)
    making.settings = attrs.evolve(making.settings, recordings=recordings)
    with pytest.raises(DiskFullError):
        await making.files.make(making.job(), making.track)
    assert making.kept == []


@pytest_twisted.ensureDeferred
async def test_a_file_goes_with_its_recording(making: Making) -> None:
    """Not while the recording is only in the bin; also what was begun when a server died."""
    making.ffmpeg('cp "$0" "$last"')
    files, world = making.files, making.place.world
    await files.make(making.job(), making.track)
    folder = making.settings.data_dir / "cache" / "mp4"
    (folder / f"{making.recording}-2.part").write_bytes(b"half")
    world.change("recordings", making.recording, deleted=1.0)
    await files.tidy()
    assert len(making.kept) == 2
    with world.store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM recordings")
    await files.tidy()
    assert making.kept == []
