"""Recording over real sockets: byte for byte what arrived, cut exactly where a command says."""

from __future__ import annotations

import attrs
import pytest
import pytest_twisted

from hmp_twisted.engine import manifest
from hmp_twisted.engine.integrity import Integrity
from hmp_twisted.errors import (
    SourceUnusableError,
    UnknownRecordingError,
    WriteFailedError,
    WrongStateError,
)

from ..harness import free_udp_port, packets
from ..harness.sending import output_socket
from .bench_of_recording import Bench, media, split, track, until
from .test_rtp import datagram

GROUP = "239.77.1.2"


@pytest_twisted.ensureDeferred
async def test_every_byte_sent_between_start_and_stop_is_recorded(bench: Bench) -> None:
    """Nothing sent before OK to start, all that was sent before stop: by SHA-256."""
    recorder, port = await bench.open(), free_udp_port()
    data = packets.datagrams(0, 2000)
    await recorder.start("one", [track(port)])
    bench.send(split(data), port)
    recording = await recorder.stop("one")
    (segment,) = media(recording, bench.path("one"))
    assert packets.sha256(segment) == packets.sha256(data)
    (only,) = recording.tracks
    assert (only.datagrams, only.bytes, only.lost_datagrams) == (2000, len(data), 0)
    assert (only.continuity_errors, only.left_out_bytes) == (0, 0)
    assert recording.state == "FINISHED"
    assert manifest.read(bench.path("one")) == recording
    assert all(one.closed for one in only.segments)
    assert not recorder.active()


@pytest_twisted.ensureDeferred
async def test_a_pause_leaves_out_what_arrives_in_it(bench: Bench) -> None:
    """What came before the pause and after the resume is there, in two segments."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 300))
    await recorder.start("one", [track(port)])
    bench.send(sent[:100], port)
    await recorder.pause("one")
    bench.send(sent[100:200], port)
    stood = recorder.clock("one")
    assert manifest.read(bench.path("one")).state == "PAUSED"
    await recorder.resume("one")
    bench.send(sent[200:], port)
    assert recorder.clock("one") - stood < 1.0
    recording = await recorder.stop("one")
    assert media(recording, bench.path("one")) == [b"".join(sent[:100]), b"".join(sent[200:])]
    assert recording.tracks[0].datagrams == 200


@pytest_twisted.ensureDeferred
async def test_the_clock_stands_while_paused(bench: Bench) -> None:
    """It runs from the start, whether or not a source sends, and pauses are left out."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    await until(lambda: recorder.clock("one") > 0.05, "running clock")
    await recorder.pause("one")
    stood = recorder.clock("one")
    await recorder.refresh("one")
    assert recorder.clock("one") == stood
    await recorder.resume("one")
    await until(lambda: recorder.clock("one") > stood + 0.05, "running clock")
    recording = await recorder.stop("one")
    assert stood + 0.05 < recording.duration_s < stood + 5
    assert recording.tracks[0].segments == ()


@pytest_twisted.ensureDeferred
async def test_two_recordings_share_a_source(bench: Bench) -> None:
    """It is received once; each recording has the same bytes from its own start to its own stop."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 300))
    await recorder.start("one", [track(port)])
    bench.send(sent[:100], port)
    await recorder.start("two", [track(0, url=f"rtp://@127.0.0.1:{port}")])
    bench.send(sent[100:200], port)
    assert len(recorder.status()["sources"]) == 1
    one = await recorder.stop("one")
    bench.send(sent[200:], port)
    two = await recorder.stop("two")
    assert media(one, bench.path("one")) == [b"".join(sent[:200])]
    assert media(two, bench.path("two")) == [b"".join(sent[100:])]
    assert recorder.status()["sources"] == []


@pytest_twisted.ensureDeferred
async def test_four_sources_give_four_tracks(bench: Bench) -> None:
    """Each track has its own source's bytes, counted from 1 in the order given."""
    recorder = await bench.open()
    ports = [free_udp_port() for _ in range(4)]
    sent = [packets.datagrams(0, 200, seed=seed) for seed in range(4)]
    await recorder.start("one", [track(port, number=i + 1) for i, port in enumerate(ports)])
    for port, data in zip(ports, sent, strict=True):
        bench.send(split(data), port)
    recording = await recorder.stop("one")
    assert [media(recording, bench.path("one"), n + 1) for n in range(4)] == [[d] for d in sent]


@pytest_twisted.ensureDeferred
async def test_a_multicast_group_is_joined(bench: Bench) -> None:
    """The group's datagrams are recorded; another group's at the same port are not."""
    recorder, port = await bench.open(), free_udp_port()
    data = packets.datagrams(0, 100)
    url = f"udp://@{GROUP}:{port}"
    await recorder.start("one", [track(0, url=url, interface="127.0.0.1")])
    other = track(0, url=f"udp://@239.77.1.3:{port}", interface="127.0.0.1")
    await recorder.start("two", [other])
    bench.send(split(data), port, GROUP)
    assert media(await recorder.stop("one"), bench.path("one")) == [data]
    assert media(await recorder.stop("two"), bench.path("two")) == []


