"""The systemd units: systemd takes them, and their command lines are as ``Type=notify`` says."""

from __future__ import annotations

import configparser
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from ..harness.daemon import BIN, Daemon

UNITS = Path(__file__).parents[2] / "systemd"
EACH = pytest.mark.parametrize("name", ["hmp", "hmp-engine"])


def _command_line(name: str) -> str:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    unit.read(UNITS / f"{name}.service", encoding="utf-8")
    return unit["Service"]["ExecStart"]


@EACH
def test_the_unit_verifies(name: str) -> None:
    """By systemd's own word, without one complaint about the file."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here: apt-get install systemd")
    path = UNITS / f"{name}.service"
    done = subprocess.run(
        ["systemd-analyze", "verify", path], capture_output=True, text=True, check=False
    )
    assert str(path) not in done.stderr
    assert done.returncode == 0, done.stderr


@EACH
def test_the_command_line_tells_when_it_is_ready_and_when_it_stops(
    name: str, tmp_path: Path
) -> None:
    """Without a configuration file and a data directory on it: both have their default places."""
    line = _command_line(name).replace("/run/hmp", str(tmp_path))
    config = tmp_path / "hmp.toml"
    config.write_text('[web]\nendpoint = ""\n')
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "HMP_CONFIG": str(config),
        "HMP_DATA_DIR": str(tmp_path / "data"),
    }
    assert "--config" not in line, "it would have to be there"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(environment["NOTIFY_SOCKET"])
        systemd.settimeout(30)
        daemon = Daemon(name, shlex.split(line), tmp_path, environment)
        daemon.start()
        try:
            assert systemd.recv(100) == b"READY=1"
            daemon.stop()
            assert systemd.recv(100) == b"STOPPING=1"
        finally:
            daemon.close()
