"""hmpctl run in this process, on a real database of the test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from hmp_twisted.cli.main import hmpctl
from hmp_twisted.store.pool import Store


@attrs.frozen
class Hmpctl:
    """The command line, on one data directory."""

    data_dir: Path

    @property
    def recordings(self) -> Path:
        """The recordings directory."""
        return self.data_dir / "recordings"

    @property
    def store(self) -> Store:
        """The database, to put in or look up what no command does."""
        store = Store("", self.data_dir)
        store.open()
        return store

    def run(self, *arguments: str, input: str | bytes | None = None) -> Result:
        """Run a command line, whatever becomes of it."""
        line = ["--data-dir", str(self.data_dir), *arguments]
        return CliRunner().invoke(hmpctl, line, input=input, prog_name="hmpctl")

    def __call__(self, *arguments: str, input: str | bytes | None = None) -> str:
        """Run a command line that is done without a word on standard error; gives its output."""
        result = self.run(*arguments, input=input)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """What a command line prints with ``--json``."""
        return json.loads(self(*arguments, "--json"))

    def refused(self, *arguments: str, status: int = 1, input: str | None = None) -> str:
        """Run a command line that is refused in one line and prints nothing; gives that line."""
        result = self.run(*arguments, input=input)
        assert (result.exit_code, result.stdout) == (status, ""), result.stderr
        assert result.stderr.startswith("hmpctl: ")
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.removeprefix("hmpctl: ").rstrip("\n")


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hmpctl:
    """hmpctl on a fresh data directory, away from this machine's own settings."""
    for name in ("HMP_CONFIG", "HMP_DATA_DIR", "HMPCTL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Hmpctl(tmp_path / "data")
