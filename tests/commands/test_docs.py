"""The manual of the commands is made from their declarations."""

from __future__ import annotations

from pathlib import Path

from hmp_twisted.commands.docs import render, usage
from hmp_twisted.commands.registry import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_current() -> None:
    """Run ``python -m hmp_twisted.commands.docs > docs/commands.md`` if it is not."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_the_page_shows_each_command_with_each_of_its_errors() -> None:
    """None is left out."""
    page = render()
    for command in COMMANDS.values():
        assert f"\n{usage(command)}\n" in page
        for answer in command.answers():
            assert answer.code in page


def test_a_repeated_parameter_is_shown_as_the_guide_does() -> None:
    """One is needed, more may follow."""
    assert usage(COMMANDS["setCategory"]) == "setCategory recordingId categoryId value [value...]"
