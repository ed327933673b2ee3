"""Over the engine's end, orderly or not, recordings go on in a new segment, or are finished."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_twisted

from hmp_twisted.engine import certificate, events, index_file, manifest
from hmp_twisted.engine import recorder as recorder_module
from hmp_twisted.engine.active import EngineRunningError
from hmp_twisted.errors import WriteFailedError

from ..harness import free_udp_port, packets, wait_for
from .bench_of_recording import Bench, media, split, track, until


@contextmanager
def engine_to_be_killed(folder: Path, port: int, *then: str) -> Iterator[subprocess.Popen[str]]:
    """A process that records the port; killed, at the latest at the end of the context."""
    command = [sys.executable, "-m", "tests.engine.crashing_engine", str(folder), str(port), *then]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait(10)


def written(folder: Path) -> int:
    """Bytes in a track's first segment."""
    path = manifest.segment_path(folder, 1, 1)
    return path.stat().st_size if path.exists() else 0


@pytest_twisted.ensureDeferred
async def test_a_killed_engines_recording_goes_on(bench: Bench) -> None:
    """What had reached the disk is kept, closed and counted; what comes then is a new segment."""
    port = free_udp_port()
    data = packets.datagrams(0, 500)
    with engine_to_be_killed(bench.folder, port) as engine:
        bench.send(split(data)[:300], port)
        wait_for(
            lambda: written(bench.path("one")) == 300 * 1316, 10, "first 300 datagrams on disk"
        )
        engine.kill()
    before = time.monotonic()
    recorder = await bench.open()
    assert time.monotonic() - before < 2.0
    assert [one.state for one in recorder.active()] == ["RECORDING"]
    bench.send(split(data)[300:], port)
    recording = await recorder.stop("one")
    assert media(recording, bench.path("one")) == [data[: 300 * 1316], data[300 * 1316 :]]
    (only,) = recording.tracks
    assert (only.datagrams, only.bytes) == (500, len(data))
    assert all(segment.closed for segment in only.segments)
    assert recording.state == "FINISHED"
    (outage,) = [one for one in events.read(bench.path("one")) if one.kind == "outage"]
    assert (outage.track, 0 < outage.seconds < 10) == (1, True)
    await until(lambda: certificate.read(bench.path("one")), "certificate")
    for number in (1, 2):  # a second's worth of the first one's index was never written
        path = manifest.segment_path(bench.path("one"), 1, number)
        await until(index_file.path_of(path).exists, f"index of {path}")


@pytest_twisted.ensureDeferred
async def test_a_torn_packet_is_cut_off(bench: Bench) -> None:
    """A crash in the middle of a write leaves whole packets once the engine is back."""
    port = free_udp_port()
    data = packets.datagrams(0, 100)
    with engine_to_be_killed(bench.folder, port):
        bench.send(split(data), port)
        wait_for(lambda: written(bench.path("one")) == len(data), 10, "datagrams on disk")
    path = manifest.segment_path(bench.path("one"), 1, 1)
    os.truncate(path, len(data) - 100)
    recorder = await bench.open()
    recording = await recorder.stop("one")
    assert media(recording, bench.path("one")) == [data[: len(data) - 188]]
    assert recording.tracks[0].segments[0].bytes == len(data) - 188


@pytest_twisted.ensureDeferred
async def test_a_killed_engines_paused_recording_stays_paused(bench: Bench) -> None:
    """Its clock has not moved; it can be resumed."""
    port = free_udp_port()
    with engine_to_be_killed(bench.folder, port, "pause"):
        pass
    told = manifest.read(bench.path("one"))
    recorder = await bench.open()
    assert [one.state for one in recorder.active()] == ["PAUSED"]
    assert recorder.clock("one") == told.duration_s
    await recorder.resume("one")
    bench.send(split(packets.datagrams(0, 10)), port)
    assert (await recorder.stop("one")).tracks[0].datagrams == 10


@pytest_twisted.ensureDeferred
async def test_an_orderly_end_keeps_the_state(bench: Bench) -> None:
    """Closing closes the segments; the next life goes on as if nothing had been."""
    port, other = free_udp_port(), free_udp_port()
    data = packets.datagrams(0, 200)
    first = await bench.open()
    await first.start("one", [track(port)])
    await first.start("two", [track(other)])
    await first.pause("two")
    bench.send(split(data)[:100], port)
    await first.close()
    left = manifest.read(bench.path("one"))
    assert left.state == "RECORDING"
    assert [segment.closed for segment in left.tracks[0].segments] == [True]
    second = await bench.open()
    assert [(one.id, one.state) for one in second.active()] == [
        ("one", "RECORDING"),
        ("two", "PAUSED"),
    ]
    assert second.clock("one") >= left.duration_s
    bench.send(split(data)[100:], port)
    recording = await second.stop("one")
    assert b"".join(media(recording, bench.path("one"))) == data
    assert recording.tracks[0].datagrams == 200
    assert recording.created == left.created


