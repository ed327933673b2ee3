"""Playing recordings out through the real ffmpeg: byte for byte, smoothly, stopped at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ..harness import ORDERLY, Receiver, Sender, Server, free_udp_port, packets, wait_for
from ..harness.encoder import decode_errors, encoder
from .hall import Hall


def _recorded(hall: Hall, seconds: float) -> str:
    """A finished recording of one segment."""
    source, port = hall.source()
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)]) as sender:
        recording = hall.record(client, source)
        sender.await_seconds(seconds)
        client.result("stopRecording", recording)
    return recording


def _play(server: Server, recording: str, address: str, port: int) -> str:
    with server.client() as client:
        words = ("startRestreamRecording", recording, address, str(port))
        return client.result(*words)


@pytest.mark.parametrize("address", ["127.0.0.1", "239.77.3.4"])
def test_a_stream_is_the_recording(hall: Hall, address: str) -> None:
    """Unicast or multicast: what is received is the segment, in datagrams of seven packets."""
    recording, port = _recorded(hall, 2), free_udp_port()
    with Receiver(port, address) as receiver:
        began = time.monotonic()
        _play(hall, recording, address, port)
        receiver.await_silence()
        lasted = receiver.times[-1] - began
    media = hall.media(recording)
    assert packets.sha256(receiver.data) == packets.sha256(media)
    assert {len(datagram) for datagram in receiver.datagrams} == {1316}
    assert 1.5 < lasted < 3.5, "not in real time"


def test_a_stream_is_paced(hall: Hall) -> None:
    """Datagrams come at an even rate, not in bursts: none more than 60 ms from its time."""
    recording, port = _recorded(hall, 2), free_udp_port()
    with Receiver(port) as receiver:
        _play(hall, recording, "127.0.0.1", port)
        receiver.await_silence()
    rate = 4_000_000 / 8 / packets.DATAGRAM
    late = [at - receiver.times[0] - n / rate for n, at in enumerate(receiver.times)]
    late.sort()
    middle = late[len(late) // 2]
    off = [abs(x - middle) for x in late]
    assert sorted(off)[int(len(off) * 0.95)] < 0.06


def test_a_stream_of_real_pictures_decodes(hall: Hall, tmp_path: Path) -> None:
    """A recording of ffmpeg's, with a pause in it, is received and decodes without an error."""
    source, port = hall.source()
    hall.start()
    with hall.client() as client, encoder(port):
        recording = hall.record(client, source)
        wait_for(lambda: len(hall.media(recording)) > 200_000, 30, "media")
        client.result("pauseRecording", recording)
        client.result("resumeRecording", recording)
        before = len(hall.media(recording))
        wait_for(lambda: len(hall.media(recording)) > before + 200_000, 30, "more media")
        client.result("stopRecording", recording)
    out = free_udp_port()
    with Receiver(out) as receiver:
        _play(hall, recording, "127.0.0.1", out)
        receiver.await_silence(1)
    (tmp_path / "received.ts").write_bytes(receiver.data)
    (tmp_path / "recorded.ts").write_bytes(hall.segments(recording)[0])
    assert len(receiver.data) >= len(hall.media(recording)) - 1316
    # A recording starts in the middle of a picture: what is wrong there is wrong in the file, too.
    known = set(_kinds(decode_errors(tmp_path / "recorded.ts")))
    assert not set(_kinds(decode_errors(tmp_path / "received.ts"))) - known


def _kinds(complaints: str) -> list[str]:
    """ffmpeg's complaints without the addresses and numbers in them."""
    words = (line.split("] ", 1)[-1] for line in complaints.splitlines())
    return ["".join(c for c in line if not c.isdigit()) for line in words]


def test_a_stream_stops_within_a_second(hall: Hall) -> None:
    """After OK to the stop nothing comes any more, and no ffmpeg is left."""
    recording, port = _recorded(hall, 4), free_udp_port()
    with Receiver(port) as receiver, hall.client() as client:
        stream = _play(hall, recording, "127.0.0.1", port)
        receiver.await_datagrams(50)
        began = time.monotonic()
        client.result("stopRestreamRecording", stream)
        stopped = time.monotonic()
        assert stopped - began < 1
        wait_for(lambda: time.monotonic() - stopped > 0.7, 5, "time to see what still comes")
        assert receiver.times[-1] < stopped + 0.05
        wait_for(lambda: not _ffmpegs(hall), 2, "end of ffmpeg")


def _ffmpegs(hall: Server) -> list[str]:
    return [p.command for p in hall.daemon.children() if "udp://" in p.command]


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
def test_nothing_is_left_when_the_server_ends(hall: Hall, end: str) -> None:
    """However the server ends, its streams end, and no process of it stays."""
    recording, port = _recorded(hall, 4), free_udp_port()
    with Receiver(port) as receiver:
        _play(hall, recording, "127.0.0.1", port)
        receiver.await_datagrams(50)
        assert _ffmpegs(hall)
        if end == "SIGTERM":
            assert hall.stop() in ORDERLY
        else:
            hall.kill()
        hall.daemon.await_nothing_left(3)
        receiver.await_silence(0.3, 5)


def test_an_ffmpeg_that_is_killed_is_started_again(hall: Hall) -> None:
    """The stream goes on from where it was."""
    recording, port = _recorded(hall, 4), free_udp_port()
    with Receiver(port) as receiver:
        _play(hall, recording, "127.0.0.1", port)
        receiver.await_datagrams(100)
        sender = next(p for p in hall.daemon.children() if "udp://" in p.command)
        sender.kill()
        receiver.await_silence(1.5)
    assert receiver.data[-1316:] == hall.media(recording)[-1316:]
    assert len(receiver.data) > len(hall.media(recording)) * 0.7
