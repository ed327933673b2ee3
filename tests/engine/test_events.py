"""Sources that misbehave: recording goes on, and its events say when what happened."""

from __future__ import annotations

import socket

import pytest
import pytest_twisted

from hmp_twisted.engine import certificate, events, manifest, pcr
from hmp_twisted.engine.counts import Counts
from hmp_twisted.engine.events import Event
from hmp_twisted.engine.index import TrackIndex
from hmp_twisted.engine.recorder import Recorder
from hmp_twisted.engine.source_watch import QUIET_S, SENDERS_S, Happening, SourceWatch

from ..harness import free_udp_port, packets
from ..harness.sending import output_socket
from .bench_of_recording import Bench, media, split, track, until
from .packet_maker import packet
from .test_rtp import datagram as rtp_datagram


class Room:
    """A recording of one source."""

    def __init__(self, bench: Bench, recorder: Recorder, port: int) -> None:
        self.bench, self.recorder, self.port = bench, recorder, port
        self.folder = bench.path("one")

    def send(self, *datagrams: bytes) -> None:
        """Send each as it is."""
        self.bench.send(list(datagrams), self.port)

    async def told(self, kind: str) -> Event:
        """The first event of a kind, when it is there."""
        await until(lambda: self.of(kind), f"event {kind}, but {events.read(self.folder)}", 20)
        return self.of(kind)[0]

    def of(self, kind: str) -> list[Event]:
        """The events of a kind."""
        return [event for event in events.read(self.folder) if event.kind == kind]

    async def stop(self) -> tuple[manifest.Recording, bytes]:
        """End the recording; what it has."""
        recording = await self.recorder.stop("one")
        return recording, b"".join(media(recording, self.folder))


