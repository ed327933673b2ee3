"""``contract.toml`` has no line without a test."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import tests.contract

from .lines import ALL, COMMANDS, Line


def _marks(function: Any) -> Iterator[Any]:
    for mark in getattr(function, "pytestmark", ()):
        yield mark
        if mark.name == "parametrize":
            for parameters in mark.args[1]:
                yield from getattr(parameters, "marks", ())


def _covered() -> set[Line]:
    found: set[Line] = set()
    for module in pkgutil.iter_modules(tests.contract.__path__):
        if module.name.startswith("test_"):
            loaded = importlib.import_module(f"tests.contract.{module.name}")
            for name, value in vars(loaded).items():
                if name.startswith("test_"):
                    found.update(m.args[0] for m in _marks(value) if m.name == "covers")
    return found


def test_contract_is_the_guides() -> None:
    """21 commands with 127 error lines: nothing was lost from the copy."""
    assert len(COMMANDS) == 21
    assert sum(len(command["errors"]) for command in COMMANDS.values()) == 127


def test_every_line_of_the_contract_has_a_test() -> None:
    """Each success and each error of each command is some test's answer over TCP."""
    missing = [str(line) for line in ALL if line not in _covered()]
    assert not missing, "lines of contract.toml without a test:\n" + "\n".join(missing)
