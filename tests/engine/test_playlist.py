"""Recordings as runs of chunks: what is sent over joints, checked on real clips."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hmp_twisted.engine.pacer.packets import (
    DATAGRAM,
    PACKET,
    PCR_HZ,
    PCR_WRAP,
    STAMP_WRAP,
    Packets,
    as_packets,
    find_pcrs,
    find_stamps,
    null_packets,
    pids_of,
    put_pcrs,
    shift_stamps,
)
from hmp_twisted.engine.pacer.playlist import Chunk, Playlist
from hmp_twisted.engine.pacer.segment import Segment
from hmp_twisted.engine.pacer.whereabouts import Spot, Whereabouts, new_page
from media.make_clips import find_ffmpeg

from .packet_maker import packet

DECODE = ["-hide_banner", "-nostdin", "-loglevel", "warning"]


def playlist_of(
    folder: Path,
    *segments: bytes,
    duration_s: float = 5.0,
    loop: bool = False,
    start_s: float = 0.0,
) -> Playlist:
    """A playlist of these segments, each of ``duration_s``."""
    made = []
    for number, data in enumerate(segments):
        path = folder / f"{number}.ts"
        path.write_bytes(data)
        made.append(Segment(path, number * duration_s, duration_s))
    return Playlist(tuple(made), loop=loop, start_s=start_s)


def chunks_of(playlist: Playlist, limit: int = 1000) -> Iterator[Chunk]:
    """Its chunks, at most so many."""
    for _ in range(limit):
        chunk = playlist.next_chunk()
        if chunk is None:
            return
        yield chunk


def sent_by(playlist: Playlist, limit: int = 1000) -> tuple[bytes, list[float]]:
    """All bytes, and each datagram's due time."""
    chunks = list(chunks_of(playlist, limit))
    return b"".join(bytes(chunk.data) for chunk in chunks), [
        due for chunk in chunks for due in chunk.due
    ]


def cut(clip: bytes, start: int, end: int | None = None) -> bytes:
    """Some packets of a clip."""
    return clip[start * PACKET : None if end is None else end * PACKET]


def continuity_errors(packets: Packets) -> int:
    """Counted plainly, packet by packet (2.4.3.3)."""
    last: dict[int, int] = {}
    errors = 0
    for pid, fourth in zip(pids_of(packets).tolist(), packets[:, 3].tolist(), strict=True):
        if pid == 0x1FFF:
            continue
        expected = (last.get(pid, fourth) + (pid in last and fourth >> 4 & 1)) & 0x0F
        errors += fourth & 0x0F != expected
        last[pid] = fourth & 0x0F
    return errors


def payloads(data: bytes, *, joined: bool = False) -> int:
    """How many packets carry anything; behind a joint, of pictures from the first whole one on."""
    packets = as_packets(data)
    stamps = find_stamps(packets)
    shown = {*stamps.pid[packets[stamps.index, stamps.id_offset] & 0xF0 == 0xE0].tolist()}
    pids, found = pids_of(packets), 0
    for pid in {*pids.tolist()} - {0x1FFF}:
        mine = packets[pids == pid]
        first = np.flatnonzero(mine[:, 1] & 0x40)[0] if joined and pid in shown else 0
        found += int((mine[first:, 3] & 0x10 != 0).sum())
    return found


