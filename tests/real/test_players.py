"""What VLC, mpv and ffmpeg make of joints: pauses, losses, loops. None may notice any of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.internet.threads import deferToThread

from hmp_twisted.engine.pacer.packets import PACKET, PCR_HZ, as_packets, find_pcrs
from media.make_clips import encode, find_ffmpeg
from tests.engine.playing import ADDRESS, Player
from tests.engine.test_playlist import random_access_points
from tests.harness import wait_for
from tests.harness.encoder import H264, encoder
from tests.harness.ports import free_udp_port

from .hall import Hall
from .players import PLAYERS, Seen, is_installed

SECONDS = 12
WATCHED_S = 9.0
STALL_S = 0.6
"""How much longer than with an unbroken clip a player may stand: it is asked every 0.1 s."""
RATE = 1_000_000


# A player on a machine that is busy just then loses pictures of any stream.
pytestmark = pytest.mark.flaky(reruns=6)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Longer than a player is watched."""
    path = tmp_path_factory.mktemp("players") / "clip.ts"
    encode(find_ffmpeg(), path, rate=RATE, seconds=SECONDS)
    return path.read_bytes()


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A Restreamer of the test's own."""
    made = Player(tmp_path)
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


def recorded(clip: bytes) -> tuple[list[bytes], list[float]]:
    """Three segments with holes of about 0.7 and 1.7 s, each cut off in the middle of a picture.

    They begin where a picture can: what refers to pictures that are not there nobody can show.
    """
    starts = [0, *random_access_points(as_packets(clip))]
    per_s = RATE / 8 / PACKET
    marks = [(starts[0], 3.33), (starts[5], 6.31), (starts[9], 10.9)]
    parts = [clip[start * PACKET : int(end * per_s) * PACKET] for start, end in marks]
    return parts, [end - start / per_s for start, end in marks]


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[float]]:
    """What an encoder sent while the media engine was killed: segments, and how long each is.

    Each third picture can be begun with: what refers to pictures that are gone cannot be shown.
    """
    hall = Hall(tmp_path_factory.mktemp("crashed"))
    hall.admit()
    source, port = hall.source()
    hall.start()
    try:
        with encoder(port, video=(*H264, "-x264-params", "keyint=3")), hall.client() as client:
            recording = hall.record(client, source)
            folder = hall.recordings_dir / recording / "track-1"
            wait_for(lambda: _length_s(folder / "00001.ts") > 3.5, 30, "seconds before the crash")
            os.kill(hall.engine_pid(), signal.SIGKILL)
            wait_for(lambda: _length_s(folder / "00002.ts") > 3.5, 30, "seconds after the crash")
            hall.await_ready()
            client.result("stopRecording", recording)
        (shown,) = hall.show("recording", "show", recording)["tracks"]
        return hall.segments(recording), [one["duration_s"] for one in shown["segments"]]
    finally:
        hall.close()


def _length_s(path: Path) -> float:
    """How much of the stream is in a file, by its PCRs."""
    data = path.read_bytes() if path.exists() else b""
    values = find_pcrs(as_packets(data[: len(data) // PACKET * PACKET])).value
    return float(values[-1] - values[0]) / PCR_HZ if len(values) else 0.0


@inlineCallbacks
def watched(player: Player, name: str) -> Any:
    """What a player makes of the unbroken clip, and of the pieces played round and round."""
    ports = {recording: free_udp_port() for recording in ("whole", "pieces")}
    watching = {
        recording: deferToThread(PLAYERS[name], ADDRESS, port, WATCHED_S)
        for recording, port in ports.items()
    }
    for recording, port in ports.items():
        yield player.restreamer.start(
            recording, recording, ADDRESS, port, ttl=1, interface="", loop=True, start_s=0.0
        )
    whole, pieces = yield gatherResults([watching["whole"], watching["pieces"]])
    return whole, pieces


@pytest.mark.parametrize("name", sorted(PLAYERS))
@pytest_twisted.inlineCallbacks
def test_a_player_does_not_notice_a_joint(player: Player, clip: bytes, name: str) -> Any:
    """Nothing lost or dropped, no stall beyond the unbroken clip's, no time stamp that jumps."""
    if not is_installed(name):
        pytest.skip(f"{name} is not installed: what it makes of a stream cannot be seen")
    player.record(clip, recording_id="whole", durations=[SECONDS])
    parts, durations = recorded(clip)
    player.record(*parts, recording_id="pieces", durations=durations)
    whole, pieces = yield watched(player, name)
    assert_unnoticed(name, whole, pieces)


@pytest.mark.parametrize("name", sorted(PLAYERS))
@pytest_twisted.inlineCallbacks
def test_a_player_does_not_notice_that_the_engine_crashed(
    player: Player, clip: bytes, crashed: tuple[list[bytes], list[float]], name: str
) -> Any:
    """The same where the cut is wherever SIGKILL made it: one stream, that plays on."""
    if not is_installed(name):
        pytest.skip(f"{name} is not installed: what it makes of a stream cannot be seen")
    parts, durations = crashed
    assert len(parts) == 2
    player.record(clip, recording_id="whole", durations=[SECONDS])
    player.record(*parts, recording_id="pieces", durations=durations)
    whole, pieces = yield watched(player, name)
    assert_unnoticed(name, whole, pieces)


def assert_unnoticed(name: str, whole: Seen, pieces: Seen) -> None:
    """No more is wrong with the pieces than with the unbroken clip."""
    if name == "ffmpeg":
        assert_pictures_follow(pieces)
    else:
        assert (whole.lost, pieces.lost) == (0, 0)
        assert len(pieces.moves) > 20, "it never played"
        assert pieces.longest_stall_s <= whole.longest_stall_s + STALL_S


def assert_pictures_follow(seen: Seen) -> None:
    """Every time stamp later than the one before, and none by much more than a picture or two."""
    assert len(seen.moves) > 25 * 5
    assert 0 < seen.largest_step <= 0.25
    assert min(after[1] - before[1] for before, after in pairwise(seen.moves)) > 0
    for words in ("onotonous", "discontinuity", "jump"):
        assert words not in seen.complaints
