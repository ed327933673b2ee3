"""Category values that are no strings: no bytes can make one, so the server is given a fault."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .lines import Line, line, unknown, with_line
from .stage import Stage

FAULT = """
from hmp_twisted.wire import grammar
split = grammar.split
grammar.split = lambda line: [7 if word == "no-string" else word for word in split(line)]
from twisted.scripts.twistd import run
run()
"""


@pytest.mark.parametrize(
    "line",
    with_line(
        line(command, "010001", "Values must be strings")
        for command in ("setSessionCategory", "setCategory")
    ),
)
def test_values_that_are_no_strings(template: Path, line: Line) -> None:
    """Every word on the wire is a string. With a grammar that gives a number for the word
    ``no-string`` (patched before the server starts), the guide's error comes out, first of all."""
    with Stage.on(template) as stage:
        script = stage.folder / "faulty_twistd.py"
        script.write_text(FAULT)
        stage.daemon.arguments = [sys.executable, str(script), *stage.daemon.arguments[1:]]
        with stage.start().client() as client:
            words = (line.command, unknown(), unknown(), "", "no-string")
            assert client.ask(*words) == line.answer()
