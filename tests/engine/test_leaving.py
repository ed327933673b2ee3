"""Where streams leave from: interface and TTL as told, and what is said if there is no way out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .leaving import SENDER, TTL

ROOT = Path(__file__).parents[2]
NAMESPACE = ["unshare", "--net"]


@pytest.fixture(scope="module")
def told(clips: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the program of :mod:`.leaving` found, in a network namespace of its own."""
    if os.geteuid() or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("only root may make a network namespace")
    folder = tmp_path_factory.mktemp("leaving")
    (folder / "clip.ts").write_bytes(clips["cbr"])
    arguments = ["-m", "tests.engine.leaving", str(folder), str(folder / "clip.ts")]
    done = subprocess.run(
        [*NAMESPACE, sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_multicast_leaves_from_the_interface_with_the_ttl(told: Any) -> None:
    """As received at the other end of the cable."""
    assert told["refused"] == ""
    assert told["ttl and sender"] == [TTL, SENDER]


def test_no_route_is_refused_in_words(told: Any) -> None:
    """Before anything is started for it."""
    assert told["no route"] == "cannot send to 198.51.100.1 port 5000: Network is unreachable"


def test_an_interface_that_goes_away_ends_the_stream_with_the_reason(told: Any) -> None:
    """After a few tries, for cables are put back."""
    [(stream_id, reason)] = told["ended"]
    assert stream_id == "group"
    assert reason.startswith("given up after 2 tries: cannot send from 10.77.0.2")