async def left_over(bench: Bench, datagrams: int = 50) -> bytes:
    """A recording that an engine has left in the state RECORDING; its media."""
    port = free_udp_port()
    recorder = await bench.open()
    await recorder.start("one", [track(port)])
    data = packets.datagrams(0, datagrams)
    bench.send(split(data), port)
    await recorder.close()
    return data


@pytest_twisted.ensureDeferred
async def test_after_too_long_a_time_it_is_finished(bench: Bench) -> None:
    """All that was recorded is kept, the end is told, and nothing is recorded any more."""
    data = await left_over(bench)
    marker = bench.folder / ".active" / "one"
    os.utime(marker, (0, time.time() - 301))
    recorder = await bench.open(resume_within_s=300)
    assert not recorder.active()
    (ended,) = bench.ended
    assert (ended.id, ended.state) == ("one", "FINISHED")
    assert media(ended, bench.path("one")) == [data]
    assert manifest.read(bench.path("one")) == ended
    assert not marker.exists()


@pytest_twisted.ensureDeferred
async def test_a_damaged_manifest_does_not_end_a_recording(bench: Bench) -> None:
    """The marker has the same to tell, so it goes on."""
    await left_over(bench)
    (bench.path("one") / manifest.NAME).write_text("{")
    recorder = await bench.open()
    assert [one.state for one in recorder.active()] == ["RECORDING"]
    assert (await recorder.stop("one")).tracks[0].datagrams == 50


@pytest_twisted.ensureDeferred
async def test_when_nothing_can_be_read_the_files_are_kept(bench: Bench) -> None:
    """It is finished with the files found, and says so."""
    data = await left_over(bench)
    (bench.path("one") / manifest.NAME).write_text("{")
    (bench.folder / ".active" / "one").write_text("[1, 2")
    recorder = await bench.open()
    assert not recorder.active()
    (ended,) = bench.ended
    assert ended.state == "FINISHED"
    assert "recording.json was damaged" in ended.reason
    assert media(ended, bench.path("one")) == [data]
    assert manifest.read(bench.path("one")) == ended


@pytest_twisted.ensureDeferred
async def test_a_segment_that_the_manifest_does_not_know_is_kept(bench: Bench) -> None:
    """A file opened in the last moment before a crash is neither overwritten nor lost."""
    await left_over(bench)
    extra = packets.datagrams(50, 10)
    manifest.segment_path(bench.path("one"), 1, 2).write_bytes(extra)
    recorder = await bench.open()
    recording = await recorder.stop("one")
    assert media(recording, bench.path("one"))[1] == extra
    assert recording.tracks[0].datagrams == 60


@pytest_twisted.ensureDeferred
async def test_a_finished_recording_is_left_alone(bench: Bench) -> None:
    """A marker that outlived its recording by a crash is cleared away."""
    port = free_udp_port()
    recorder = await bench.open()
    await recorder.start("one", [track(port)])
    recording = await recorder.stop("one")
    await recorder.close()
    (bench.folder / ".active" / "one").write_bytes(manifest.encode(recording))
    again = await bench.open()
    assert not again.active()
    assert not (bench.folder / ".active" / "one").exists()
    assert manifest.read(bench.path("one")) == recording


@pytest_twisted.ensureDeferred
async def test_a_source_that_cannot_be_received_yet_is_tried_again(bench: Bench) -> None:
    """After a restart a port that is taken, or an interface that is late, ends no recording."""
    recorder = await bench.open()
    port = free_udp_port()
    await recorder.start("one", [track(port)])
    await recorder.close()
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", port))
    again = await bench.open()
    assert [one.state for one in again.active()] == ["RECORDING"]
    assert again.status()["sources"][0]["open"] is False
    taken.close()
    await until(lambda: again.status()["sources"][0]["open"], "open source")
    bench.send(split(packets.datagrams(0, 10)), port)
    assert (await again.stop("one")).tracks[0].datagrams == 10


@pytest_twisted.ensureDeferred
async def test_one_engine_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second engine waits for the first to let go; if it does not, one line names it."""
    monkeypatch.setattr(recorder_module, "LOCK_PATIENCE_S", 0.2)
    first = await bench.open()
    with pytest.raises(EngineRunningError, match=f"process {os.getpid()};"):
        await bench.open()
    monkeypatch.setattr(recorder_module, "LOCK_PATIENCE_S", 10.0)
    second = bench.made()
    waiting = second.open()
    await first.close()
    await waiting
    assert second.active() == []


@pytest_twisted.ensureDeferred
async def test_a_recordings_folder_that_cannot_be_made(bench: Bench) -> None:
    """One clear line says which folder and why."""
    bench.folder.parent.mkdir(exist_ok=True)
    bench.folder.write_text("in the way")
    with pytest.raises(WriteFailedError, match="cannot be written: Not a directory"):
        await bench.open()
