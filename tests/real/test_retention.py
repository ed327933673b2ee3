"""A server removes by itself what has expired, and what a full disk asks for."""

from __future__ import annotations

import shutil

from ..harness import Client, Sender, wait_for
from .hall import Hall


def _recorded(hall: Hall, client: Client, source: str, sender: Sender) -> str:
    recording = hall.record(client, source)
    sender.await_seconds(0.2)
    client.result("stopRecording", recording)
    return recording


def _gone(hall: Hall, recording: str) -> bool:
    return not (hall.recordings_dir / recording).exists()


def test_an_expired_recording_goes(hall: Hall) -> None:
    """With files and entry, and one line in the log; another stays."""
    source, port = hall.source()
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)]) as sender:
        expired, kept = (_recorded(hall, client, source, sender) for _ in range(2))
        hall.hmpctl("recording", "expire", expired, "0.000001")
        wait_for(lambda: _gone(hall, expired), 15, "end of the expired recording")
        answer = "ERROR|040001|Active recording not found"
        wait_for(lambda: client.ask("getRecordingStatus", expired) == answer, 5, "no entry")
        assert client.ask("getRecordingStatus", kept) == "OK|FINISHED"
    hall.daemon.await_log(rf"recording {expired} \(a session, \d+ bytes\) was removed: it expired")


def test_pruning_when_room_is_short(hall: Hall) -> None:
    """What is not protected goes; a recording of an earlier life of the server, too."""
    source, port = hall.source()
    hall.configure(recordings={"storage_policy": "prune"})
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)]) as sender:
        protected, old = (_recorded(hall, client, source, sender) for _ in range(2))
    hall.hmpctl("recording", "protect", protected)
    hall.stop()
    hall.configure(recordings={"min_free_bytes": 2 * shutil.disk_usage(hall.folder).free})
    hall.start()
    wait_for(lambda: _gone(hall, old), 15, "end of the oldest recording")
    hall.daemon.await_log(rf"recording {old} .* was removed: only \d+ bytes were free")
    assert not _gone(hall, protected)