async def record(bench: Bench) -> Room:
    """Start a recording."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    return Room(bench, recorder, port)


@pytest_twisted.ensureDeferred
async def test_a_source_that_is_silent_at_first_and_gone_for_a_while(bench: Bench) -> None:
    """Nothing yet; then nothing any more; then how long it was gone, exact to a tick."""
    room = await record(bench)
    silent = await room.told("silent")
    assert silent.text == "nothing has come yet"
    assert silent.clock_s == pytest.approx(0.0, abs=0.1)
    sent = split(packets.datagrams(0, 20))
    room.send(*sent[:10])
    await until(lambda: len(room.of("silent")) == 2, "second silence")
    left = room.of("silent")[1]
    assert left.text == "nothing comes any more"
    room.send(*sent[10:])
    gap = await room.told("gap")
    assert gap.at == pytest.approx(left.at, abs=0.1)
    assert gap.seconds > 1.0
    recording, data = await room.stop()
    assert data == b"".join(sent)
    assert recording.tracks[0].integrity.continuity_errors == 0
    await until(lambda: certificate.read(room.folder), "certificate")
    made = certificate.read(room.folder)
    assert made is not None
    assert made.tracks[0].gaps[0] == gap  # by now it may be silent again
    index = TrackIndex.open(room.folder, recording.tracks[0]).segments[0]
    middle = round((gap.clock_s + gap.seconds / 2) * 1e6)
    assert index.offset_at("clock_us", middle) == 10 * packets.DATAGRAM


@pytest_twisted.ensureDeferred
async def test_a_sender_with_another_address_and_two_at_once(bench: Bench) -> None:
    """Both are named by address and port; everything is recorded."""
    room = await record(bench)
    sent = split(packets.datagrams(0, 3000))
    with output_socket() as other:
        first, second = (_name(one) for one in (bench.out, other))

        def step(out: socket.socket) -> bool:
            out.sendto(sent.pop(), ("127.0.0.1", room.port))
            return True

        def sender() -> str:
            return str(room.recorder.status()["sources"][0]["sender"])

        await until(lambda: step(bench.out) and sender() == first, "look at the sender")
        await until(lambda: step(other) and room.of("sender"), "change of the sender")
        assert room.of("sender")[0].text == f"comes from {second}, came from {first}"
        await until(lambda: step(bench.out) and room.of("senders"), "two senders")
        both = room.of("senders")[0].text
        assert (first in both, second in both) == (True, True)
    _, data = await room.stop()
    assert len(data) % packets.DATAGRAM == 0


def _name(sock: socket.socket) -> str:
    return "{}:{}".format(*sock.getsockname())


@pytest_twisted.ensureDeferred
async def test_garbage_is_counted_and_told_of_once(bench: Bench) -> None:
    """Datagrams without MPEG-TS are left out; a loss of synchronisation is one."""
    room = await record(bench)
    sent = split(packets.datagrams(0, 20))
    room.send(*sent[:10], b"x" * 1316, b"garbage", b"", *sent[10:])
    garbage = await room.told("foreign")
    assert garbage.text == "3 datagrams without MPEG-TS"
    assert (await room.told("sync")).text == "1 losses of synchronisation"
    recording, data = await room.stop()
    assert data == b"".join(sent)
    integrity = recording.tracks[0].integrity
    assert (integrity.foreign_datagrams, integrity.sync_losses) == (3, 1)
    assert integrity.sync_byte_errors > 1


@pytest_twisted.ensureDeferred
async def test_datagrams_of_any_size(bench: Bench) -> None:
    """One packet; 8,192 bytes; packets of 192 and 204 bytes: all that is whole is recorded."""
    room = await record(bench)
    data = packets.datagrams(0, 100)
    one = [data[at : at + 188] for at in range(0, len(data), 188)]
    stamped = b"".join(b"\0\0\0\1" + p for p in one[7:14])
    with_parity = b"".join(p + b"\x55" * 16 for p in one[14:21])
    large = (b"".join(one[21:65]))[:8192]
    room.send(*one[:7], stamped, with_parity, large, b"".join(one[65:72]))
    await until(lambda: bench.received(room.recorder) == 11, "reception")
    recording, recorded = await room.stop()
    assert recorded == b"".join(one[:64] + one[65:72])
    only = recording.tracks[0]
    assert only.left_out_bytes == 7 * 4 + 7 * 16 + 8192 - 43 * 188
    assert only.integrity.foreign_datagrams == 0


@pytest_twisted.ensureDeferred
async def test_packets_of_204_bytes_are_told_of(bench: Bench) -> None:
    """What is left out of them is said."""
    room = await record(bench)
    data = packets.datagrams(0, 1)
    wrapped = b"".join(data[at : at + 188] + bytes(16) for at in range(0, len(data), 188))
    room.send(*[wrapped] * 5)
    told = await room.told("format")
    assert told.text == "is 204-byte packets; recorded as 188-byte packets"
    _, recorded = await room.stop()
    assert recorded == data * 5


@pytest_twisted.ensureDeferred
async def test_loss_is_told_of_by_kind(bench: Bench) -> None:
    """RTP's numbers say how many are lost, the continuity counters on which PID, the clock that
    it jumped; each once, with what RTP put in order."""
    room = await record(bench)
    sent = split(packets.datagrams(0, 1000))
    kept = [*range(10), 11, 10, *range(12, 20), *range(901, 1000)]
    room.send(*(rtp_datagram(n, sent[n]) for n in kept))
    lost = await room.told("lost")
    assert lost.text == "881 datagrams lost"
    assert (await room.told("continuity")).text == ("1 gaps in continuity counters on PID 0x0101")
    assert (await room.told("clock")).text == "1 jumps of the programme clock"
    recording, _ = await room.stop()
    only = recording.tracks[0]
    assert only.lost_datagrams == only.integrity.rtp_lost == 881
    assert only.integrity.rtp_reordered == 1
    assert only.integrity.continuity_errors_by_pid == {"0x0101": 1}
    assert only.integrity.pcr_discontinuity_errors == 1
    assert manifest.read(room.folder) == recording


@pytest_twisted.ensureDeferred
async def test_the_counters_are_each_recordings_own(bench: Bench) -> None:
    """A recording that begins later has nothing of what was wrong before."""
    room = await record(bench)
    good = split(packets.datagrams(0, 10))
    room.send(good[0], good[5])
    await room.recorder.start("two", [track(room.port)])
    room.send(*good[6:])
    await room.recorder.pause("two")
    two = await room.recorder.stop("two")
    one, _ = await room.stop()
    assert one.tracks[0].integrity.continuity_errors == one.tracks[0].continuity_errors == 1
    assert two.tracks[0].integrity.continuity_errors == 0
    assert (one.tracks[0].integrity.pcrs, two.tracks[0].integrity.pcrs) == (6, 4)
    index = TrackIndex.open(bench.path("two"), two.tracks[0]).segments[0]
    assert int(index.records["offset"][0]) == 0


HIGH = 8e6


def watch() -> SourceWatch:
    """A watch of a source that nothing was seen of."""
    return SourceWatch(Counts(), 0.0)


def kinds(happenings: list[Happening]) -> list[str]:
    """What kinds they are of."""
    return [one.kind for one in happenings]


def test_a_rate_that_changes_is_told_of_once() -> None:
    """Not a second's swing, nor what goes up little by little."""
    found, one = [], watch()
    rates = [4e6] * 10 + [HIGH, 4e6] + [HIGH] * 10 + [HIGH * 1.01**n for n in range(60)]
    for second, rate in enumerate(rates):
        one.note(rate, "188-byte packets", "", float(second))
        found += one.look(Counts(), float(second), float(second))
    assert kinds(found) == ["rate"]
    assert found[0].text.endswith(" Mbit/s, is 8.00 Mbit/s")


