"""The disk is full or cannot be written: 070027 and 070014."""

from __future__ import annotations

from .lines import covers, error
from .stage import Stage


@covers("startRecording", "070027")
def test_disk_is_full(fresh_stage: Stage) -> None:
    """Less free than ``min_free_bytes``: nothing is begun, and the session stays free."""
    stage = fresh_stage
    stage.configure(recordings={"min_free_bytes": 1 << 62})
    with stage.start().client() as client:
        session = stage.session(client, 0)
        assert client.ask("startRecording", session) == error("startRecording", "070027")
        assert client.ask("deleteSession", session) == "OK"
    assert stage.show("recording", "list") == []


@covers("startRecording", "070014")
def test_folder_cannot_be_made(fresh_stage: Stage) -> None:
    """A file stands where recordings should go (root may write anywhere else)."""
    stage = fresh_stage.start()
    aside = stage.recordings_dir.with_name("aside")
    with stage.client() as client:
        session = stage.session(client, 0)
        stage.recordings_dir.rename(aside)
        stage.recordings_dir.write_text("")
        assert client.ask("startRecording", session) == error("startRecording", "070014")
        stage.recordings_dir.unlink()
        aside.rename(stage.recordings_dir)
        recording = client.result("startRecording", session)
        assert client.ask("stopRecording", recording) == "OK"
