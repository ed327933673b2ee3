"""The guard of ``tests/conftest.py`` does what every other test relies on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

DROPS_A_FAILURE = """
from twisted.internet.defer import fail

def test_drops_a_failed_deferred():
    fail(ValueError("nobody took me"))
    assert True
"""

TAKES_IT = """
from twisted.internet.defer import fail

def test_takes_it():
    caught = []
    fail(ValueError("somebody took me")).addErrback(caught.append)
    assert caught
"""


def _run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    path = folder / "test_it.py"
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "/dev/null"]
    return subprocess.run(
        [*command, "--rootdir", str(folder), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_failed_deferred_that_nobody_took_fails_the_test(tmp_path: Path) -> None:
    """trial would fail such a test; pytest-twisted alone passes it."""
    done = _run(tmp_path, DROPS_A_FAILURE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "nobody took me" in done.stdout


def test_a_failure_that_was_taken_is_none(tmp_path: Path) -> None:
    """Nothing is held against a test that deals with its failures."""
    done = _run(tmp_path, TAKES_IT)
    assert done.returncode == 0, done.stdout + done.stderr