def test_an_episode_is_told_of_as_it_begins_and_with_its_sum() -> None:
    """However long it goes on, it is two events."""
    one, found = watch(), []
    for second in range(60):
        counted = min(second, 30)
        counts = Counts(lost_datagrams=counted * 2)
        found += one.look(counts, float(second), float(second))
    assert [(h.text, h.seconds) for h in found] == [
        ("2 datagrams lost", 0.0),
        ("over: 60 datagrams lost in 29 s", 29.0),
    ]
    assert found[1].at == 1.0
    assert QUIET_S < 30


def test_a_sender_that_goes_and_comes_is_two_only_if_soon() -> None:
    """After a while it is another change."""
    one, found = watch(), []
    looks = [(0, "a"), (1, "b"), (2, "a"), (3, "b"), (4, "a"), (4 + SENDERS_S + 1, "b")]
    looks.append((looks[-1][0] + SENDERS_S + 1, "a"))
    for second, address in looks:
        one.note(HIGH, "", address, second)
        found += one.look(Counts(), second, second)
    assert kinds(found) == ["sender", "senders", "sender", "sender"]


def test_rtp_that_begins_is_told_of() -> None:
    """And that it ends."""
    one, found = watch(), []
    for second, wrapping in enumerate(["", "188-byte packets", "RTP, 188-byte packets", ""]):
        one.note(HIGH, wrapping, "", float(second))
        found += one.look(Counts(), float(second), float(second))
    assert [h.text for h in found] == [
        "was 188-byte packets, is RTP, 188-byte packets; recorded as 188-byte packets"
    ]


@pytest_twisted.ensureDeferred
async def test_new_tables_and_a_new_clock_in_the_middle(bench: Bench) -> None:
    """An encoder that was set anew: recorded as it comes."""
    room = await record(bench)
    first = b"".join(packet(0x100, n, b"y" * 184) for n in range(7))
    again = packet(0x200, 0, pcr=5 * pcr.HZ)
    room.send(first, again + packet(0x200, 0, pcr=95 * pcr.HZ))
    assert (await room.told("clock")).track == 1
    _, data = await room.stop()
    assert data == first + again + packet(0x200, 0, pcr=95 * pcr.HZ)
