"""Playing out for real: real ffmpeg, a real pacer, datagrams on loopback."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import imageio_ffmpeg
import pytest
import pytest_twisted
from twisted.internet.defer import DeferredList

from hmp_twisted.config import RestreamSettings
from hmp_twisted.engine.pacer.packets import DATAGRAM, PACKET, as_packets
from hmp_twisted.errors import (
    NoMediaError,
    StreamFailedError,
    UnknownStreamError,
    WrongStateError,
)

from .packet_maker import packet
from .playing import ADDRESS, RECORDING, Player, is_running, kill, until, write_recording
from .test_playlist import assert_seamless, continuity_errors

SENT_WITHIN_S = 0.3
"""How far from its time a datagram may come on a busy machine; the benchmark measures finely."""


@pytest_twisted.ensureDeferred
async def test_what_is_received_is_what_was_recorded(
    clips: dict[str, bytes], player: Player
) -> None:
    """Three streams at once, every PID, to the last byte; each ends once, with no reason."""
    receivers = {name: player.receiver() for name in clips}
    for name, clip in clips.items():
        player.record(clip, recording_id=f"recording-{name}")
        await player.start(name, receivers[name], recording_id=f"recording-{name}")
    await until(lambda: len(player.ended) == 3, "three streams to end")
    assert sorted(player.ended) == [("cbr", ""), ("data", ""), ("two", "")]
    for name, receiver in receivers.items():
        await until(lambda r=receiver, n=name: len(r.received) >= len(clips[n]), "the last bytes")
        assert hashlib.sha256(receiver.received).digest() == hashlib.sha256(clips[name]).digest()
        assert {len(one) for one in receiver.datagrams[:-1]} == {DATAGRAM}
        assert receiver.times[-1] - receiver.times[0] == pytest.approx(5, abs=0.2)
    assert player.restreamer.streams() == []


@pytest_twisted.ensureDeferred
async def test_ok_means_that_the_first_datagram_is_on_its_way(
    clips: dict[str, bytes], player: Player
) -> None:
    """With either ffmpeg; it comes at once, and no burst after it."""
    player.record(clips["cbr"])
    receiver = player.receiver()
    begun = time.monotonic()
    await player.start("s", receiver)
    answered = time.monotonic()
    await until(lambda: len(receiver.datagrams) > 40, "forty datagrams")
    assert receiver.times[0] - begun < 2
    assert receiver.times[0] - answered < 0.1
    assert receiver.times[40] - receiver.times[0] == pytest.approx(40 * DATAGRAM * 8 / 1e6, abs=0.1)


@pytest_twisted.ensureDeferred
async def test_the_bundled_ffmpeg_serves_as_well(clips: dict[str, bytes], tmp_path: Path) -> None:
    """What a machine without an ffmpeg of its own uses."""
    player = Player(tmp_path, RestreamSettings(ffmpeg=imageio_ffmpeg.get_ffmpeg_exe()))
    player.record(clips["cbr"][: 700 * PACKET], durations=[1.0])
    receiver = player.receiver()
    try:
        await player.start("s", receiver)
        await until(lambda: player.ended, "the end")
        await until(lambda: len(receiver.received) >= 700 * PACKET, "the last bytes")
        assert receiver.received == clips["cbr"][: 700 * PACKET]
    finally:
        await player.close()


@pytest_twisted.ensureDeferred
async def test_a_pause_is_played_over_without_a_seam(
    clips: dict[str, bytes], player: Player
) -> None:
    """Two segments with a hole of a second between them: one stream."""
    first, second = clips["data"][: 1200 * PACKET], clips["data"][2001 * PACKET :]
    player.record(first, second, durations=[1.8, 2.0])
    receiver = player.receiver()
    await player.start("s", receiver)
    await until(lambda: player.ended, "the end")
    await until(lambda: len(receiver.received) >= len(first) + len(second), "the last bytes")
    sent = receiver.received
    assert sent.startswith(first)
    start = receiver.times[0]
    assert_seamless(sent, [when - start for when in receiver.times], within_s=SENT_WITHIN_S)


@pytest_twisted.ensureDeferred
async def test_a_loop_goes_on_until_it_is_stopped(clips: dict[str, bytes], player: Player) -> None:
    """A recording of 0.6 s runs for more than three rounds; the start position counts once."""
    player.record(clips["cbr"][: 400 * PACKET], durations=[0.6])
    receiver = player.receiver()
    await player.start("s", receiver, loop=True, start_s=0.3)
    await until(lambda: len(receiver.received) > 1300 * PACKET, "three rounds")
    await player.restreamer.stop("s")
    assert continuity_errors(as_packets(receiver.received)) == 0
    assert player.ended == []


@pytest_twisted.ensureDeferred
async def test_stop_is_obeyed_at_once(clips: dict[str, bytes], player: Player) -> None:
    """Answered within a second when the last datagram has left, ffmpeg gone, no end reported."""
    player.record(clips["cbr"])
    receiver = player.receiver()
    await player.start("s", receiver, start_s=1.0)
    await until(lambda: len(receiver.datagrams) > 30, "datagrams")
    [report] = player.restreamer.streams()
    assert (report.stream_id, report.recording_id, report.port) == ("s", RECORDING, receiver.port)
    assert 1.0 < report.position_s < 2.0
    pid, asked = player.pid_of("s"), time.monotonic()
    await player.restreamer.stop("s")
    assert time.monotonic() - asked < 1.0
    assert receiver.times[-1] - asked < 0.5
    assert not is_running(pid)
    count = len(receiver.datagrams)
    with pytest.raises(UnknownStreamError):
        await player.restreamer.stop("s")
    assert (len(receiver.datagrams), player.ended) == (count, [])


@pytest_twisted.ensureDeferred
async def test_a_stopped_ffmpeg_is_made_to_go(clips: dict[str, bytes], player: Player) -> None:
    """One that does not obey SIGINT is killed; the other streams never notice."""
    player.record(clips["cbr"])
    stuck, other = player.receiver(), player.receiver()
    await player.start("stuck", stuck)
    await player.start("other", other)
    kill(player.pid_of("stuck"), signal.SIGSTOP)
    seen = len(other.datagrams)
    await until(lambda: len(other.datagrams) > seen + 100, "the other stream to go on")
    gaps = [b - a for a, b in zip(other.times[seen:], other.times[seen + 1 :], strict=False)]
    assert max(gaps) < 0.3
    asked = time.monotonic()
    await player.restreamer.stop("stuck")
    assert time.monotonic() - asked < 1.0


@pytest_twisted.ensureDeferred
async def test_an_ffmpeg_that_dies_is_replaced(clips: dict[str, bytes], player: Player) -> None:
    """The stream goes on from where it was, with what the dead one had left, to its end."""
    player.record(clips["cbr"])
    receiver = player.receiver()
    await player.start("s", receiver)
    await until(lambda: len(receiver.datagrams) > 50, "datagrams")
    first = player.pid_of("s")
    kill(first, signal.SIGKILL)
    await until(lambda: player.pid_of("s") not in (0, first), "another ffmpeg")
    await until(lambda: player.ended, "the end")
    assert player.ended == [("s", "")]
    last = clips["cbr"][len(clips["cbr"]) // DATAGRAM * DATAGRAM :]
    await until(lambda: receiver.datagrams[-1] == last, "the last bytes")
    missing = len(clips["cbr"]) - len(receiver.received)
    assert 0 <= missing <= 3 * DATAGRAM
    half = len(receiver.received) // 2
    assert receiver.received.endswith(clips["cbr"][-half:])


@pytest_twisted.ensureDeferred
async def test_nothing_is_sent_twice_however_often_ffmpeg_dies(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each datagram at most once and in order; what a dead one had read is three at most."""
    monkeypatch.setattr("hmp_twisted.engine.stream.RETRY_S", (0.01,) * 100)
    count, kills = 2000, 12
    numbered = b"".join(packet(0x300, k, k.to_bytes(4, "big") * 46) for k in range(7 * count))
    player.record(numbered, durations=[5.0])
    receiver, killed = player.receiver(), set[int]()
    await player.start("s", receiver)

    def kill_again() -> bool:
        pid, seen = player.pid_of("s"), len(receiver.datagrams)
        if pid and pid not in killed and seen > (len(killed) + 1) * 1500 // kills:
            killed.add(pid)
            kill(pid, signal.SIGKILL)
        return bool(player.ended)

    await until(kill_again, "the end", 40)
    await until(lambda: receiver.datagrams[-1] == numbered[-DATAGRAM:], "the last datagram")
    numbers = [int.from_bytes(one[4:8], "big") // 7 for one in receiver.datagrams]
    assert numbers == sorted(set(numbers))
    assert len(killed) >= kills // 2
    assert count - len(numbers) <= 3 * len(killed)


@pytest_twisted.ensureDeferred
async def test_a_paused_stream_sends_nothing_until_it_is_resumed(
    clips: dict[str, bytes], player: Player
) -> None:
    """It keeps its place, over the death of its ffmpeg too, and can be moved meanwhile."""
    player.record(clips["cbr"])
    receiver = player.receiver()
    await player.start("s", receiver)
    await until(lambda: len(receiver.datagrams) > 50, "datagrams")
    player.restreamer.pause("s")
    with pytest.raises(WrongStateError, match="PAUSED cannot be paused"):
        player.restreamer.pause("s")
    [report] = player.restreamer.streams()
    assert report.state == "PAUSED"
    first = player.pid_of("s")
    kill(first, signal.SIGKILL)
    await until(lambda: player.pid_of("s") not in (0, first), "another ffmpeg")
    player.restreamer.seek("s", 4.0)
    await until(lambda: player.restreamer.streams()[0].position_s == 4.0, "its new place")
    player.restreamer.resume("s")
    await until(lambda: player.ended, "the end")
    last = clips["cbr"][len(clips["cbr"]) // DATAGRAM * DATAGRAM :]
    await until(lambda: receiver.datagrams[-1].endswith(last), "the last bytes")
    assert continuity_errors(as_packets(receiver.received)) <= 4, "what the dead ffmpeg had read"
    assert len(receiver.received) < len(clips["cbr"]) // 2
    with pytest.raises(UnknownStreamError):
        player.restreamer.resume("s")


@pytest_twisted.ensureDeferred
async def test_several_streams_of_one_recording_go_their_own_ways(
    clips: dict[str, bytes], player: Player
) -> None:
    """From different places, one moved, one paused: the others do not notice."""
    player.record(clips["cbr"])
    receivers = [player.receiver() for _ in range(3)]
    for number, receiver in enumerate(receivers):
        await player.start(f"s{number}", receiver, start_s=number * 1.0)
    player.restreamer.pause("s1")
    player.restreamer.seek("s2", 0.5)
    with pytest.raises(NoMediaError, match=r"cannot begin at 60\.000 s"):
        player.restreamer.seek("s2", 60.0)
    await until(lambda: len(player.ended) == 2, "two to end")
    assert receivers[0].received == clips["cbr"]
    assert continuity_errors(as_packets(receivers[2].received)) == 0
    assert [(r.stream_id, r.state) for r in player.restreamer.streams()] == [("s1", "PAUSED")]


@pytest_twisted.ensureDeferred
async def test_a_pacer_that_dies_is_replaced(clips: dict[str, bytes], player: Player) -> None:
    """All its streams go on with the next datagram: none is lost, and none is sent twice."""
    player.record(clips["cbr"])
    receivers = [player.receiver() for _ in range(2)]
    for number, receiver in enumerate(receivers):
        await player.start(f"s{number}", receiver)
    await until(lambda: len(receivers[1].datagrams) > 100, "datagrams")
    first = player.restreamer.status()["pacer_pid"]
    kill(first, signal.SIGKILL)
    await until(lambda: len(player.ended) == 2, "both streams to end")
    assert sorted(player.ended) == [("s0", ""), ("s1", "")]
    assert player.restreamer.status()["pacer_pid"] not in (None, first)
    for receiver in receivers:
        assert receiver.received == clips["cbr"]


@pytest_twisted.ensureDeferred
async def test_a_pacer_that_hangs_is_replaced(
    clips: dict[str, bytes], player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that says nothing of its streams for a while is killed, and they go on with another."""
    monkeypatch.setattr("hmp_twisted.engine.pacer_link.SILENCE_S", 1.0)
    player.record(clips["cbr"])
    receiver = player.receiver()
    await player.start("s", receiver, loop=True)
    first = player.restreamer.status()["pacer_pid"]
    kill(first, signal.SIGSTOP)
    await until(lambda: player.restreamer.status()["pacer_pid"] not in (None, first), "another")
    assert not is_running(first)
    count = len(receiver.datagrams)
    await until(lambda: len(receiver.datagrams) > count + 50, "datagrams to go on")
    assert player.ended == []


@pytest_twisted.ensureDeferred
async def test_an_ffmpeg_that_dies_again_and_again_is_given_up(
    clips: dict[str, bytes], player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries the stream ends, and the reason says what happened."""
    monkeypatch.setattr("hmp_twisted.engine.stream.RETRY_S", (0.01, 0.01))
    player.record(clips["cbr"])
    await player.start("s", player.receiver(), loop=True)
    killed = {0}

    def is_given_up() -> bool:
        pid = player.pid_of("s")
        if pid not in killed:
            killed.add(pid)
            kill(pid, signal.SIGKILL)
        return bool(player.ended)

    await until(is_given_up, "the stream to be given up")
    [(stream_id, reason)] = player.ended
    assert stream_id == "s"
    assert "given up after 2 tries: ffmpeg was ended by SIGKILL" in reason


@pytest.mark.parametrize(
    ("address", "port", "interface", "words"),
    [
        ("127.0.0.1", 0, "", "127.0.0.1 port 0: a port is 1 to 65535"),
        ("127.0.0.1", 5004, "203.0.113.7", "cannot send from 203.0.113.7"),
        ("255.255.255.255", 5004, "", "cannot send to 255.255.255.255 port 5004"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_reached_is_refused_in_words(
    clips: dict[str, bytes], player: Player, address: str, port: int, interface: str, words: str
) -> None:
    """Before anything is started for it."""
    player.record(clips["cbr"])
    with pytest.raises(StreamFailedError, match=words):
        await player.restreamer.start(
            "s", RECORDING, address, port, ttl=1, interface=interface, loop=False, start_s=0
        )
    assert player.restreamer.streams() == []
    assert player.ended == []


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("/nonexistent/ffmpeg", "cannot be started: no such executable"),
        ("/bin/false", "ffmpeg ended with exit code 1"),
        ("/bin/true", "ffmpeg ended with exit code 0"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_ffmpeg_that_is_none_fails_the_start(
    clips: dict[str, bytes], tmp_path: Path, program: str, words: str
) -> None:
    """In words, and it is no end of a stream, since none began."""
    player = Player(tmp_path, RestreamSettings(ffmpeg=program))
    player.record(clips["cbr"])
    try:
        with pytest.raises(StreamFailedError, match=words):
            await player.start("s", player.receiver())
        assert player.ended == []
    finally:
        await player.close()


@pytest_twisted.ensureDeferred
async def test_a_recording_without_media_is_refused(player: Player) -> None:
    """No recording.json, no bytes, or a start behind the end."""
    receiver = player.receiver()
    with pytest.raises(NoMediaError, match=r"recording\.json"):
        await player.start("s", receiver, recording_id="unknown")
    player.record(b"", b"")
    with pytest.raises(NoMediaError, match="holds no media"):
        await player.start("s", receiver)
    player.record(bytes(PACKET * 70))
    with pytest.raises(NoMediaError, match=r"is 5\.000 s long: it cannot begin at 6\.000 s"):
        await player.start("s", receiver, start_s=6.0)


@pytest_twisted.ensureDeferred
async def test_a_segment_that_vanishes_ends_the_stream_with_the_reason(
    clips: dict[str, bytes], player: Player
) -> None:
    """The file is named; the pacer lives on."""
    parts = [clips["cbr"][k * 300 * PACKET : (k + 1) * 300 * PACKET] for k in range(5)]
    player.record(*parts, durations=[0.45] * 5)
    await player.start("s", player.receiver())
    (player.folder / RECORDING / "track-1" / "00005.ts").unlink()
    await until(lambda: player.ended, "the end")
    [(_, reason)] = player.ended
    assert "00005.ts" in reason
    assert player.restreamer.status()["pacer_pid"] is not None


@pytest_twisted.ensureDeferred
async def test_closing_leaves_no_process(clips: dict[str, bytes], player: Player) -> None:
    """All streams stopped, also one that is just starting, and the pacer gone."""
    player.record(clips["cbr"])
    await player.start("s", player.receiver())
    status = player.restreamer.status()
    starting = player.start("t", player.receiver())
    failed = DeferredList([starting], consumeErrors=True)
    await player.restreamer.close()
    [(is_started, failure)] = await failed
    assert not is_started
    assert failure.check(StreamFailedError)
    assert not is_running(status["pacer_pid"])
    assert not is_running(status["streams"][0]["ffmpeg_pid"])


OWNER = """
import json, sys
from pathlib import Path
from twisted.internet import reactor
from hmp_twisted.config import RestreamSettings
from hmp_twisted.engine.restreamer import Restreamer

player = Restreamer(reactor, Path(sys.argv[1]), RestreamSettings(), lambda *told: None)

def begin():
    started = player.start("s", sys.argv[2], sys.argv[4], int(sys.argv[3]), ttl=1, interface="",
                           loop=True, start_s=0)
    started.addCallback(lambda _: print(json.dumps(player.status()), flush=True))

reactor.callWhenRunning(begin)
reactor.run()
"""


@pytest_twisted.ensureDeferred
async def test_nothing_outlives_an_engine_that_is_killed(
    clips: dict[str, bytes], tmp_path: Path, player: Player
) -> None:
    """kill -9 of the owner: the pacer and every ffmpeg are gone within a moment."""
    write_recording(tmp_path, [clips["cbr"]], RECORDING)
    receiver = player.receiver()
    arguments = [sys.executable, "-c", OWNER, str(tmp_path), RECORDING, str(receiver.port), ADDRESS]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        status = json.loads(owner.stdout.readline())
        pids = [status["pacer_pid"], status["streams"][0]["ffmpeg_pid"]]
        assert all(is_running(pid) for pid in pids)
        await until(lambda: receiver.datagrams, "datagrams")
        owner.kill()
    await until(lambda: not any(is_running(pid) for pid in pids), "the processes to be gone", 3.0)
    count = len(receiver.datagrams)
    assert count > 0
