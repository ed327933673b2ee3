"""A multicast group is joined again when its interface comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .rejoining import EACH, GROUP, LIVES, PORT, RECEIVER, SENDER


def in_a_namespace(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with a network of its own."""
    return subprocess.run(
        ["unshare", "--net", *command], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("sender", ["", SENDER])
def test_an_interface_that_goes_away_and_comes_back(tmp_path: Path, sender: str) -> None:
    """Twice, for any sender and for one: what is sent while it is there is recorded, all of it, in
    one segment, and the log says when the group was lost and joined again."""
    able = in_a_namespace("ip", "link", "add", "hmp-a", "type", "veth", "peer", "name", "hmp-b")
    if able.returncode:
        pytest.skip(f"needs root, a network namespace and a veth: {able.stderr.strip()}")
    url = f"udp://{sender}@{GROUP}:{PORT}"
    done = in_a_namespace(sys.executable, "-m", "tests.engine.rejoining", str(tmp_path / "r"), url)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["numbers"] == list(range(LIVES * EACH))
    for words in (f"no interface has the address {RECEIVER}", "received again"):
        assert sum(words in line for line in found["told"]) == LIVES
