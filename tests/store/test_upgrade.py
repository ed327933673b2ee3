"""Databases of earlier versions, of later ones, and files that are none."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from hmp_twisted.errors import ConfigurationError
from hmp_twisted.store import upgrade
from hmp_twisted.store.pool import Store
from hmp_twisted.store.schema import metadata

from . import former
from .conftest import OpenStore


def differences(connection: Connection) -> list[object]:
    """Where the database's schema is not the program's."""
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_a_new_database_has_the_schema_of_the_program(store: Store) -> None:
    """What the revisions add up to is what the tables are declared as."""
    with store.begin() as connection:
        assert differences(connection) == []


def test_the_roles_of_the_guide_exist_from_the_start(store: Store) -> None:
    """Administrator may do everything; the last two may do nothing by themselves."""
    query = text(
        "SELECT name, count(action) FROM roles LEFT JOIN role_grants ON role_id = id "
        "WHERE builtin GROUP BY name ORDER BY name"
    )
    with store.begin() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("Administrator", 11),
            ("Content Contributor", 0),
            ("Content Creator", 1),
            ("Viewer", 0),
        ]


ADDED = {"web_sessions"}
"""Tables that the first version did not have."""


def test_a_database_of_the_first_version_is_upgraded_with_its_data(
    url: str, new_store: OpenStore
) -> None:
    """Every row of every table is there afterwards, and the schema is the program's."""
    store = new_store(url)
    former.make(store.url, "0001")
    store.open()
    with store.begin() as connection:
        assert former.read(connection) == former.ROWS
        assert former.all_tables(connection) == set(former.ROWS) | ADDED == set(metadata.tables)
        assert differences(connection) == []
        added = connection.execute(text("SELECT revision, filed_revision FROM recordings"))
        assert {tuple(row) for row in added} == {(1, 0)}


def test_an_upgraded_sqlite_database_is_copied_before(new_store: OpenStore, tmp_path: Path) -> None:
    """The copy is named for the old schema, has its data, and a second one replaces no first."""
    store = new_store()
    former.make(store.url, "0001")
    again = tmp_path / "again.db"
    upgrade.back_up(tmp_path / "hmp.db", "0001").replace(again)
    (tmp_path / "hmp.db.0001.backup").write_bytes(b"the first")
    store.open()
    copy = tmp_path / "hmp.db.0001.backup-2"
    assert (tmp_path / "hmp.db.0001.backup").read_bytes() == b"the first"
    for path in (copy, again):
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM recordings").fetchone() == (3,)
            assert connection.execute("SELECT * FROM alembic_version").fetchone() == ("0001",)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_opening_what_is_up_to_date_changes_and_copies_nothing(
    new_store: OpenStore, tmp_path: Path
) -> None:
    """Only an upgrade makes a copy."""
    new_store().open()
    files = set(tmp_path.iterdir())
    new_store().open()
    assert set(tmp_path.iterdir()) == files


def test_an_upgrade_that_fails_changes_nothing(
    url: str, new_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the middle of the revisions leaves the database as it was."""
    store = new_store(url)
    former.make(store.url, "0001")
    with store.begin() as connection:
        # What the second revision's last step is about to add is there: it fails after the others.
        connection.execute(text("ALTER TABLE streams ADD COLUMN reason TEXT"))
    with pytest.raises(ConfigurationError, match="reason"):
        store.open()
    with store.begin() as connection:
        assert former.read(connection) == former.ROWS
        assert connection.execute(text("SELECT * FROM alembic_version")).scalar() == "0001"
        with pytest.raises(Exception, match="filed_revision"), connection.begin_nested():
            connection.execute(text("SELECT filed_revision FROM recordings"))


def _open(folder: Path, url: str) -> None:
    Store(url, folder).open()


def test_processes_that_open_at_once_do_not_race(url: str, tmp_path: Path) -> None:
    """hmpctl and a server that start together both find the database made."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_open, args=(tmp_path, url)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_an_upgrade_that_another_process_does_is_waited_for_with_a_limit(
    new_store: OpenStore, tmp_path: Path
) -> None:
    """A process that never ends its upgrade is named as the reason."""
    store = new_store()
    store.open()
    with (
        upgrade._alone(store.url, 1.0),
        pytest.raises(ConfigurationError, match="another process has been upgrading"),
    ):
        upgrade.upgrade(store.url, wait_s=0.1)


def one_line(error: ConfigurationError, *words: str) -> bool:
    told = str(error)
    return "\n" not in told and all(word in told for word in words)


def test_a_database_of_a_newer_version_stops_with_one_line(url: str, new_store: OpenStore) -> None:
    """An old program does not touch what it does not know."""
    store = new_store(url)
    store.open()
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(ConfigurationError) as caught:
        store.open()
    assert one_line(caught.value, "newer version", "0999")


def test_a_database_of_another_program_is_left_alone(url: str, new_store: OpenStore) -> None:
    """Tables that are not ours are not mixed with ours."""
    store = new_store(url)
    with store.begin() as connection:
        connection.execute(text("CREATE TABLE birds (name TEXT)"))
    with pytest.raises(ConfigurationError) as caught:
        store.open()
    assert one_line(caught.value, "another program")


def test_a_file_that_is_no_database_is_told_and_left_alone(
    new_store: OpenStore, tmp_path: Path
) -> None:
    """Somebody's file is not overwritten."""
    path = tmp_path / "hmp.db"
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(ConfigurationError) as caught:
        new_store().open()
    assert one_line(caught.value, str(path), "not a SQLite database")
    assert path.read_bytes() == b"Dear diary, " * 1000


def test_a_folder_that_cannot_be_written_is_told(new_store: OpenStore, tmp_path: Path) -> None:
    """With where it is and what would help."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        new_store(f"sqlite:///{tmp_path}/file/hmp.db").open()
    assert one_line(caught.value, f"{tmp_path}/file/hmp.db", "--data-dir")


def test_a_postgresql_that_is_not_there_is_told_without_its_password(
    new_store: OpenStore, tmp_path: Path
) -> None:
    """The line goes to logs and screens."""
    store = new_store(f"postgresql://hmp:secret@/hmp?host={tmp_path}")
    with pytest.raises(ConfigurationError) as caught:
        store.open()
    assert one_line(caught.value, "cannot be used", str(tmp_path))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_used_is_told_with_what_would_do(url: str, tmp_path: Path) -> None:
    """Before anything is opened."""
    with pytest.raises(ConfigurationError) as caught:
        Store(url, tmp_path)
    assert one_line(caught.value, "database.url", "sqlite:///PATH")


def test_the_database_is_for_its_owner_alone(new_store: OpenStore, tmp_path: Path) -> None:
    """It holds password hashes."""
    store = new_store()
    store.open()
    with store.begin():
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("hmp.db*")}
    assert modes == {0o600}
