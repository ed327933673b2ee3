"""A disk that stands still beside one that is well: the recording on it waits, the other does not.

An ext4 of its own is frozen while its recording is written to, as an NFS server that is gone would
do it: whoever writes to it sleeps in the kernel and cannot be woken.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted

from hmp_twisted.engine import events, index_file, manifest
from hmp_twisted.engine.recorder import Recorder

from ..harness import Disk, free_udp_port, packets
from .bench_of_recording import Bench, media, split, track, until


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 64 MiB that can be frozen."""
    made = Disk.make(tmp_path / "other.ext4", tmp_path / "other", 64 << 20)
    if made.why_not:
        pytest.skip(f"a disk that stands still needs root and a loop device: {made.why_not}")
    yield made
    made.close()


class Pair:
    """Two recordings: one on a disk that may stand still, one on a disk that is well."""

    def __init__(self, bench: Bench, recorder: Recorder, disk: Disk) -> None:
        self.bench, self.recorder, self.disk = bench, recorder, disk
        self.ports = {"hung": free_udp_port(), "well": free_udp_port()}
        self.sent = 0

    async def start(self) -> None:
        """Start both, the files of the one's track on the other disk."""
        for name, port in self.ports.items():
            await self.recorder.start(name, [track(port)])
        folder = self.bench.path("hung") / "track-1"
        folder.rmdir()
        folder.symlink_to(self.disk.place)

    async def send(self, count: int) -> None:
        """Send so many more datagrams to each, and wait until they have been received."""
        await self.send_to("well", count)
        await self.send_to("hung", count)
        self.sent += count

    async def send_to(self, name: str, count: int) -> None:
        """Send so many to one, some at a time, as a socket holds them."""
        data = split(packets.datagrams(self.sent, count))
        for at in range(0, count, 300):
            self.bench.send(data[at : at + 300], self.ports[name])
            await until(lambda at=at: self.received(name) >= self.sent + at, "room in the socket")
        await until(lambda: self.received(name) == self.sent + count, f"all of {name}")

    def received(self, name: str) -> int:
        """Datagrams that were received for one."""
        port = f":{self.ports[name]}"
        (found,) = (s for s in self.recorder.status()["sources"] if s["address"].endswith(port))
        return int(found["datagrams"])

    def size(self, name: str) -> int:
        """How much of one is in its file."""
        path = manifest.segment_path(self.bench.path(name), 1, 1)
        return path.stat().st_size if path.exists() else 0

    @property
    def detours(self) -> int:
        """How many recordings hang."""
        return int(self.recorder.status()["recordings_held_up"])

    def events(self) -> dict[str, events.Event]:
        """What happened to the one that hung, by kind."""
        return {event.kind: event for event in events.read(self.bench.path("hung"))}


@pytest_twisted.ensureDeferred
async def test_a_disk_that_stands_still_costs_its_own_recording_nothing_while_there_is_room(
    bench: Bench, other_disk: Disk
) -> None:
    """The other is written on, stopped and closed meanwhile; then the one catches up."""
    pair = Pair(bench, await bench.open(), other_disk)
    await pair.start()
    await pair.send(200)
    await until(lambda: pair.size("hung") == 200 * packets.DATAGRAM, "the first bytes")
    with other_disk.frozen():
        await pair.send(100)
        await until(lambda: pair.detours == 1, "a writer for the others")
        await pair.send(2000)
        await until(lambda: pair.size("well") == pair.sent * packets.DATAGRAM, "the other")
        well = await pair.recorder.stop("well")
        assert pair.size("hung") == 200 * packets.DATAGRAM
    await until(lambda: pair.detours == 0, "an end of the detour")
    await until(lambda: "stall" in pair.events(), "a word of it")
    hung = await pair.recorder.stop("hung")
    everything = packets.sha256(packets.datagrams(0, pair.sent))
    for recording in (well, hung):
        (only,) = recording.tracks
        assert (recording.state, only.lost_datagrams, only.datagrams) == ("FINISHED", 0, pair.sent)
        (kept,) = media(recording, bench.path(recording.id))
        assert packets.sha256(kept) == everything
    assert "00001.ts takes nothing" in pair.events()["stalled"].text
    assert "0 datagrams were lost" in pair.events()["stall"].text
    assert pair.events()["stall"].seconds > 1.0


@pytest_twisted.ensureDeferred
async def test_a_disk_that_stands_still_for_longer_costs_its_own_recording_alone(
    bench: Bench, other_disk: Disk
) -> None:
    """What there was no room for is counted, and the index still says where each packet is."""
    room = 4 << 20
    pair = Pair(bench, await bench.open(pool_bytes=room), other_disk)
    await pair.start()
    await pair.send(200)
    await until(lambda: pair.size("hung") == 200 * packets.DATAGRAM, "the first bytes")
    with other_disk.frozen():
        await pair.send(100)
        await until(lambda: pair.detours == 1, "a writer for the others")
        await pair.send(2 * room // packets.DATAGRAM)
        await until(lambda: pair.size("well") == pair.sent * packets.DATAGRAM, "the other")
    await until(lambda: pair.detours == 0, "an end of the detour")
    behind = pair.size("hung")
    deadline = time.monotonic() + 20
    while not _indexed(pair, behind):
        assert time.monotonic() < deadline, "the index does not go on behind the hole"
        await pair.send(50)
    await until(lambda: "stall" in pair.events(), "a word of it")
    hung, well = await pair.recorder.stop("hung"), await pair.recorder.stop("well")
    assert (well.tracks[0].lost_datagrams, well.tracks[0].datagrams) == (0, pair.sent)
    assert media(well, bench.path("well")) == [packets.datagrams(0, pair.sent)]

    (only,) = hung.tracks
    assert hung.state == "FINISHED"
    assert only.lost_datagrams == only.integrity.thrown_away > 0
    assert f"{only.lost_datagrams} datagrams were lost" in pair.events()["stall"].text
    assert only.datagrams + only.lost_datagrams == pair.sent
    (kept,) = media(hung, bench.path("hung"))
    numbers = packets.numbers(kept)
    assert len(numbers) == only.datagrams
    assert len(kept) > room
    assert numbers[-50:] == list(range(pair.sent - 50, pair.sent))
    _check_index(pair, kept)


def _records(pair: Pair) -> index_file.Records:
    segment = manifest.segment_path(pair.bench.path("hung"), 1, 1)
    return index_file.read(index_file.path_of(segment), segment.stat().st_size)


def _indexed(pair: Pair, offset: int) -> bool:
    return int(_records(pair)["offset"].max()) > offset


def _check_index(pair: Pair, kept: bytes) -> None:
    """Each record with a PCR lies where a packet with that PCR is."""
    records = _records(pair)
    with_pcr = records[records["pcr"] >= 0]
    assert with_pcr.size > 1
    for record in with_pcr:
        at = int(record["offset"])
        field = int.from_bytes(kept[at + 6 : at + 12])
        assert (field >> 15) * 300 + (field & 0x1FF) == record["pcr"], f"offset {at}"
