"""What has no PCR is played out as it came: in bursts, and with its silences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytest_twisted
from numpy.typing import NDArray

from hmp_twisted.engine import index_file, manifest, ts
from hmp_twisted.engine.checks import INTERVAL_S, Checks
from hmp_twisted.engine.pacer.arrivals import Arrivals
from hmp_twisted.engine.pacer.packets import DATAGRAM, PCR_HZ
from hmp_twisted.engine.pacer.playlist import Playlist
from hmp_twisted.engine.pacer.segment import Segment, SegmentFile, packet_at
from hmp_twisted.engine.tick_length import USUAL_S

from .packet_maker import packet
from .playing import RECORDING, Player, until

Times = NDArray[np.float64]
BEGAN = 100.0


def bursts() -> Times:
    """When datagrams came: thick and thin, with silences between, 4 s of them."""
    stretches = [(0.0, 0.7, 400), (1.0, 1.8, 40), (1.8, 2.0, 600), (2.6, 3.2, 150), (3.9, 4.0, 300)]
    return np.concatenate([np.arange(a, b, 1 / rate) for a, b, rate in stretches])


def media(datagrams: int) -> bytes:
    """So many datagrams without a PCR."""
    return b"".join(packet(0x100, n, b"y" * 184) for n in range(7 * datagrams))


def index_of(came: Times) -> index_file.Records:
    """What a recorder notes that receives these datagrams with its usual tick."""
    checks, data = Checks(), media(1)
    slot = checks.open_slot()
    for before, now in pairwise(np.arange(0.0, came[-1] + 2 * USUAL_S, USUAL_S)):
        count = 7 * int(((came > before) & (came <= now)).sum() + (before == 0.0))
        if count:
            block = data * (count // 7)
            assert checks.gather(block, 0, [slot], [count], count, BEGAN + now)
        checks.looked(BEGAN + now)
        if round(now / USUAL_S) % round(INTERVAL_S / USUAL_S) == 0:
            checks.analyse()
    marks = checks.take_findings().marks
    records = np.zeros(marks.size, index_file.RECORD)
    records["clock_us"] = np.rint((marks["at"] - BEGAN) * 1e6)
    records["wall_us"] = records["clock_us"] + 1
    records["offset"] = marks["number"] * ts.PACKET
    return records


def written(path: Path, came: Times, *, with_index: bool = True) -> Segment:
    """The segment that these datagrams were recorded into."""
    path.write_bytes(media(came.size))
    if with_index:
        index_file.append(index_file.path_of(path), index_of(came))
    return Segment(path, 0.0, float(came[-1]))


def due(playlist: Playlist) -> Times:
    """When each datagram of a playlist is due."""
    found: list[float] = []
    while (chunk := playlist.next_chunk()) is not None:
        found += chunk.due
    return np.array(found)


def apart(one: Times, other: Times) -> Times:
    """By how much each time of one pattern differs from the other's, but for what all do."""
    return np.abs(one - other - np.median(one - other))


def test_datagrams_are_due_as_they_came(tmp_path: Path) -> None:
    """Within milliseconds, at the edges of a burst within the tick; evenly it would be far off."""
    came = bursts()
    segment = written(tmp_path / "00001.ts", came)
    found = due(Playlist((segment,), loop=False, start_s=0.0))
    assert found.size == came.size
    assert np.median(apart(found, came)) < 0.005
    assert apart(found, came).max() < 2 * USUAL_S
    assert (np.diff(found) >= 0).all()
    even = written(tmp_path / "00002.ts", came, with_index=False)
    assert np.median(apart(due(Playlist((even,), loop=False, start_s=0.0)), came)) > 0.1


def test_over_a_joint_and_round_a_loop(tmp_path: Path) -> None:
    """Each segment goes by its own arrivals; between two there is no pause."""
    came = bursts()
    first, second = (written(tmp_path / f"{n}.ts", came) for n in (1, 2))
    second = Segment(second.path, 10.0, second.duration_s)
    index_file.path_of(second.path).unlink()
    records = index_of(came)
    records["clock_us"] += 10_000_000
    index_file.append(index_file.path_of(second.path), records)
    playlist = Playlist((first, second), loop=True, start_s=0.0)
    found: list[float] = []
    while len(found) < 3 * came.size:
        chunk = playlist.next_chunk()
        assert chunk is not None
        found += chunk.due
    for n in range(3):
        part = np.array(found[n * came.size : (n + 1) * came.size])
        assert np.median(apart(part, came)) < 0.005
        assert part[0] - found[max(0, n * came.size - 1)] < 0.01
    playlist.close()


@pytest.mark.parametrize("start_s", [0.3, 0.8, 1.5, 2.3, 3.0, 3.95])
def test_a_start_in_the_middle(tmp_path: Path, start_s: float) -> None:
    """It begins with what came then, or next."""
    came = bursts()
    segment = written(tmp_path / "00001.ts", came)
    file = SegmentFile(segment)
    first = packet_at(file, start_s) // 7
    file.close()
    assert came[first] >= start_s - USUAL_S
    assert came[max(0, first - 1)] <= start_s + USUAL_S
    found = due(Playlist((segment,), loop=False, start_s=start_s))
    assert found.size == came.size - first
    assert np.median(apart(found, came[first:])) < 0.01


def test_points_worked_out_by_hand(tmp_path: Path) -> None:
    """A silence is one place with two times; ends stand where the index has nothing."""
    path = tmp_path / "00001.ts"
    records = np.zeros(3, index_file.RECORD)
    records["wall_us"] = 1
    records["offset"] = np.array([70, 70, 140]) * ts.PACKET
    records["clock_us"] = [5_100_000, 5_900_000, 6_000_000]
    index_file.append(index_file.path_of(path), records)
    arrivals = Arrivals(path, 210, 5.0, 1.5)
    knots = arrivals.between(0, 210)
    assert knots.places.tolist() == [0, 70, 70, 140, 210]
    assert (knots.times / PCR_HZ).tolist() == pytest.approx([0, 0.1, 0.9, 1.0, 1.5])
    knots = arrivals.between(35, 70)
    assert knots.places.tolist() == [0, 35, 35, 70]
    assert (knots.times / PCR_HZ).tolist() == pytest.approx([0, 0.05, 0.85, 0.9])
    assert (arrivals.between(70, 35).times / PCR_HZ).tolist() == pytest.approx([0, 0.05])
    for seconds, place in ((0.05, 35), (0.5, 70), (0.95, 105), (1.25, 175), (2.0, 210)):
        assert arrivals.packet_at(seconds * PCR_HZ) == pytest.approx(place)


@pytest_twisted.async_yield_fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    """Restreaming from a temporary folder."""
    made = Player(tmp_path)
    yield made
    await made.close()


@pytest_twisted.ensureDeferred
async def test_a_stream_comes_as_it_was_recorded(player: Player) -> None:
    """Through pacer and ffmpeg, on the wire."""
    came, receiver = bursts(), player.receiver()
    player.record(media(came.size), durations=[float(came[-1])])
    folder = manifest.folder_of(player.folder, RECORDING)
    segment = manifest.segment_path(folder, 1, 1)
    index_file.append(index_file.path_of(segment), index_of(came))
    await player.start("s", receiver)
    await until(lambda: player.ended, "the end of the stream")
    await until(lambda: len(receiver.datagrams) == came.size, "all datagrams")
    assert receiver.received == media(came.size)
    assert all(len(datagram) == DATAGRAM for datagram in receiver.datagrams)
    assert np.median(apart(np.array(receiver.times), came)) < 0.01
