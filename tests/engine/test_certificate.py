"""The certificate of a recording: made by a process of its own, after the recording has ended."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import pytest_twisted

from hmp_twisted.engine import certificate, certifier, events, index_file, manifest
from hmp_twisted.engine.certifying import certify, main
from hmp_twisted.engine.events import Event

from ..catalogue import add_files
from ..harness import free_udp_port, packets
from .bench_of_recording import Bench, media, split, track, until

FIRST, SECOND = packets.datagrams(0, 20), packets.datagrams(20, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished recording of one track with two segments."""
    return add_files(tmp_path, "one", [[FIRST, SECOND]])


def test_a_certificate_says_what_every_segment_is(folder: Path) -> None:
    """Its bytes, packets, arrival and SHA-256; and what happened meanwhile."""
    gap = Event(at=5.0, clock_s=1.0, track=1, kind="gap", text="nothing came", seconds=2.0)
    sender = Event(at=6.0, clock_s=2.0, track=1, kind="sender", text="comes from elsewhere")
    events.append(folder, [gap])
    events.append(folder, [sender, attrs.evolve(gap, track=2)])
    made = certify(folder)
    assert certificate.read(folder) == made
    assert (made.id, made.state, made.recording) == ("one", "complete", "FINISHED")
    (only,) = made.tracks
    assert [(s.bytes, s.packets, s.sha256) for s in only.segments] == [
        (len(FIRST), 140, packets.sha256(FIRST)),
        (len(SECOND), 21, packets.sha256(SECOND)),
    ]
    recorded = manifest.read(folder).tracks[0].segments[0]
    assert only.segments[0].first == recorded.started
    assert only.segments[0].last == recorded.started + recorded.duration_s
    assert only.segments[0].path == "track-1/00001.ts"
    assert (only.gaps, only.events) == ((gap,), (sender,))


def test_a_gap_that_the_recording_ended_in_is_one_too(folder: Path) -> None:
    """From when nothing came any more to the end; one that was over counts once."""
    silent = Event(at=5.0, clock_s=1.0, track=1, kind="silent", text="nothing comes any more")
    gap = attrs.evolve(silent, kind="gap", text="nothing came for 2 s", seconds=2.0)
    outage = attrs.evolve(silent, kind="outage", clock_s=4.0, seconds=1.0)
    events.append(folder, [silent, gap, outage])
    assert certify(folder).tracks[0].gaps == (gap, outage)
    events.append(folder, [attrs.evolve(silent, clock_s=10.0)])
    *_, last = certify(folder).tracks[0].gaps
    assert (last.clock_s, last.seconds) == (10.0, 2.5)
    assert last.text == "nothing comes any more, to the end"


def test_sums_that_are_there_are_kept(folder: Path) -> None:
    """Nothing is read twice: what was certified is not certified anew when it was changed since."""
    made = certify(folder)
    manifest.segment_path(folder, 1, 1).write_bytes(b"x" * len(FIRST))
    assert certify(folder) == made


@pytest.mark.parametrize("change", ["missing", "shorter"])
def test_what_is_not_as_recorded_stays_pending(
    folder: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sum of something else would certify the damage."""
    path = manifest.segment_path(folder, 1, 2)
    path.unlink() if change == "missing" else path.write_bytes(SECOND[:-188])
    made = certify(folder)
    assert made.state == "pending"
    assert [bool(s.sha256) for s in made.tracks[0].segments] == [True, False]
    assert "00002.ts" in capsys.readouterr().err


def test_a_paused_recording_is_certified_as_far_as_it_is(tmp_path: Path) -> None:
    """Pending, because more may come."""
    folder = add_files(tmp_path, "one", [[FIRST]], "PAUSED")
    assert certify(folder).state == "pending"
    assert [bool(s.sha256) for s in certify(folder).tracks[0].segments] == [True]


def test_a_damaged_certificate_is_made_again(folder: Path) -> None:
    """Its content can be had from the files."""
    (folder / certificate.NAME).write_text("{")
    with pytest.raises(manifest.ManifestError, match="is damaged"):
        certificate.read(folder)
    assert certify(folder).state == "complete"
    assert certificate.read(folder) == certify(folder)


def test_torn_events_are_left_out(folder: Path) -> None:
    """A crash costs one line at most; a recording without events has none."""
    assert events.read(folder) == ()
    event = Event(at=5.0, clock_s=1.0, track=1, kind="rate", text="more")
    events.append(folder, [event, event])
    with (folder / events.NAME).open("ab") as file:
        file.write(b'{"at": 5, "clo')
    assert events.read(folder) == (event, event)


@pytest_twisted.ensureDeferred
async def test_a_recording_is_certified_when_it_has_ended(bench: Bench) -> None:
    """``stop`` does not wait for it; it is there soon after, and nothing is left to do."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 300))
    await recorder.start("one", [track(port)])
    bench.send(sent[:200], port)
    await recorder.pause("one")
    await recorder.resume("one")
    bench.send(sent[200:], port)
    recording = await recorder.stop("one")
    folder = bench.path("one")
    await until(lambda: (c := certificate.read(folder)) and c.state == "complete", "certificate")
    found = certificate.read(folder)
    assert found is not None
    sums = [segment.sha256 for segment in found.tracks[0].segments]
    assert sums == [packets.sha256(data) for data in media(recording, folder)]
    await until(lambda: not list((bench.folder / certifier.NAME).iterdir()), "end of the work")


@pytest_twisted.ensureDeferred
async def test_what_a_crash_left_to_certify_is_certified(bench: Bench) -> None:
    """At the next start, a missing index too."""
    folder = add_files(bench.folder, "one", [[FIRST]])
    (bench.folder / certifier.NAME).mkdir()
    (bench.folder / certifier.NAME / "one").touch()
    (bench.folder / certifier.NAME / "gone").touch()
    await bench.open()
    await until(lambda: not list((bench.folder / certifier.NAME).iterdir()), "end of the work")
    found = certificate.read(folder)
    assert found is not None
    assert found.state == "complete"
    assert index_file.path_of(manifest.segment_path(folder, 1, 1)).exists()


def test_the_process_tries_again_later_only_where_that_may_help(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No manifest is hopeless; a full disk is not; a folder that was removed is nothing."""
    monkeypatch.setattr("hmp_twisted.engine.certifying._step_back", lambda: None)
    assert main([str(folder), str(folder / "gone")]) == 0
    assert capsys.readouterr().err == ""
    (folder / "empty").mkdir()
    assert main([str(folder / "empty")]) == 0
    assert "recording.json" in capsys.readouterr().err

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(certificate, "write", full)
    assert main([str(folder)]) == 1
    assert "No space left" in capsys.readouterr().err
