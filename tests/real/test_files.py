"""Recordings as files: show, verify, export, import and remove, with the real ``hmpctl``."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..harness import Sender, packets
from .hall import Hall


def _recorded(hall: Hall) -> str:
    """A finished recording of two segments, with a HotMark and a category."""
    source, port = hall.source()
    category = hall.hmpctl("category", "add", "Quality")
    hall.start()
    with hall.client() as client, Sender([("127.0.0.1", port)]) as sender:
        recording = hall.record(client, source)
        client.result("addHotmark", recording, "the mark")
        sender.await_seconds(0.5)
        client.result("pauseRecording", recording)
        client.result("resumeRecording", recording)
        sender.await_seconds(0.5)
        client.result("stopRecording", recording)
        client.result("updateMetadata", recording, "title", "the title")
        client.result("setCategory", recording, category, "HD")
    return recording


def test_show_verify_export_remove_import(hall: Hall, tmp_path: Path) -> None:
    """What was exported is what was recorded; what was removed can be taken in again, whole."""
    recording = _recorded(hall)
    before = hall.show("recording", "show", recording)
    media = hall.media(recording)
    assert hall.try_hmpctl("recording", "verify", recording).returncode == 0
    hall.hmpctl("recording", "export", recording, str(tmp_path / "out.ts"))
    assert packets.sha256((tmp_path / "out.ts").read_bytes()) == packets.sha256(media)
    hall.daemon.stop()  # what is beside the media is complete once the server has ended
    folder = hall.recordings_dir / recording
    shutil.copytree(folder, tmp_path / recording)
    hall.hmpctl("recording", "remove", recording)
    assert not folder.exists()
    assert hall.try_hmpctl("recording", "show", recording).returncode == 1
    hall.start()
    imported = hall.hmpctl("recording", "import", str(tmp_path / recording))
    assert imported.splitlines()[-1] == recording
    after = hall.show("recording", "show", recording)
    kept = ("id", "title", "state", "created", "duration_s", "hotmarks", "tracks", "categories")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert packets.sha256(hall.media(recording)) == packets.sha256(media)
    with hall.client() as client:
        assert client.ask("getRecordingStatus", recording) == "OK|FINISHED"


def test_verify_finds_what_is_wrong(hall: Hall) -> None:
    """A byte that is no sync byte, a missing end, a missing file: each is told, with exit 1."""
    recording = _recorded(hall)
    tracks = hall.show("recording", "show", recording)["tracks"]
    path = Path(tracks[0]["segments"][0]["path"])
    whole = path.read_bytes()
    damages = {
        "sync": whole[:188] + b"\x00" + whole[189:],
        "short": whole[: len(whole) // 2],
        "torn": whole[:-100],
    }
    for what, data in damages.items():
        path.write_bytes(data)
        done = hall.try_hmpctl("recording", "verify", recording)
        assert done.returncode == 1, what
        assert path.name in done.stdout + done.stderr
    path.unlink()
    assert hall.try_hmpctl("recording", "verify", recording).returncode == 1
    path.write_bytes(whole)
    assert hall.try_hmpctl("recording", "verify", recording).returncode == 0


def test_an_active_recording_is_not_removed(hall: Hall) -> None:
    """One line says why, and the recording goes on."""
    source, _ = hall.source()
    hall.start()
    with hall.client() as client:
        recording = hall.record(client, source)
        refused = hall.try_hmpctl("recording", "remove", recording)
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert client.ask("stopRecording", recording) == "OK"