@pytest_twisted.ensureDeferred
async def test_one_sender_of_a_group_is_listened_to(bench: Bench) -> None:
    """Source-specific multicast: what another sender sends to the group is not received."""
    recorder, port = await bench.open(), free_udp_port()
    data, other = packets.datagrams(0, 100), packets.datagrams(0, 100, seed=2)
    url = f"udp://127.0.0.5@232.77.1.2:{port}"
    await recorder.start("one", [track(0, url=url, interface="127.0.0.1")])
    with output_socket("127.0.0.5") as chosen, output_socket("127.0.0.6") as another:
        for mine, theirs in zip(split(data), split(other), strict=True):
            another.sendto(theirs, ("232.77.1.2", port))
            chosen.sendto(mine, ("232.77.1.2", port))
    assert media(await recorder.stop("one"), bench.path("one")) == [data]


@pytest.mark.parametrize("scheme", ["udp", "rtp"])
@pytest_twisted.ensureDeferred
async def test_rtp_is_recognised_ordered_and_counted(bench: Bench, scheme: str) -> None:
    """Headers come off, neighbours are put in order over the wrap, what is missing is counted."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 900))
    first = 65_300
    with_header = [datagram((first + n) & 0xFFFF, one) for n, one in enumerate(sent)]
    with_header[700:702] = reversed(with_header[700:702])
    del with_header[800:803]
    await recorder.start("one", [track(0, url=f"{scheme}://@127.0.0.1:{port}")])
    for at in range(0, len(with_header), 100):
        bench.send(with_header[at : at + 100], port)
        await until(lambda at=at: bench.received(recorder) >= min(at + 100, 897), "datagrams")
    recording = await recorder.stop("one")
    wanted = b"".join(sent[:800] + sent[803:])
    assert packets.sha256(b"".join(media(recording, bench.path("one")))) == packets.sha256(wanted)
    (only,) = recording.tracks
    assert (only.datagrams, only.lost_datagrams, only.left_out_bytes) == (897, 3, 0)


@pytest_twisted.ensureDeferred
async def test_a_sender_that_takes_up_rtp_and_drops_it_again(bench: Bench) -> None:
    """Either way every byte is there, in the order of arrival."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 300))
    framed = [*sent[:100], *(datagram(n, sent[n]) for n in range(100, 200)), *sent[200:]]
    await recorder.start("one", [track(port)])
    for at in (0, 100, 200):
        bench.send(framed[at : at + 100], port)
        await until(lambda at=at: bench.received(recorder) == at + 100, "datagrams")
    recording = await recorder.stop("one")
    assert b"".join(media(recording, bench.path("one"))) == b"".join(sent)


@pytest_twisted.ensureDeferred
async def test_datagrams_of_every_size(bench: Bench) -> None:
    """From one packet to the longest datagram there is; torn packets and garbage are left out."""
    recorder, port = await bench.open(), free_udp_port()
    data = packets.datagrams(0, 200)
    longest = 65_507 // 188 * 188
    sizes = [188, 376, 1316, longest, 752, 1316, 8084, 1128]
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    await recorder.start("one", [track(port)])
    bench.send([*parts[:4], b"garbage", parts[4] + b"\x47 torn", b"", *parts[5:]], port)
    recording = await recorder.stop("one")
    assert media(recording, bench.path("one")) == [data[:at]]
    (only,) = recording.tracks
    assert only.datagrams == len(sizes)
    assert only.left_out_bytes == len(b"garbage") + len(b"\x47 torn")
    assert only.continuity_errors == 0


@pytest_twisted.ensureDeferred
async def test_only_small_datagrams(bench: Bench) -> None:
    """A sender of three packets a datagram is recorded like any other."""
    recorder, port = await bench.open(), free_udp_port()
    data = packets.datagrams(0, 300)
    await recorder.start("one", [track(port)])
    bench.send([data[at : at + 564] for at in range(0, len(data), 564)], port)
    recording = await recorder.stop("one")
    assert packets.sha256(media(recording, bench.path("one"))[0]) == packets.sha256(data)
    assert recording.tracks[0].datagrams == 700


