"""A wall clock that is set, back or forward, holds up nothing and ends nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hmp_twisted import clocks
from hmp_twisted.clocks import LifeSign, wall_ahead

HOUR = 3600.0

STEPPED = """
import time
real, step = time.time, [0.0]
time.time = lambda: real() + step[0]
from twisted.internet import reactor, task
from hmp_twisted.clocks import run_by_monotonic_clock, wall_ahead
run_by_monotonic_clock(reactor)
calls = []
loop = task.LoopingCall(lambda: calls.append(reactor.seconds()))
loop.clock = reactor
loop.start(0.02)
reactor.callLater(0.1, step.__setitem__, 0, {step})
reactor.callLater(0.3, reactor.stop)
reactor.run()
print(len(calls), max(b - a for a, b in zip(calls, calls[1:])) < 1)
"""


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_what_is_due_comes_whatever_the_wall_clock_is_set_to(step: float) -> None:
    """A periodic call goes on at its pace, and a later one is neither early nor late."""
    script = STEPPED.format(step=step)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True
    )
    count, even = done.stdout.split()
    assert 5 <= int(count) <= 17
    assert even == "True"
    assert time.monotonic() - began < 15


def test_the_age_of_a_life_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is measured by the clock since boot, however the wall clock was set since."""
    sign = LifeSign(tmp_path / "life")
    assert sign.age() is None
    sign.give()
    wall, since_boot = clocks._wall(), clocks._since_boot()
    monkeypatch.setattr(clocks, "_wall", lambda: wall + HOUR)
    monkeypatch.setattr(clocks, "_since_boot", lambda: since_boot + 7)
    assert sign.age() == pytest.approx(7, abs=0.5)


def test_after_a_boot_only_the_wall_clock_can_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock since boot has begun anew, so the times of the files count."""
    sign = LifeSign(tmp_path / "life")
    sign.give()
    wall = clocks._wall()
    monkeypatch.setattr(clocks, "_boot", lambda: "another")
    monkeypatch.setattr(clocks, "_since_boot", lambda: 1.0)
    monkeypatch.setattr(clocks, "_wall", lambda: wall + 60)
    assert sign.age() == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("content", ["", "not a sign", "a b c"])
def test_a_damaged_life_sign(tmp_path: Path, content: str) -> None:
    """The time of the file still tells."""
    path = tmp_path / "life"
    path.write_text(content)
    os.utime(path, (0, time.time() - 30))
    assert LifeSign(path).age() == pytest.approx(30, abs=1)


def test_how_far_the_wall_clock_is_ahead_is_exact_when_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of several looks at both the one counts that took the least."""
    now = [100.0]
    delays = iter([0.004, 0.05, 0.001, 0.000_001])
    monkeypatch.setattr("hmp_twisted.clocks.time.monotonic", lambda: now[0])

    def wall() -> float:
        at = 1000.0 + now[0]
        now[0] += next(delays)
        return at

    assert wall_ahead(wall) == pytest.approx(1000.0, abs=1e-6)
    assert wall_ahead() > 1e9