def lateness(sent: bytes, due: list[float]) -> Iterator[float]:
    """For each PID with PCRs, how far its PCRs leave from their own time at most, in seconds."""
    pcrs = find_pcrs(as_packets(sent))
    for pid in np.unique(pcrs.pid).tolist():
        clock = pcrs.of(pid)
        left = np.array(due)[clock.index // 7]
        off = left - left[0] - ((clock.value - clock.value[0]) % PCR_WRAP) / PCR_HZ
        # Of two PCRs in one datagram only the later can leave at its own time.
        off = off[np.append(np.diff(clock.index // 7) > 0, True)]
        yield float(np.abs(off - np.median(off)).max())


def assert_seamless(sent: bytes, due: list[float], within_s: float = 30e-6) -> None:
    """No discontinuity in counters, PCR or DTS, and the PCRs gone by leave at their own time."""
    packets = as_packets(sent)
    assert continuity_errors(packets) == 0
    pcrs = find_pcrs(packets)
    commonest = pcrs.commonest_pid() if len(np.unique(pcrs.pid)) == 1 else None
    for pid in np.unique(pcrs.pid).tolist():
        mine = pcrs.of(pid)
        steps = np.diff(mine.value) % PCR_WRAP
        assert 0 < steps.min() <= steps.max() <= (0.1 if pid == commonest else 0.25) * PCR_HZ
    assert min(lateness(sent, due)) < within_s
    stamps = find_stamps(packets)
    for pid in np.unique(stamps.pid).tolist():
        steps = np.diff(stamps.dts[stamps.pid == pid]) % STAMP_WRAP
        assert ((steps > 0) & (steps < 90_000 * 2)).all(), f"DTS of PID {pid}"


@pytest.mark.parametrize("name", ["cbr", "data", "two"])
def test_one_segment_is_sent_as_it_is(clips: dict[str, bytes], name: str, tmp_path: Path) -> None:
    """Every byte, in order, over as long as the PCRs say."""
    sent, due = sent_by(playlist_of(tmp_path, clips[name]))
    assert sent == clips[name]
    assert due[0] == pytest.approx(0, abs=0.04)
    assert due[-1] == pytest.approx(5, abs=0.15)
    assert len(due) == -(-len(sent) // DATAGRAM)


@pytest.mark.parametrize("name", ["cbr", "data", "two"])
@pytest.mark.parametrize(("end", "start"), [(1000, 2003), (1205, 1206), (1500, 100), (700, 3000)])
def test_a_joint_is_seamless(
    clips: dict[str, bytes], name: str, end: int, start: int, tmp_path: Path
) -> None:
    """A pause, a cut of one packet, a step back: the first segment as it is, then on and on."""
    first, second = cut(clips[name], 0, end), cut(clips[name], start)
    sent, due = sent_by(playlist_of(tmp_path, first, second))
    assert sent.startswith(first)
    assert_seamless(sent, due)
    assert payloads(sent) == payloads(first) + payloads(second, joined=True)


def test_a_loop_is_seamless(clips: dict[str, bytes], tmp_path: Path) -> None:
    """Three rounds and a bit."""
    sent, due = sent_by(playlist_of(tmp_path, clips["data"], loop=True), limit=4)
    assert len(sent) > 3 * len(clips["data"])
    assert_seamless(sent, due)


def test_a_joint_over_the_wrap_is_seamless(clips: dict[str, bytes], tmp_path: Path) -> None:
    """The clock passes its 33rd bit just where the segments meet."""
    packets = as_packets(clips["cbr"])
    pcrs = find_pcrs(packets)
    shift = (PCR_WRAP - int(pcrs.value[len(pcrs.value) // 2])) // 300
    put_pcrs(packets, pcrs.index, pcrs.value + shift * 300)
    shift_stamps(packets, find_stamps(packets), shift)
    near = int(pcrs.index[len(pcrs.index) // 2])
    data = packets.tobytes()
    sent, due = sent_by(playlist_of(tmp_path, cut(data, 0, near), cut(data, near + 400)))
    assert_seamless(sent, due)


def test_the_wrap_within_a_segment_is_played_over(clips: dict[str, bytes], tmp_path: Path) -> None:
    """A recording of more than 26.5 hours has one: not a byte is changed, nothing waits."""
    packets = as_packets(clips["cbr"])
    pcrs = find_pcrs(packets)
    put_pcrs(packets, pcrs.index, pcrs.value + PCR_WRAP - int(pcrs.value[len(pcrs.value) // 2]))
    sent, due = sent_by(playlist_of(tmp_path, packets.tobytes()))
    assert sent == packets.tobytes()
    assert due[-1] == pytest.approx(5, abs=0.15)
    assert max(later - former for former, later in pairwise(due)) < 0.02


def test_a_spliced_stream_decodes_without_an_error(clips: dict[str, bytes], tmp_path: Path) -> None:
    """Cut where a picture can be cut, ffmpeg finds nothing to complain of and loses no picture."""
    clip = clips["cbr"]
    starts = random_access_points(as_packets(clip))
    first, second = cut(clip, 0, starts[2]), cut(clip, starts[3])
    sent, _ = sent_by(playlist_of(tmp_path, first, second))
    path = tmp_path / "sent.ts"
    path.write_bytes(sent)
    found = subprocess.run(
        [find_ffmpeg(), *DECODE, "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert found.stderr == ""
    times = [
        int(line.split(",")[2]) for line in found.stdout.splitlines() if not line.startswith("#")
    ]
    assert len(times) == 100, "a second of five was cut out"
    steps = [later - former for former, later in pairwise(times)]
    assert sum(step != steps[0] for step in steps) <= 1, "only the joint may be of another length"
    assert max(steps) <= 90_000 * 0.25


def random_access_points(packets: Packets) -> list[int]:
    """Where video PES packets of random access begin (random_access_indicator, 2.4.3.5)."""
    is_start = (packets[:, 1] & 0x40 != 0) & (packets[:, 3] & 0x20 != 0) & (packets[:, 4] > 0)
    return np.flatnonzero(
        is_start & (packets[:, 5] & 0x40 != 0) & (pids_of(packets) == 481)
    ).tolist()


@pytest.mark.parametrize("start_s", [0.0, 1.0, 2.5, 4.2])
def test_a_start_position_is_found(clips: dict[str, bytes], start_s: float, tmp_path: Path) -> None:
    """Within a datagram or two of the time asked for, whole datagrams, to the same end."""
    playlist = playlist_of(tmp_path, clips["cbr"], start_s=start_s)
    sent, due = sent_by(playlist)
    assert clips["cbr"].endswith(sent)
    assert (len(clips["cbr"]) - len(sent)) % DATAGRAM == 0
    assert due[-1] - due[0] == pytest.approx(5 - start_s, abs=0.1)


def test_a_start_position_in_a_later_segment(clips: dict[str, bytes], tmp_path: Path) -> None:
    """The recording's clock counts over its segments; positions are told by it."""
    playlist = playlist_of(tmp_path, clips["cbr"], clips["data"], start_s=7.0)
    chunk = playlist.next_chunk()
    assert chunk is not None
    assert chunk.position_s == pytest.approx(7.0, abs=0.05)
    assert bytes(chunk.data) in clips["data"]


def test_a_segment_without_pcr_takes_its_recorded_duration(tmp_path: Path) -> None:
    """Radio data, say: an even rate over the time that was recorded."""
    data = b"".join(packet(0x300, k, b"r" * 184) for k in range(7 * 50))
    sent, due = sent_by(playlist_of(tmp_path, data, duration_s=10.0))
    assert sent == data
    assert due == pytest.approx([k * 0.2 for k in range(50)])


def test_segments_of_a_few_packets_are_filled_up(tmp_path: Path) -> None:
    """Three packets and four nulls, then three packets: the last datagram alone may be short."""
    parts = [b"".join(packet(0x300, k, b"r" * 184) for k in range(3)) for _ in range(3)]
    sent, due = sent_by(playlist_of(tmp_path, *parts, duration_s=0.1))
    assert len(due) == 3
    assert len(sent) == 2 * DATAGRAM + 3 * PACKET
    assert sent[3 * PACKET : DATAGRAM] == null_packets(4).tobytes()
    assert continuity_errors(as_packets(sent)) == 0


def test_empty_segments_are_passed_over(clips: dict[str, bytes], tmp_path: Path) -> None:
    """A crash can leave one."""
    sent, _ = sent_by(playlist_of(tmp_path, cut(clips["cbr"], 0, 700), b"", b"\x47"))
    assert sent == cut(clips["cbr"], 0, 700)


def test_a_missing_file_is_an_error_that_names_it(clips: dict[str, bytes], tmp_path: Path) -> None:
    """Not the end of the pacer."""
    playlist = playlist_of(tmp_path, cut(clips["cbr"], 0, 700), clips["cbr"])
    (tmp_path / "1.ts").unlink()
    with pytest.raises(OSError, match=r"1\.ts"):
        sent_by(playlist)


def test_another_playlist_goes_on_with_the_very_next_datagram(
    clips: dict[str, bytes], tmp_path: Path
) -> None:
    """From each datagram's spot on it holds what was left, up to the joint byte for byte."""
    first, second = cut(clips["cbr"], 0, 1403), cut(clips["cbr"], 1500, 2207)
    playlist = playlist_of(tmp_path, first, second)
    segments = playlist._segments
    done = 0
    for chunk in chunks_of(playlist):
        for number in range(0, len(chunk.due), 37):
            spot = chunk.spot_of(number)
            rest, _ = sent_by(Playlist(segments, loop=False, start_s=0.0, spot=spot))
            if spot.segment == 0 and spot.packet < 1403:
                assert spot.packet * PACKET == done + number * DATAGRAM
                assert rest.startswith(first[spot.packet * PACKET :])
            left = (1403 - spot.packet) * (spot.segment == 0) + 707 - spot.packet * spot.segment
            packets = as_packets(rest)
            assert int((pids_of(packets) != 0x1FFF).sum()) <= left <= len(packets)
        done += len(chunk.data)
    at_end = Playlist(segments, loop=False, start_s=0.0, spot=Spot(1, 707))
    assert at_end.next_chunk() is None


def test_whereabouts_outlive_who_noted_them() -> None:
    """One side notes, the other reads; a place by the clock alone says so."""
    page = new_page()
    pacer, engine = Whereabouts(page), Whereabouts(page)
    os.close(page)
    pacer.note(12.25, Spot(3, 7_000_000_000))
    del pacer
    assert (engine.position_s, engine.spot) == (12.25, Spot(3, 7_000_000_000))
    engine.note(2.0)
    assert (engine.position_s, engine.spot) == (2.0, None)
