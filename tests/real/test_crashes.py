"""kill -9 at random moments, and orderly ends: what was received is kept, and recording goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

from ..harness import ORDERLY, Client, Sender, packets, wait_for
from .hall import Hall

ENGINE_IS_BACK_WITHIN_S = 2.0
SERVER_IS_BACK_WITHIN_S = 15.0
"""It takes 1 s alone; two Pythons have to start, on a machine that may be busy with other tests."""

LOSES_AT_MOST_S = 0.3


def _crash(hall: Hall, who: str) -> float:
    """Kill them at once; gives when."""
    hall.daemon.children()
    engine = hall.engine_pid()
    moment = time.monotonic()
    if who in ("engine", "both"):
        os.kill(engine, signal.SIGKILL)
    if who in ("server", "both"):
        hall.kill()
    return moment


def _growing(hall: Hall, recording: str, beyond: int) -> bool:
    """Whether something of a second segment is on disk."""
    folder = hall.recordings_dir / recording / "track-1"
    return sum(1 for path in folder.glob("*.ts") if path.stat().st_size) > beyond


@pytest.mark.parametrize("who", ["engine", "server", "both"])
@pytest.mark.parametrize("life", [1, 2])
def test_recording_goes_on_after_a_crash(hall: Hall, who: str, life: int) -> None:
    """Back in time after the crash (or the server's start) in a new segment; of what came
    before, at most the last 0.3 s are missing; nothing is torn; and it can be stopped."""
    source, port = hall.source()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
            started = sender.sent
        sender.await_seconds(random.uniform(0.5, 1.2))
        began = moment = _crash(hall, who)
        if who != "engine":
            began = time.monotonic()
            hall.daemon.start()
        limit = ENGINE_IS_BACK_WITHIN_S if who == "engine" else SERVER_IS_BACK_WITHIN_S
        left = limit - (time.monotonic() - began)
        wait_for(lambda: _growing(hall, recording, 1), left, "a new segment with media in it")
        hall.await_ready()
        with hall.client() as client:
            assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
            sender.await_seconds(0.5)
            last = sender.sent
            assert client.ask("stopRecording", recording) == "OK"
            assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"
    before, after = (packets.assert_unbroken(segment) for segment in hall.segments(recording))
    assert before[0] <= started
    assert before[1] >= sender.sent_before(moment - LOSES_AT_MOST_S) - 1
    assert before[1] < after[0]
    assert after[1] >= last - 1
    assert hall.try_hmpctl("recording", "verify", recording).returncode == 0


def test_a_paused_recording_stays_paused_after_a_crash(hall: Hall) -> None:
    """Nothing of what comes meanwhile is recorded; then it is resumed."""
    source, port = hall.source()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
            sender.await_seconds(0.5)
            client.result("pauseRecording", recording)
            paused = sender.sent
        _crash(hall, "both")
        hall.start()
        with hall.client() as client:
            assert client.ask("getRecordingStatus", recording) == "OK|PAUSED"
            sender.await_seconds(0.5)
            resumed = sender.sent
            client.result("resumeRecording", recording)
            sender.await_seconds(0.5)
            client.result("stopRecording", recording)
    before, after = (packets.assert_unbroken(segment) for segment in hall.segments(recording))
    assert before[1] <= paused
    assert after[0] >= resumed - 1


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
def test_a_server_restarts_beside_an_engine_that_stands_alone(hall: Hall, end: str) -> None:
    """Not one datagram is lost, and it is one segment: the engine never stopped."""
    source, port = hall.source()
    engine = hall.alone()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
            first = sender.sent
        sender.await_seconds(0.5)
        if end == "SIGTERM":
            assert hall.stop() in ORDERLY
        else:
            hall.kill()
        sender.await_seconds(0.5)
        hall.start()
        with hall.client() as client:
            assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
            client.result("addHotmark", recording, "after the restart")
            sender.await_seconds(0.3)
            last = sender.sent
            client.result("stopRecording", recording)
    (segment,) = hall.segments(recording)
    found = packets.assert_unbroken(segment)
    assert found[0] <= first
    assert found[1] >= last - 1
    assert hall.lost(recording) == [0]
    assert engine.running


def test_an_engine_that_stands_alone_is_restarted(hall: Hall) -> None:
    """The server stays, answers 090001 meanwhile, and finds the recording going on afterwards."""
    source, port = hall.source()
    engine = hall.alone()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender, hall.client() as client:
        recording = hall.record(client, source)
        sender.await_seconds(0.5)
        assert engine.stop() in ORDERLY
        answer = client.ask("addHotmark", recording, "nobody there")
        assert answer == "ERROR|090001|No bus connection"
        assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
        engine.start()
        _await_ok(client, "addHotmark", recording, "there again")
        sender.await_seconds(0.5)
        client.result("stopRecording", recording)
    for segment in hall.segments(recording):
        packets.assert_unbroken(segment)


def _await_ok(client: Client, *words: str) -> None:
    wait_for(lambda: client.ask(*words) == "OK", 5, f"OK to {words}")


def test_a_recording_that_the_server_does_not_know_is_ended(hall: Hall) -> None:
    """What an engine records and the database (an older copy, say) does not have, is finished."""
    source, port = hall.source()
    engine = hall.alone()
    hall.start()
    with Sender([("127.0.0.1", port)]), hall.client() as client:
        recording = hall.record(client, source)
        hall.kill()
        with hall.database() as database:
            database.execute("DELETE FROM recordings")
        hall.start()
        manifest = hall.recordings_dir / recording / "recording.json"
        wait_for(lambda: json.loads(manifest.read_text())["state"] == "FINISHED", 5, "its end")
    assert engine.running


def test_a_stop_that_the_database_did_not_learn_of(hall: Hall) -> None:
    """The engine has stopped, the server died before it could note that: FINISHED afterwards."""
    source, port = hall.source()
    hall.alone()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender, hall.client() as client:
        recording = hall.record(client, source)
        sender.await_seconds(0.3)
        with hall.database() as database:
            refusal = "BEGIN SELECT RAISE(ABORT, 'x'); END"
            database.execute(f"CREATE TRIGGER fault BEFORE UPDATE ON recordings {refusal}")
        assert client.ask("stopRecording", recording) == "ERROR|070003|Internal Server Error"
        hall.kill()
        with hall.database() as database:
            database.execute("DROP TRIGGER fault")
        hall.start()
        with hall.client() as again:
            assert again.ask("getRecordingStatus", recording) == "OK|FINISHED"
    packets.assert_unbroken(hall.media(recording))


def test_sigterm_ends_in_order(hall: Hall) -> None:
    """Streams stopped, segments closed, states kept, and nothing left running."""
    source, port = hall.source()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
        sender.await_seconds(0.5)
        last = sender.sent
        assert hall.stop() in ORDERLY
        hall.daemon.await_nothing_left(0.5)
    (segment,) = hall.segments(recording)
    assert packets.assert_unbroken(segment)[1] >= last - 1
    assert hall.show("recording", "show", recording)["state"] == "RECORDING"
    assert "Traceback" not in hall.daemon.log
    assert "Unhandled" not in hall.daemon.log


def test_an_idle_server_costs_next_to_nothing(hall: Hall) -> None:
    """Nothing recorded, nobody connected: server and engine together use under 5 % of a core."""
    hall.start()
    before, began = _cpu_s(hall), time.monotonic()
    wait_for(lambda: time.monotonic() - began > 3, 5, "three seconds")
    assert (_cpu_s(hall) - before) / (time.monotonic() - began) < 0.05


def _cpu_s(hall: Hall) -> float:
    from pathlib import Path

    ticks = 0
    for pid in [hall.daemon.pid, *(p.pid for p in hall.daemon.children())]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
