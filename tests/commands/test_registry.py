"""The registry holds the contract, all of it and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hmp_twisted import errors
from hmp_twisted.commands import answers
from hmp_twisted.commands.answers import Answer
from hmp_twisted.commands.command import Command, DeclarationError
from hmp_twisted.commands.parameters import ANY_TEXT, CATEGORY_VALUES, UUID, Parameter
from hmp_twisted.commands.registry import CHAPTERS, COMMANDS, build

CONTRACT: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent.parent / "contract.toml").read_text(encoding="utf-8")
)

BESIDE_THE_CONTRACT = {
    # decisions.md: an empty title of a session; any command's internal error may be 070000.
    "updateSessionMetadata": {answers.EMPTY_SESSION_TITLE},
    "addHotmark": {answers.INTERNAL},
    "setLiveSession": {answers.INTERNAL},
    "setSessionCategory": {answers.INTERNAL},
    "setCategory": {answers.INTERNAL},
}


def test_the_commands_are_those_of_the_contract() -> None:
    """All 21, none else, in the guide's order."""
    assert list(COMMANDS) == list(CONTRACT["command"])
    assert len(COMMANDS) == 21


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_commands_parameters_are_the_contracts(name: str) -> None:
    """By name, in order, the repeated one as the guide writes it."""
    names = []
    for parameter in COMMANDS[name].parameters:
        names += [parameter.name] + [f"{parameter.name}..."] * parameter.repeated
    assert names == CONTRACT["command"][name]["parameters"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_commands_errors_are_the_contracts(name: str) -> None:
    """Every line of the contract, byte for byte, and no other but those that decisions add."""
    wanted = {Answer(code, text) for code, text in CONTRACT["command"][name]["errors"]}
    declared = set(COMMANDS[name].answers())
    assert declared - wanted == BESIDE_THE_CONTRACT.get(name, set())
    assert wanted - declared == set()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_commands_result_is_the_contracts(name: str) -> None:
    """Whether ``OK`` is all it answers."""
    assert COMMANDS[name].result == CONTRACT["command"][name].get("result")


def test_the_general_errors_are_the_contracts() -> None:
    """Those that no command declares, in their exact words."""
    words = CONTRACT["general"]
    for answer in (
        answers.UNKNOWN_ERROR,
        answers.SYNTAX_ERROR,
        answers.COMMAND_NOT_FOUND,
        answers.NOT_AUTHORIZED,
        answers.INTERNAL,
        answers.ENGINE_FAULT,
        answers.ENGINE_ANSWER,
        answers.NO_ENGINE,
    ):
        assert words.pop(answer.code) == answer.text
    assert set(words) == {"010001", "010003"}


def test_every_specific_error_is_some_commands() -> None:
    """The table holds no line that nothing answers."""
    used = {kind for command in COMMANDS.values() for kind in command.errors}
    assert set(answers.SPECIFIC) <= used


def test_chapters_hold_each_command_once() -> None:
    """A command declared twice stops the start."""
    some = CHAPTERS["Sessions"][0]
    with pytest.raises(DeclarationError, match="'createSession': declared twice"):
        build([some, some])


async def _handler(context: Any, session_id: str) -> None:
    """Does something."""


async def _undocumented(context: Any, session_id: str) -> None:
    pass


def _plain(context: Any, session_id: str) -> None:
    """Is no coroutine function."""


ID = Parameter("sessionId", UUID)
REPEATED = Parameter("value", CATEGORY_VALUES)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Do_it"}, "not in camelCase"),
        ({"parameters": (ID, ID)}, "two parameters have one name"),
        ({"parameters": (REPEATED, ID)}, "only the last may be repeated"),
        ({"handler": _plain}, "not a coroutine function"),
        ({"parameters": (Parameter("other", ANY_TEXT),)}, "does not take"),
        ({"handler": _undocumented}, "no docstring"),
        ({"errors": (errors.SessionNotFoundError,) * 2}, "declared twice"),
        ({"errors": (errors.TitleTooLongError,)}, "no text for TitleTooLongError"),
        ({"texts": {errors.NoMediaError: answers.INTERNAL}}, "not declared"),
        (
            {"errors": (errors.StoreError,), "texts": {errors.StoreError: answers.INTERNAL}},
            "internal",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    changes: dict[str, Any], problem: str
) -> None:
    """At import, with the command's name and what is wrong."""
    good = {"name": "doIt", "parameters": (ID,), "handler": _handler}
    assert Command(**good)  # type: ignore[arg-type]  # a table of fields
    with pytest.raises(DeclarationError, match=problem):
        Command(**{**good, **changes})
