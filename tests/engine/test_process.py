"""Children: their last words, their end, and whose they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.process import Exit, Lines, spawn

from .playing import is_running, reactor, until


async def ran(*arguments: str) -> Exit:
    """Run a program to its end."""
    outcomes: list[Exit] = []
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        spawn(reactor, "child", arguments, outcomes.append, stdin=nothing)
    finally:
        os.close(nothing)
    await until(lambda: outcomes, "the child to end")
    assert len(outcomes) == 1
    return outcomes[0]


@pytest.mark.parametrize(
    ("script", "words", "is_clean"),
    [
        ("exit 0", "ended with exit code 0", True),
        ("echo one >&2; printf 'two\\rthree' >&2; exit 3", "ended with exit code 3: three", False),
        ("kill -9 $$", "was ended by SIGKILL", False),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_end_is_told_in_words(script: str, words: str, is_clean: bool) -> None:
    """The exit code or the signal, and the last line of the log."""
    outcome = await ran("/bin/sh", "-c", script)
    assert (outcome.describe(), outcome.is_clean) == (words, is_clean)


@pytest_twisted.ensureDeferred
async def test_a_program_that_is_not_there_ends_in_words() -> None:
    """It is a failure to start like any other."""
    outcome = await ran("/nonexistent/program")
    assert (
        outcome.describe()
        == "ended with exit code 1: /nonexistent/program: No such file or directory"
    )


@pytest_twisted.ensureDeferred
async def test_a_grandchild_that_holds_the_log_does_not_hide_the_end() -> None:
    """The child's end is told soon after it, not after the grandchild's."""
    script = "sleep 3 & echo $! >&2; exit 4"
    outcome = await ran("/bin/sh", "-c", script)
    assert outcome.code == 4
    grandchild = int(outcome.lines[-1])
    assert is_running(grandchild)
    os.kill(grandchild, signal.SIGKILL)


@pytest_twisted.ensureDeferred
async def test_a_child_has_its_own_group_and_bare_surroundings(tmp_path: Path) -> None:
    """Signals to the engine's group do not reach it; it inherits no environment and no files."""
    told = tmp_path / "told"
    script = f"(ps -o pgid= -p $$; echo $$; env; ls /proc/$$/fd) > {told} 2>&1"
    await ran("/bin/sh", "-c", script)
    group, pid, *rest = told.read_text().split()
    assert group == pid
    assert not any(line.startswith("HOME=") for line in rest)
    assert {line for line in rest if line.isdigit()} <= {"0", "1", "2", "3", "10"}


@pytest_twisted.ensureDeferred
async def test_stop_kills_what_does_not_obey() -> None:
    """SIGINT, then SIGKILL after the grace time; asking twice does no harm."""
    outcomes: list[Exit] = []
    reading, writing = os.pipe()
    script = "trap '' INT; echo ready >&2; read line"
    child = spawn(reactor, "child", ["/bin/sh", "-c", script], outcomes.append, stdin=reading)
    os.close(reading)
    await until(lambda: child.lines, "the child to be ready")
    await child.stop(0.05)
    await child.stop(0.05)
    assert child.pid is None
    await until(lambda: outcomes, "its end to be told")
    assert outcomes[0].signal == signal.SIGKILL
    os.close(writing)


OWNER = """
import os, sys
from twisted.internet import reactor
from hmp_twisted.engine.process import spawn
reading, _ = os.pipe()
def begin():
    script = "echo ready >&2; read line"
    child = spawn(reactor, "child", ["/bin/sh", "-c", script], print, stdin=reading)
    def look():
        print(child.pid, flush=True) if child.lines else reactor.callLater(0.01, look)
    look()
reactor.callWhenRunning(begin)
reactor.run()
"""


@pytest_twisted.ensureDeferred
async def test_a_child_dies_with_the_engine() -> None:
    """Also one whose standard input stays open."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.kill()
    await until(lambda: not is_running(pid), "the child to die")
    assert not is_running(pid)


@given(st.lists(st.sampled_from(["", "one", "zwei drei", "vier"]), max_size=30), st.data())
def test_lines_do_not_depend_on_how_bytes_come(texts: list[str], data: st.DataObject) -> None:
    """Split anywhere, ended by CR or LF: the last twenty lines that are not empty."""
    whole = "".join(text + data.draw(st.sampled_from("\r\n")) for text in texts).encode()
    cut = data.draw(st.integers(0, len(whole)))
    lines = Lines()
    lines.feed(whole[:cut])
    lines.feed(whole[cut:])
    assert lines.read() == tuple(text for text in texts if text)[-20:]


def test_a_line_without_end_takes_no_memory() -> None:
    """Only its beginning is kept."""
    lines = Lines()
    for _ in range(100):
        lines.feed(b"x" * 10_000)
    assert [len(line) for line in lines.read()] == [500]
