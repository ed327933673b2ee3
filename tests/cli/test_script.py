"""``hmpctl`` as it is installed: a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Hmpctl

SCRIPT = Path(sys.executable).with_name("hmpctl")


def _run(
    data_dir: Path, *arguments: str, input: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPT), "--data-dir", str(data_dir), *arguments]
    given = {**os.environ, **environment}
    return subprocess.run(
        command, input=input, env=given, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_script_administers(tmp_path: Path) -> None:
    """Output, standard error and exit status of each kind."""
    added = _run(tmp_path, "device", "add", "Räume", "10.0.0.7")
    assert (added.returncode, added.stdout, added.stderr) == (0, "Räume\n", "")
    (device,) = json.loads(_run(tmp_path, "device", "list", "--json").stdout)
    assert device["address"] == "10.0.0.7"
    refused = _run(tmp_path, "device", "remove", "Raume")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "hmpctl: no device 'Raume'; did you mean 'Räume'?\n"
    assert _run(tmp_path, "device").returncode == 2


def test_a_failing_database_leaves_no_traceback(tmp_path: Path) -> None:
    """One line; the log, which says the same, is silent."""
    (tmp_path / "hmp.db").write_bytes(b"no database" * 1000)
    refused = _run(tmp_path, "status")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("hmpctl: ")


def test_a_password_comes_through_a_pipe(tmp_path: Path) -> None:
    """And no argument, which others could see, holds it."""
    made = _run(tmp_path, "user", "add", "ada", "--password-stdin", input="correct horse\n")
    assert (made.returncode, made.stdout) == (0, "ada\n")


def test_a_name_outside_the_locale_is_shown_by_escapes(tmp_path: Path) -> None:
    """Rather than that nothing is."""
    _run(tmp_path, "device", "add", "会議室", "10.0.0.7")
    listed = _run(tmp_path, "device", "list", PYTHONIOENCODING="latin-1")
    assert listed.returncode == 0
    assert r"\u4f1a\u8b70\u5ba4" in listed.stdout


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    """``hmpctl … | head`` ends quietly."""
    line = f"{SCRIPT} --data-dir {tmp_path} role list | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(ctl: Hmpctl, shell: str) -> None:
    """Each is a script for hmpctl."""
    script = ctl("completion", shell)
    assert f"_HMPCTL_COMPLETE={shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed: apt install bash")
def test_bash_completes_commands_and_names(tmp_path: Path) -> None:
    """In a real bash, through the script that hmpctl prints."""
    _run(tmp_path, "source", "add", "Camera-East", "udp://@:5000")
    _run(tmp_path, "source", "add", "Room 101", "udp://@:5001")
    asking = f"""
        PATH={SCRIPT.parent}:$PATH
        eval "$(hmpctl completion bash)"
        complete_line() {{
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _hmpctl_completion hmpctl
            echo "${{COMPREPLY[@]}}"
        }}
        complete_line hmpctl rec
        complete_line hmpctl recording ver
        complete_line hmpctl --data-dir {tmp_path} source show cam
        complete_line hmpctl --data-dir {tmp_path} source show ro
        complete_line hmpctl role add Boss --grant change-
        complete_line hmpctl permission add Mine --grant watch ed
        complete_line hmpctl --data-dir {tmp_path}/none source show cam
    """
    done = subprocess.run(["bash", "-c", asking], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "recording",
        "verify",
        "Camera-East",
        "'Room 101'",
        "change-permissions change-sources",
        "edit",
        "",
    ]
    assert not (tmp_path / "none").exists()