@pytest_twisted.ensureDeferred
async def test_continuity_errors_are_counted_by_track(bench: Bench) -> None:
    """A datagram that is missing is one gap, and counts for the recordings that ran."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 100))
    await recorder.start("one", [track(port)])
    bench.send(sent[:50], port)
    await recorder.start("two", [track(port)])
    bench.send(sent[51:], port)
    one, two = await recorder.stop("one"), await recorder.stop("two")
    assert [r.tracks[0].continuity_errors for r in (one, two)] == [1, 1]


@pytest_twisted.ensureDeferred
async def test_what_the_kernel_drops_is_counted(bench: Bench) -> None:
    """More than the socket holds, the loop held up: what is missing is exactly what is told."""
    recorder, port = await bench.open(), free_udp_port()
    sent = split(packets.datagrams(0, 30_000))
    await recorder.start("one", [track(port)])
    bench.send(sent, port)  # the reactor does not run meanwhile
    recording = await recorder.stop("one")
    (only,) = recording.tracks
    found = packets.numbers(b"".join(media(recording, bench.path("one"))))
    assert only.lost_datagrams > 0
    assert only.datagrams + only.lost_datagrams == len(sent)
    assert found == list(range(only.datagrams))


@pytest_twisted.ensureDeferred
async def test_commands_in_the_wrong_state(bench: Bench) -> None:
    """Pausing what is paused and resuming what is not are refused and change nothing."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    with pytest.raises(WrongStateError):
        await recorder.resume("one")
    with pytest.raises(WrongStateError):
        await recorder.start("one", [track(port)])
    await recorder.pause("one")
    with pytest.raises(WrongStateError):
        await recorder.pause("one")
    assert [one.state for one in recorder.active()] == ["PAUSED"]
    await recorder.stop("one")
    for command in (recorder.pause, recorder.resume, recorder.stop, recorder.refresh):
        with pytest.raises(UnknownRecordingError):
            await command("one")
    with pytest.raises(UnknownRecordingError):
        recorder.clock("one")


@pytest_twisted.ensureDeferred
async def test_an_id_is_recorded_once(bench: Bench) -> None:
    """A recording's folder is never written a second time."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    recording = await recorder.stop("one")
    with pytest.raises(WriteFailedError):
        await recorder.start("one", [track(port)])
    assert manifest.read(bench.path("one")) == recording
    assert recorder.status()["sources"] == []


@pytest.mark.parametrize(
    ("url", "interface", "reason"),
    [
        ("udp://@198.51.100.7:5000", "", "198.51.100.7 is no address of this machine"),
        ("udp://@239.77.1.2:5000", "198.51.100.7", "no interface has the address 198.51.100.7"),
        ("nonsense", "", "has no scheme"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_source_that_cannot_be_received(
    bench: Bench, url: str, interface: str, reason: str
) -> None:
    """The start fails with the reason; nothing is left of it, and no source stays held."""
    recorder, port = await bench.open(), free_udp_port()
    bad = track(0, number=2, url=url, interface=interface)
    with pytest.raises(SourceUnusableError, match=reason):
        await recorder.start("one", [track(port), bad])
    assert not bench.path("one").exists()
    assert recorder.status()["sources"] == []
    assert not recorder.active()


@pytest_twisted.ensureDeferred
async def test_a_port_that_is_taken(bench: Bench) -> None:
    """The message names the port and how to find the program that has it."""
    recorder = await bench.open()
    taken = bench.out.getsockname()[1]
    with pytest.raises(SourceUnusableError, match=f"port {taken} is taken.*ss -ulpn"):
        await recorder.start("one", [track(taken)])


@pytest_twisted.ensureDeferred
async def test_refreshing_brings_the_counters_up_to_date(bench: Bench) -> None:
    """``recording.json`` of an active recording tells what has been received."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    bench.send(split(packets.datagrams(0, 50)), port)
    await recorder.refresh("one")
    told = manifest.read(bench.path("one"))
    assert told.state == "RECORDING"
    assert told.tracks[0].datagrams == 50
    assert told.tracks[0].integrity.pcrs == 50
    plain = attrs.evolve(told.tracks[0], datagrams=0, bytes=0, segments=(), integrity=Integrity())
    assert plain == track(port)


@pytest_twisted.ensureDeferred
async def test_commands_given_at_once_are_done_one_after_the_other(bench: Bench) -> None:
    """Pause, resume and stop without waiting: each finds the state that the one before left."""
    recorder, port = await bench.open(), free_udp_port()
    await recorder.start("one", [track(port)])
    bench.send(split(packets.datagrams(0, 10)), port)
    paused, resumed, stopped = (
        recorder.pause("one"),
        recorder.resume("one"),
        recorder.stop("one"),
    )
    late = recorder.pause("one")
    await paused
    await resumed
    assert (await stopped).tracks[0].datagrams == 10
    with pytest.raises(UnknownRecordingError):
        await late


@pytest_twisted.ensureDeferred
async def test_at_rest_nothing_runs(bench: Bench) -> None:
    """With nothing recorded there is no tick."""
    recorder, port = await bench.open(), free_udp_port()
    assert recorder.status()["tick_ms"] == 0
    await recorder.start("one", [track(port)])
    assert recorder.status()["tick_ms"] > 0
    await recorder.stop("one")
    assert recorder.status()["tick_ms"] == 0
