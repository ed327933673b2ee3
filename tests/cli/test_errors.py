"""Whatever goes wrong is one line on standard error, and the exit status tells its kind."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from hmp_twisted.cli.main import hmpctl
from tests.catalogue import add_files, new_id, packets

from .conftest import Hmpctl


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["devic", "list"], "no command 'devic'; did you mean 'device'?"),
        (["device", "lst"], "device: no command 'lst'; did you mean 'list'?"),
        (["xyzzy"], "known: api, category"),
        (["device", "add", "one"], "device add: Missing argument 'ADDRESS'"),
        (["device", "list", "--jsno"], "device list: No such option"),
        (["device", "list", "extra"], "device list: Got unexpected extra argument"),
        (["completion", "tcsh"], "completion: Invalid value for"),
    ],
)
def test_wrong_usage(ctl: Hmpctl, arguments: list[str], why: str) -> None:
    """Status 2, what may have been meant, and where help is."""
    line = ctl.refused(*arguments, status=2)
    assert why in line
    assert "--help)" in line
    assert not ctl.data_dir.exists()


@pytest.mark.parametrize(("path", "offered"), [([], "recording"), (["device"], "remove")])
def test_a_group_alone_shows_its_help(path: list[str], offered: str) -> None:
    """What can be done, on standard error, status 2: nothing was done."""
    result = CliRunner().invoke(hmpctl, path, prog_name="hmpctl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert offered in result.stderr


@pytest.mark.parametrize("path", [["--help"], *([name, "--help"] for name in hmpctl.commands)])
def test_everything_has_help(path: list[str]) -> None:
    """And asking for it touches nothing."""
    result = CliRunner().invoke(hmpctl, path, prog_name="hmpctl")
    assert result.exit_code == 0
    assert "Usage: hmpctl" in result.stdout


def test_every_command_says_what_it_does() -> None:
    """Each has a sentence of help."""
    for command in hmpctl.commands.values():
        for each in (command, *getattr(command, "commands", {}).values()):
            assert each.help, each.name


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[recordings\n", "is not valid TOML"),
        ("[recordings]\nmin_free = 3\n", "unknown key 'recordings.min_free'"),
        ("[recordings]\nmin_free_bytes = -1\n", "must be a whole number of bytes"),
        ("[database]\nurl = 'oracle://x/y'\n", "database.url: must be "),
    ],
)
def test_a_wrong_configuration(ctl: Hmpctl, tmp_path: Path, content: str, why: str) -> None:
    """The line names the key, and the file where it is the file's."""
    config = tmp_path / "hmp.toml"
    config.write_text(content)
    assert why in ctl.refused("--config", str(config), "device", "list")


def test_a_configuration_that_is_not_there(ctl: Hmpctl, tmp_path: Path) -> None:
    """By its path."""
    path = tmp_path / "none.toml"
    assert ctl.refused("--config", str(path), "api", "status").startswith(f"{path}: cannot be read")


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in its way, as root cannot be kept out by permissions."""
    (tmp_path / "file").write_text("")
    line = Hmpctl(tmp_path / "file" / "data").refused("device", "list")
    assert str(tmp_path / "file") in line


def test_a_file_that_is_no_database(ctl: Hmpctl) -> None:
    """It is left as it is."""
    ctl.data_dir.mkdir()
    (ctl.data_dir / "hmp.db").write_bytes(b"precious, but no database" * 100)
    assert "is not a SQLite database" in ctl.refused("device", "list")
    assert (ctl.data_dir / "hmp.db").read_bytes().startswith(b"precious")


def test_a_database_that_breaks_half_way(ctl: Hmpctl) -> None:
    """The line names the database and the fault, and nothing is changed."""
    ctl("device", "add", "one", "10.0.0.1")
    with sqlite3.connect(ctl.data_dir / "hmp.db") as database:
        database.execute(
            "CREATE TRIGGER no BEFORE DELETE ON devices BEGIN SELECT RAISE(ABORT, 'fault'); END"
        )
    database.close()
    line = ctl.refused("device", "remove", "one")
    assert line == f"{ctl.data_dir}/hmp.db: the database failed: fault"
    assert len(ctl.json("device", "list")) == 1


def test_a_locked_database(ctl: Hmpctl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits in vain is told that another program has it."""
    ctl("api", "status")
    # The upgrade, which begins every run, waits for a lock of its own and says the same.
    monkeypatch.setattr("hmp_twisted.store.pool.upgrade", lambda url: None)
    monkeypatch.setattr("hmp_twisted.store.pool.Store.__init__.__kwdefaults__", {"busy_s": 0.1})
    database = sqlite3.connect(ctl.data_dir / "hmp.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        line = ctl.refused("api", "enable")
    finally:
        database.close()
    assert "is locked by another program" in line
    assert ctl.json("api", "status")["enabled"] is False


def test_a_fault_of_its_own_is_a_line_too(ctl: Hmpctl, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback shows to who asks for it only."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("of no use")

    monkeypatch.setattr("hmp_twisted.services.directory.devices.list_devices", fail)
    line = ctl.refused("device", "list")
    assert "a fault in hmpctl itself: ZeroDivisionError: of no use" in line
    monkeypatch.setenv("HMPCTL_DEBUG", "1")
    assert isinstance(ctl.run("device", "list").exception, ZeroDivisionError)


def test_a_fresh_data_directory_gets_its_database(ctl: Hmpctl) -> None:
    """So that a server can be set up before it runs; others cannot read it."""
    ctl("api", "enable")
    path = ctl.data_dir / "hmp.db"
    assert path.stat().st_mode & 0o077 == 0
    assert ctl.json("api", "status")["enabled"] is True


def test_the_environment_names_config_and_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the server."""
    config = tmp_path / "hmp.toml"
    config.write_text('[command_api]\nendpoint = "tcp:4000"\n')
    monkeypatch.setenv("HMP_CONFIG", str(config))
    monkeypatch.setenv("HMP_DATA_DIR", str(tmp_path / "elsewhere"))
    result = CliRunner().invoke(hmpctl, ["api", "status"], prog_name="hmpctl")
    assert "tcp:4000" in result.stdout
    assert (tmp_path / "elsewhere" / "hmp.db").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others: run as root")
def test_what_root_makes_belongs_to_the_servers_user(ctl: Hmpctl, tmp_path: Path) -> None:
    """Or the server, which is not root, could not write its own database and recordings."""
    ctl.recordings.mkdir(parents=True)
    for folder in (ctl.data_dir, ctl.recordings):
        os.chown(folder, 12345, 12346)
    folder = add_files(tmp_path, new_id(), [[packets(3)]])
    recording_id = ctl("recording", "import", str(folder)).strip()
    made = [ctl.data_dir / "hmp.db", *(ctl.recordings / recording_id).rglob("*")]
    assert len(made) == 4
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(12345, 12346)}
