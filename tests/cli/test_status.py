"""``hmpctl status``."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmp_twisted.cli import engine
from hmp_twisted.engine import manifest
from tests.catalogue import add_files, add_recording, add_stream, change_manifest, packets

from .conftest import Hmpctl


def test_a_fresh_server_tells_what_it_has(ctl: Hmpctl) -> None:
    """Everything off or empty, and why no engine is there."""
    report = ctl.json("status")
    assert report["api"] == {"enabled": False, "endpoint": "tcp:23233", "devices": 0}
    assert report["database"] == str(ctl.data_dir / "hmp.db")
    assert report["recordings"]["directory"] == str(ctl.recordings)
    assert report["recordings"]["free_bytes"] > 0
    assert (report["active_recordings"], report["streams"]) == ([], [])
    assert report["engine"]["reachable"] is False
    assert "engine.sock: No such file" in report["engine"]["reason"]
    assert Path(report["ffmpeg"]["path"]).is_file()
    assert not ctl.recordings.exists()


def test_what_runs_is_told(ctl: Hmpctl) -> None:
    """Recordings and streams, and for how long the disk lasts at their rate."""
    ctl("api", "enable")
    ctl("device", "add", "room", "10.0.0.7")
    with ctl.store.begin() as conn:
        active = add_recording(conn, "Live", state="RECORDING")
        stream_id = add_stream(conn, add_recording(conn, "Done"))
    folder = add_files(ctl.recordings, active, [[packets(1000)]], "RECORDING")
    change_manifest(folder, duration_s=2.0)
    report = ctl.json("status")
    assert report["api"]["devices"] == 1
    assert [r["id"] for r in report["active_recordings"]] == [active]
    assert [s["id"] for s in report["streams"]] == [stream_id]
    disk = report["recordings"]
    assert (disk["bit_rate"], disk["measured"]) == (1000 * 188 * 4, True)
    usable = disk["free_bytes"] - disk["min_free_bytes"]
    assert disk["hours"] == pytest.approx(usable * 8 / disk["bit_rate"] / 3600, abs=0.1)
    text = ctl("status")
    assert "Command Line API:  on, tcp:23233" in text
    assert f"{active}  RECORDING  Live" in text
    assert "at the present rate" in text


def test_the_engines_report_is_shown(ctl: Hmpctl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts in lines of their own."""
    report = {
        "version": "1.0",
        "pid": 7,
        "recorder": {"recordings": 2, "sources": [{"rate": 1.5, "ok": True}], "idle": []},
        "restreamer": {"streams": {"a": 1}},
    }
    monkeypatch.setattr(engine, "read_status", lambda endpoint: report)
    text = ctl("status")
    assert "runs, version 1.0, pid 7" in text
    assert "recordings: 2" in text
    assert "sources: rate 1.5, ok yes" in text
    assert "idle: none" in text
    assert "streams: a 1" in text
    assert ctl.json("status")["engine"]["report"] == report


@pytest.mark.parametrize("count", [0, 2])
def test_recordings_that_are_held_up_have_a_line(
    ctl: Hmpctl, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """While there are any."""
    report = {"version": "1.0", "pid": 7, "recorder": {"recordings_held_up": count}}
    monkeypatch.setattr(engine, "read_status", lambda endpoint: report)
    lines = [line for line in ctl("status").splitlines() if line.startswith("Held up:")]
    assert [line.split(maxsplit=2)[2] for line in lines] == [
        f"recordings with a file that takes nothing: {count}; the log names them"
    ] * bool(count)


def test_a_missing_ffmpeg_is_told(ctl: Hmpctl, tmp_path: Path) -> None:
    """The rest is told all the same."""
    config = tmp_path / "hmp.toml"
    config.write_text(f'[restream]\nffmpeg = "{tmp_path}/none"\n')
    report = ctl.json("--config", str(config), "status")
    assert report["ffmpeg"]["path"] is None
    assert str(tmp_path / "none") in report["ffmpeg"]["reason"]


def test_a_password_of_the_database_is_not_shown(ctl: Hmpctl, tmp_path: Path) -> None:
    """Nor in the line that says it cannot be reached."""
    config = tmp_path / "hmp.toml"
    config.write_text('[database]\nurl = "postgresql://hmp:geheim@127.0.0.1:1/hmp"\n')
    line = ctl.refused("--config", str(config), "status")
    assert "127.0.0.1" in line
    assert "geheim" not in line


def test_the_manifest_is_all_that_status_reads(ctl: Hmpctl) -> None:
    """A damaged one costs the measured rate only."""
    with ctl.store.begin() as conn:
        active = add_recording(conn, state="PAUSED")
    folder = add_files(ctl.recordings, active, [[packets(10)]], "PAUSED")
    (folder / manifest.NAME).write_text("{")
    report = ctl.json("status")
    assert report["recordings"]["measured"] is False
    assert [r["state"] for r in report["active_recordings"]] == ["PAUSED"]
