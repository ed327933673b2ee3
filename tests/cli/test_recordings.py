"""``hmpctl recording``: list, show, verify, export, import, remove."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cattrs
import pytest
from sqlalchemy import insert

from hmp_twisted.engine import certificate, manifest
from hmp_twisted.engine.certifying import certify
from hmp_twisted.services import catalogue_file
from hmp_twisted.services.directory.attached import CategoryValues
from hmp_twisted.services.directory.recordings import HotMark
from hmp_twisted.store import schema
from tests.catalogue import CREATED, add_files, add_recording, add_stream, new_id, packets

from .conftest import Hmpctl

SOUND = packets(40)


@pytest.fixture
def recording(ctl: Hmpctl) -> str:
    """A finished recording of one track and two segments."""
    with ctl.store.begin() as conn:
        recording_id = add_recording(conn)
    add_files(ctl.recordings, recording_id, [[SOUND, packets(3)]])
    return recording_id


def test_recordings_are_listed(ctl: Hmpctl, recording: str) -> None:
    """With what the catalogue knows."""
    (listed,) = ctl.json("recording", "list")
    assert listed["session_id"]
    del listed["session_id"]
    assert listed == {
        "id": recording,
        "title": "First take",
        "description": "",
        "createdby": "",
        "state": "FINISHED",
        "deleted": None,
        "reason": "",
        "created": "2026-01-31T12:00:00Z",
        "duration_s": 12.5,
        "track_count": 1,
        "protected": False,
        "expire_after_days": None,
        "expires": None,
    }
    assert "FINISHED  First take  2026-01-31T12:00:00Z  0:00:12.5" in ctl("recording", "list")


def test_a_recording_is_shown_with_its_files(ctl: Hmpctl, recording: str) -> None:
    """The shape that was promised: tracks and segments with absolute paths."""
    (ctl.recordings / recording / "track-1").joinpath("00001.idx").write_bytes(b"")
    with ctl.store.begin() as conn:
        mark = {"recording_id": recording, "time_s": 3, "title": "Begin"}
        conn.execute(insert(schema.hotmarks).values(**mark))
    shown = ctl.json("recording", "show", "First take")
    (track,) = shown["tracks"]
    first, second = track["segments"]
    assert (shown["id"], shown["state"], shown["duration_s"]) == (recording, "FINISHED", 12.5)
    assert shown["hotmarks"] == [{"time_s": 3, "title": "Begin"}]
    assert (shown["categories"], shown["shares"]) == ([], [])
    assert (track["source_name"], track["datagrams"], track["bytes"]) == ("Camera 1", 9, 43 * 188)
    assert (track["lost_datagrams"], track["continuity_errors"]) == (0, 0)
    assert Path(first["path"]) == ctl.recordings / recording / "track-1" / "00001.ts"
    assert Path(first["path"]).is_absolute()
    assert (second["bytes"], second["duration_s"]) == (3 * 188, 6.0)
    text = ctl("recording", "show", recording)
    assert "0:00:03.0  Begin" in text
    assert "Camera 1" in text


def test_a_recording_without_files_is_shown_with_a_warning(ctl: Hmpctl, recording: str) -> None:
    """What the catalogue knows is still of use."""
    shutil.rmtree(ctl.recordings / recording)
    result = ctl.run("recording", "show", recording, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["tracks"] == []
    assert "hmpctl: warning: " in result.stderr
    assert "cannot be read" in result.stderr


def test_an_active_recording_is_shown_though_no_engine_answers(ctl: Hmpctl) -> None:
    """With the figures there are, and a warning that they may be old."""
    with ctl.store.begin() as conn:
        recording_id = add_recording(conn, state="RECORDING")
    add_files(ctl.recordings, recording_id, [[SOUND]], "RECORDING")
    result = ctl.run("recording", "show", recording_id, "--json")
    assert "figures may be old" in result.stderr
    shown = json.loads(result.stdout)
    assert (shown["state"], shown["duration_s"]) == ("RECORDING", 12.5)


def test_a_sound_recording_is_verified(ctl: Hmpctl, recording: str) -> None:
    """Each segment by itself; without a certificate what can be seen is right, and no more."""
    lines = ["TRACK  SEGMENT   PACKETS  FOUND    WHAT"]
    for packets_, name in ((40, "00001.ts"), (3, "00002.ts")):
        lines.append(f"    1  {name}  {packets_:7}  pending")
    assert [line.rstrip() for line in ctl("recording", "verify", recording).splitlines()] == lines
    assert ctl.json("recording", "verify", recording)["pending"] == 2
    certify(ctl.recordings / recording)
    report = ctl.json("recording", "verify", recording)
    assert (report["sound"], report["pending"]) == (True, 0)
    assert [segment["problem"] for segment in report["segments"]] == ["", ""]
    assert [segment["verdict"] for segment in report["segments"]] == ["sound", "sound"]
    assert ctl.json("recording", "show", recording)["certificate"] == "complete"


def test_every_change_of_a_certified_recording_is_seen(ctl: Hmpctl, recording: str) -> None:
    """One bit, a file that is gone, one that is new: each is named, and the exit status is 1."""
    folder = ctl.recordings / recording
    certify(folder)
    first, second = (manifest.segment_path(folder, 1, number) for number in (1, 2))
    content = bytearray(first.read_bytes())
    content[100] ^= 1
    first.write_bytes(content)
    second.rename(second.with_name("00003.ts"))
    result = ctl.run("recording", "verify", recording, "--json")
    assert result.exit_code == 1
    found = {one["segment"]: one for one in json.loads(result.stdout)["segments"]}
    assert {n: one["verdict"] for n, one in found.items()} == {
        1: "changed",
        2: "missing",
        3: "extra",
    }
    assert "has SHA-256 " in found[1]["problem"]
    (folder / certificate.NAME).write_text("{")
    assert "certificate.json: is damaged" in ctl.refused("recording", "verify", recording)


def test_a_damaged_recording_is_refused_by_verify(ctl: Hmpctl, recording: str) -> None:
    """Exit status 1, what is wrong by segment, and one line that sums it up."""
    path = manifest.segment_path(ctl.recordings / recording, 1, 2)
    path.write_bytes(path.read_bytes()[:-1])
    result = ctl.run("recording", "verify", recording)
    assert result.exit_code == 1
    assert "has 563 bytes, 564 were recorded" in result.stdout.splitlines()[2]
    assert result.stderr.count("\n") == 1
    assert f"recording {recording}: 1 of 2 segments" in result.stderr
    result = ctl.run("recording", "verify", recording, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["sound"] is False
    shutil.rmtree(path.parent.parent)
    assert "recording.json" in ctl.refused("recording", "verify", recording)


def test_a_track_is_exported(ctl: Hmpctl, recording: str, tmp_path: Path) -> None:
    """Into one file, over another by force only."""
    target = tmp_path / "out.ts"
    assert ctl("recording", "export", recording, str(target)) == ""
    assert target.read_bytes() == SOUND + packets(3)
    assert "--force" in ctl.refused("recording", "export", recording, str(target))
    assert ctl("recording", "export", recording, str(target), "--track", "1", "--force") == ""
    assert "no track 2" in ctl.refused(
        "recording", "export", recording, str(tmp_path / "b.ts"), "--track", "2"
    )
    ctl.refused("recording", "export", recording, "c.ts", "--track", "0", status=2)


def test_an_active_recording_is_not_exported(ctl: Hmpctl, tmp_path: Path) -> None:
    """It is not whole."""
    with ctl.store.begin() as conn:
        recording_id = add_recording(conn, state="PAUSED")
    add_files(ctl.recordings, recording_id, [[SOUND]], "PAUSED")
    result = ctl.run("recording", "export", recording_id, str(tmp_path / "out.ts"))
    assert result.exit_code == 1
    assert "is paused; stop it first" in result.stderr


def test_a_recording_is_removed(ctl: Hmpctl, recording: str) -> None:
    """Row and folder; not while it is played out."""
    with ctl.store.begin() as conn:
        stream_id = add_stream(conn, recording)
    assert stream_id in ctl.refused("recording", "remove", recording)
    with ctl.store.begin() as conn:
        conn.execute(schema.streams.update().values(ended=CREATED))
    assert ctl("recording", "remove", recording[:8]) == ""
    assert ctl.json("recording", "list") == []
    assert list(ctl.recordings.iterdir()) == []
    assert "no recording has the ID" in ctl.refused("recording", "remove", recording)


def test_an_active_recording_is_not_removed(ctl: Hmpctl) -> None:
    """Nor any of its files."""
    with ctl.store.begin() as conn:
        recording_id = add_recording(conn, state="RECORDING")
    folder = add_files(ctl.recordings, recording_id, [[SOUND]], "RECORDING")
    assert "is recording; stop it first" in ctl.refused("recording", "remove", recording_id)
    assert folder.is_dir()


def test_a_recording_comes_back_from_its_folder(ctl: Hmpctl, tmp_path: Path) -> None:
    """With title, HotMarks and categories from catalogue.json; unknown categories are told."""
    category_id = ctl("category", "add", "Quality").strip()
    recording_id, session_id = new_id(), new_id()
    folder = add_files(tmp_path, recording_id, [[SOUND], [SOUND]])
    told = catalogue_file.CatalogueFile(
        id=recording_id,
        session_id=session_id,
        title="Second take",
        description="better",
        createdby="Ada",
        created=CREATED,
        hotmarks=(HotMark(3, "Begin"), HotMark(3, "Twice")),
        categories=(
            CategoryValues(new_id(), "quality", ("HD",)),
            CategoryValues(new_id(), "Stranger", ("x",)),
        ),
    )
    (folder / catalogue_file.NAME).write_text(json.dumps(cattrs.unstructure(told)))
    result = ctl.run("recording", "import", str(folder))
    assert (result.exit_code, result.stdout) == (0, f"{recording_id}\n")
    assert result.stderr.startswith("hmpctl: warning: no category here is called Stranger")
    shown = ctl.json("recording", "show", recording_id)
    assert (shown["title"], shown["description"], shown["createdby"]) == (
        "Second take",
        "better",
        "Ada",
    )
    assert (shown["session_id"], shown["state"]) == (session_id, "FINISHED")
    assert shown["hotmarks"] == [{"time_s": 3, "title": "Twice"}]
    assert shown["categories"] == [
        {"category_id": category_id, "category": "Quality", "values": ["HD"]}
    ]
    assert len(shown["tracks"]) == 2
    assert ctl.json("recording", "verify", recording_id)["sound"] is True
    assert "already" in ctl.refused("recording", "import", str(folder))


def test_a_damaged_catalogue_file_costs_its_words_only(ctl: Hmpctl, tmp_path: Path) -> None:
    """The media is worth more than its title."""
    folder = add_files(tmp_path, new_id(), [[SOUND]])
    (folder / catalogue_file.NAME).write_text("{")
    result = ctl.run("recording", "import", str(folder))
    assert result.exit_code == 0
    assert "title, HotMarks and categories are lost" in result.stderr


def test_a_removed_recording_can_be_exported_and_imported_round(
    ctl: Hmpctl, recording: str, tmp_path: Path
) -> None:
    """Its folder, copied away before, brings it back byte for byte."""
    copy = tmp_path / "copy"
    shutil.copytree(ctl.recordings / recording, copy)
    before = ctl.json("recording", "show", recording)["tracks"]
    ctl("recording", "remove", recording)
    assert ctl("recording", "import", str(copy)) == f"{recording}\n"
    assert ctl.json("recording", "show", recording)["tracks"] == before


def test_what_cannot_be_imported_is_refused(ctl: Hmpctl, tmp_path: Path) -> None:
    """An active recording, a damaged manifest, no folder."""
    active = add_files(tmp_path, new_id(), [[SOUND]], "RECORDING")
    assert "is recording; stop it" in ctl.refused("recording", "import", str(active))
    damaged = add_files(tmp_path, new_id(), [[SOUND]])
    (damaged / manifest.NAME).write_text("{")
    assert "is damaged" in ctl.refused("recording", "import", str(damaged))
    assert "is not a folder" in ctl.refused("recording", "import", str(tmp_path / "none"))
    assert ctl.json("recording", "list") == []
