"""A throw-away PostgreSQL server for tests: its own folder, a Unix socket in it, no TCP port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import attrs
import psycopg
import pytest


@attrs.frozen
class Cluster:
    """A running server."""

    folder: Path

    def new_url(self, driver: str = "postgresql") -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid4().hex}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"{driver}://postgres@/{name}?host={self.folder}"

    def end_connections(self) -> int:
        """Cut every other connection, as a restart of the server would; gives how many."""
        cut = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            row = connection.execute(cut.encode()).fetchone()
        return row[0] if row else 0

    def _dsn(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"


@contextmanager
def running() -> Iterator[Cluster]:
    """A server for the length of the block."""
    binaries = _binaries()
    # Not below pytest's folder: that one is closed to the user that PostgreSQL must run as.
    folder = Path(tempfile.mkdtemp(prefix="hmp-pg-"))
    data = folder / "data"
    try:
        as_user = _as_other_user(folder)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        _run([*as_user, binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"])
        pg_ctl = [*as_user, binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        _run([*pg_ctl, "-o", options, "start"])
        try:
            yield Cluster(folder)
        finally:
            _run([*pg_ctl, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL's initdb is not here: apt-get install postgresql")
    return (found[-1] if found else Path(str(on_path)).resolve()).parent


def _as_other_user(folder: Path) -> list[str]:
    """How to run as somebody else: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = next(u for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _run(command: Sequence[str | Path]) -> None:
    # Its output goes to a file: a server that holds a pipe open would never let us read to its end.
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(
            command, stdout=told, stderr=subprocess.STDOUT, timeout=60, cwd="/", check=False
        )
        told.seek(0)
        assert done.returncode == 0, told.read().decode(errors="replace")
