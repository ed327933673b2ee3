"""``contract.toml`` as lines that can be expected, and the mark of the test that covers one."""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

CONTRACT: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent.parent / "contract.toml").read_text(encoding="utf-8")
)
COMMANDS: dict[str, dict[str, Any]] = CONTRACT["command"]
GENERAL: dict[str, str] = CONTRACT["general"]


@attrs.frozen
class Line:
    """One line of the contract: what a command may answer."""

    command: str
    code: str
    """Six digits, or ``OK``."""
    text: str = ""

    def answer(self, **values: object) -> str:
        """The answer on the wire, without its LF; ``values`` for ``y`` and ``n``."""
        return f"ERROR|{self.code}|{self.text.format(**values)}"

    def fits(self, answer: str) -> bool:
        """Whether an answer is this line."""
        if self.code == "OK":
            return re.fullmatch(r"OK(\|.+)?", answer) is not None
        pattern = re.sub(r"\\{[yn]\\}", ".*", re.escape(self.text))
        return re.fullmatch(f"ERROR\\|{self.code}\\|{pattern}", answer) is not None

    def __str__(self) -> str:
        return "|".join(part for part in (self.command, self.code, self.text) if part)


def lines_of(command: str) -> list[Line]:
    """All that a command may answer: its success, then its errors in the contract's order."""
    errors = [Line(command, code, text) for code, text in COMMANDS[command]["errors"]]
    return [Line(command, "OK"), *errors]


ALL = [line for command in COMMANDS for line in lines_of(command)]


def line(command: str, code: str, text: str = "") -> Line:
    """The one line of a command with this code whose text is ``text``, else begins with or has it.

    Raises:
        LookupError: there is none, or more than one.
    """
    if command == "general":
        return Line(command, code, GENERAL[code])
    found = [x for x in lines_of(command) if x.code == code]
    exact = [x for x in found if x.text == text]
    found = exact or [x for x in found if text in x.text]
    if len(found) != 1:
        raise LookupError(f"{command} {code} {text!r} names {len(found)} lines of the contract")
    return found[0]


def error(command: str, code: str, text: str = "", **values: object) -> str:
    """The whole answer of one error line, without its LF."""
    return line(command, code, text).answer(**values)


def covers(command: str, code: str, text: str = "") -> pytest.MarkDecorator:
    """Say that a test gets this line as an answer over TCP; ``conftest.py`` holds it to that."""
    return pytest.mark.covers(line(command, code, text))


def with_line(lines: Iterable[Line]) -> list[Any]:
    """``pytest`` parameters of these lines, each marked as covering its own."""
    return [pytest.param(x, id=str(x), marks=pytest.mark.covers(x)) for x in lines]


def unknown() -> str:
    """A UUID that nothing has."""
    return str(uuid.uuid4())
