"""The wheel works in an empty virtual environment, from any directory."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _run(*arguments: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(a) for a in arguments], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def _clean_copy(target: Path) -> Path:
    """The sources without what a former build left, so that the wheel holds what is there now."""
    leave = shutil.ignore_patterns(
        ".*", "build", "dist", "*.egg-info", "__pycache__", "var", "tests"
    )
    shutil.copytree(ROOT, target, ignore=leave)
    return target


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of an environment that holds the wheel and what it asks for, no more."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    _run(*pip, "wheel", "--no-deps", "-w", folder, _clean_copy(folder / "src"), cwd=folder)
    (wheel,) = folder.glob("hmp_twisted-*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    _run(*pip, "--python", python, "install", "--prefer-binary", wheel, cwd=folder)
    return python.parent


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A directory that has nothing to do with the project."""
    return tmp_path


def test_twistd_lists_both_programs(installed: Path, elsewhere: Path) -> None:
    """The plugins are found wherever ``twistd`` is called from."""
    listed = {
        line.split()[0]
        for line in _run(installed / "twistd", "--help", cwd=elsewhere).splitlines()
        if line.split()
    }
    assert {"hmp", "hmp-engine"} <= listed


def test_options_are_told(installed: Path, elsewhere: Path) -> None:
    """Each program tells its options."""
    assert "--data-dir" in _run(installed / "twistd", "hmp", "--help", cwd=elsewhere)
    assert "--listen" in _run(installed / "twistd", "hmp-engine", "--help", cwd=elsewhere)
    assert "recording" in _run(installed / "hmpctl", "--help", cwd=elsewhere)


def test_database_is_made_from_the_wheel(installed: Path, elsewhere: Path) -> None:
    """The migrations are packed in: ``hmpctl`` makes a database of its own."""
    options = ["--data-dir", str(elsewhere / "data")]
    _run(installed / "hmpctl", *options, "api", "enable", cwd=elsewhere)
    assert "true" in _run(installed / "hmpctl", *options, "api", "status", "--json", cwd=elsewhere)


def test_web_interface_is_whole_in_the_wheel(installed: Path, elsewhere: Path) -> None:
    """Its templates, its style and scripts, and what others wrote of them."""
    program = (
        "from hmp_twisted.web.assets import Assets;"
        "from hmp_twisted.web.templates import Templates;"
        "assets = Assets.read(); assets.url('vendor/htmx.min.js'); assets.url('base.css');"
        "Templates(assets)._environment.get_template('sign_in/sign_in.html'); print('whole')"
    )
    assert "whole" in _run(installed / "python", "-c", program, cwd=elsewhere)
