"""A disk that is full, gone or slow: what was recorded stays, and the others go on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred

from hmp_twisted.engine import manifest, writer
from hmp_twisted.engine.buffers import BUFFER_BYTES
from hmp_twisted.engine.segments import SegmentFile
from hmp_twisted.errors import DiskFullError, UnknownRecordingError, WriteFailedError

from ..harness import free_udp_port, memory_disk, packets
from .bench_of_recording import Bench, media, split, track, until

SMALL_DISK_BYTES = 8 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Bench]:
    """A place to record in with 8 MiB of room."""
    with memory_disk(tmp_path / "small", SMALL_DISK_BYTES) as why_not:
        if why_not:
            pytest.skip(f"a disk that runs full needs root and mount: {why_not}")
        made = Bench(tmp_path / "small" / "recordings")
        yield made
        pytest_twisted.blockon(ensureDeferred(made.close()))


@pytest_twisted.ensureDeferred
async def test_no_start_below_the_floor(bench: Bench) -> None:
    """Too little free space is told before anything is made; resuming is refused too."""
    port = free_udp_port()
    recorder = await bench.open(min_free_bytes=1 << 60)
    with pytest.raises(DiskFullError, match=r"only \d+ bytes are free in .*min_free_bytes"):
        await recorder.start("one", [track(port)])
    assert not bench.path("one").exists()
    assert recorder.status()["sources"] == []


@pytest_twisted.ensureDeferred
async def test_a_recording_ends_safely_at_the_floor(small_disk: Bench) -> None:
    """It ends as ERROR with all that it has, a paused one stays, and resuming that is refused."""
    recorder = await small_disk.open(min_free_bytes=4 << 20)
    port, other = free_udp_port(), free_udp_port()
    data = packets.datagrams(0, 4000)
    await recorder.start("one", [track(port)])
    await recorder.start("two", [track(other)])
    await recorder.pause("two")
    small_disk.send(split(data), port)
    await until(lambda: small_disk.ended, "end at the floor")
    (ended,) = small_disk.ended
    assert (ended.id, ended.state) == ("one", "ERROR")
    assert "bytes are free" in ended.reason
    assert media(ended, small_disk.path("one")) == [data]
    assert manifest.read(small_disk.path("one")) == ended
    with pytest.raises(UnknownRecordingError):
        await recorder.stop("one")
    with pytest.raises(DiskFullError):
        await recorder.resume("two")
    assert [one.state for one in recorder.active()] == ["PAUSED"]


@pytest_twisted.ensureDeferred
async def test_a_recording_ends_safely_when_the_disk_is_full(small_disk: Bench) -> None:
    """Whole packets up to the last byte of room, the reason told, and ``recording.json`` whole."""
    recorder, port = await small_disk.open(), free_udp_port()
    data = packets.datagrams(0, 10_000)
    assert len(data) > SMALL_DISK_BYTES
    await recorder.start("one", [track(port)])
    small_disk.send(split(data), port)
    await until(lambda: small_disk.ended, "end with the disk full")
    (ended,) = small_disk.ended
    assert ended.state == "ERROR"
    assert "the disk is full" in ended.reason
    (kept,) = media(ended, small_disk.path("one"))
    assert len(kept) % 188 == 0
    assert len(kept) > SMALL_DISK_BYTES / 2
    assert data.startswith(kept)
    assert ended.tracks[0].bytes == len(kept)
    assert manifest.read(small_disk.path("one")) == ended
    shutil.rmtree(small_disk.path("one"))
    await recorder.start("two", [track(port)])
    small_disk.send(split(data[: 1316 * 100]), port)
    assert (await recorder.stop("two")).state == "FINISHED"


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_written_ends_one_recording_alone(bench: Bench) -> None:
    """The reason names the file; another recording of the same source goes on."""
    recorder, port = await bench.open(), free_udp_port()
    data = packets.datagrams(0, 100)
    await recorder.start("one", [track(port)])
    await recorder.start("two", [track(port)])
    shutil.rmtree(bench.path("one") / "track-1")
    bench.send(split(data), port)
    await until(lambda: bench.ended, "end of the one")
    (ended,) = bench.ended
    assert (ended.id, ended.state, ended.tracks[0].segments) == ("one", "ERROR", ())
    assert "00001.ts cannot be written: No such file or directory" in ended.reason
    assert media(await recorder.stop("two"), bench.path("two")) == [data]


@pytest_twisted.ensureDeferred
async def test_a_folder_that_is_gone(bench: Bench) -> None:
    """Commands on a recording whose folder was removed fail, and it ends with the reason."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    shutil.rmtree(bench.path("one"))
    with pytest.raises(WriteFailedError, match="cannot be written"):
        await recorder.pause("one")
    await until(lambda: bench.ended, "end of the recording")
    assert bench.ended[0].state == "ERROR"
    assert not recorder.active()


class Stall:
    """A disk that takes nothing until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._go = threading.Event()
        write = SegmentFile.write

        def slow(segment: SegmentFile, data: bytes) -> None:
            assert self._go.wait(30), "the test never let the disk go on"
            write(segment, data)

        monkeypatch.setattr(SegmentFile, "write", slow)
        for patience in ("PATIENCE_S", "HURRY_S"):  # however slow this machine is
            monkeypatch.setattr(writer, patience, 60.0)

    def end(self) -> None:
        """Let the disk go on."""
        self._go.set()


@pytest_twisted.ensureDeferred
async def test_a_stalled_disk_costs_nothing_while_the_pool_lasts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives meanwhile waits in memory, and none of it is lost."""
    recorder, port = await bench.open(pool_bytes=8 * BUFFER_BYTES), free_udp_port()
    data = packets.datagrams(0, 3000)
    stall = Stall(monkeypatch)
    await recorder.start("one", [track(port)])
    for at in range(0, 3000, 300):
        bench.send(split(data)[at : at + 300], port)
        await until(lambda at=at: bench.received(recorder) == at + 300, "datagrams")
    assert recorder.status()["pool_used_bytes"] > 4 * BUFFER_BYTES
    stall.end()
    recording = await recorder.stop("one")
    assert recording.tracks[0].lost_datagrams == 0
    assert packets.sha256(media(recording, bench.path("one"))[0]) == packets.sha256(data)


@pytest_twisted.ensureDeferred
async def test_a_longer_stall_costs_datagrams_that_are_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory stays bounded; what is on disk and what is counted make up what was sent."""
    recorder, port = await bench.open(pool_bytes=4 * BUFFER_BYTES), free_udp_port()
    sent = split(packets.datagrams(0, 5000))
    stall = Stall(monkeypatch)
    await recorder.start("one", [track(port)])
    bench.send(sent, port)
    source = recorder.status()["sources"]
    await until(lambda: recorder.status()["sources"][0]["thrown_away"] > 0, "loss")
    status = recorder.status()
    assert status["pool_used_bytes"] <= status["pool_limit_bytes"] == 4 * BUFFER_BYTES
    stall.end()
    assert source[0]["thrown_away"] == 0
    recording = await recorder.stop("one")
    (only,) = recording.tracks
    assert only.datagrams + only.lost_datagrams == len(sent)
    found = packets.numbers(b"".join(media(recording, bench.path("one"))))
    assert found[: 3 * 512] == list(range(3 * 512))
    assert len(found) == only.datagrams
