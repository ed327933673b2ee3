"""What a command is: its name, its parameters, its handler, and every answer it can give.

A declaration checks itself when it is made, that is, at import: a mistake in it stops the start.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs

from ..errors import DomainError, StoreError
from . import answers
from .answers import Answer, Table
from .parameters import FormError, Parameter

Handler = Callable[..., Awaitable[str | None]]
"""Takes a :class:`Context` and the typed parameters, gives the result; raises domain errors."""

WRONG_NUMBER = "010003"

_NAME = re.compile(r"[a-z]+(?:[A-Z][a-z]+)*")


class DeclarationError(Exception):
    """A command's declaration contradicts itself; the message names the command."""


@attrs.frozen
class Command:
    """A command of the guide."""

    name: str
    parameters: tuple[Parameter, ...]
    handler: Handler
    errors: tuple[type[DomainError], ...] = ()
    """The domain errors that it answers with a line of their own, in the guide's order."""
    internal: Answer = answers.INTERNAL
    """What a fault of the database is answered as, and every domain error without a line."""
    result: str | None = None
    """What the guide calls the result, if there is one."""
    texts: Table = attrs.field(factory=dict)
    """Lines that differ from :data:`answers.SPECIFIC`, or that only this command has."""
    wrong_number: str = "Expected {x} parameter(s). Got {{n}} parameter(s)"

    def __attrs_post_init__(self) -> None:
        problem = _problem_of(self)
        if problem:
            raise DeclarationError(f"command {self.name!r}: {problem}")

    @property
    def count(self) -> Answer:
        """The answer to a wrong number of parameters."""
        return Answer(WRONG_NUMBER, self.wrong_number.format(x=len(self.parameters)))

    def answer_to(self, kind: type[DomainError]) -> Answer | None:
        """The line for a domain error of this kind, or nothing if the command has none for it."""
        for known in kind.__mro__:
            if known in self.errors:
                return self.texts.get(known) or answers.SPECIFIC[known]
            if known in answers.GENERAL:
                return answers.GENERAL[known]
        return None

    def answers(self) -> tuple[Answer, ...]:
        """Every error line of the command's own, each once, in the order it is checked in."""
        forms = [answer for each in self.parameters for answer in each.form.refusals]
        domain = [self.texts.get(kind) or answers.SPECIFIC[kind] for kind in self.errors]
        return tuple(dict.fromkeys([self.count, *forms, *domain, self.internal]))

    def bind(self, arguments: Sequence[str]) -> list[Any]:
        """The typed values of the arguments, in the order of the parameters.

        Raises:
            FormError: the first thing that is wrong, their number first, then left to right.
        """
        wanted = len(self.parameters)
        more = bool(self.parameters) and self.parameters[-1].repeated
        if len(arguments) < wanted or (len(arguments) > wanted and not more):
            raise FormError(self.count)
        return [each.take(arguments, at) for at, each in enumerate(self.parameters)]


def python_name(name: str) -> str:
    """``sessionId`` as handlers call it: ``session_id``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _problem_of(command: Command) -> str:
    """The first contradiction in a declaration, in words; empty if there is none."""
    names = [each.name for each in command.parameters]
    without = [
        kind.__name__
        for kind in command.errors
        if kind not in command.texts and kind not in answers.SPECIFIC
    ]
    checks = (
        (_NAME.fullmatch(command.name), "the name is not in camelCase"),
        (len(set(names)) == len(names), "two parameters have one name"),
        (not any(p.repeated for p in command.parameters[:-1]), "only the last may be repeated"),
        (inspect.iscoroutinefunction(command.handler), "the handler is not a coroutine function"),
        (_handles(command.handler, names), f"the handler does not take (context, {names})"),
        (len(set(command.errors)) == len(command.errors), "an error is declared twice"),
        (not without, f"no text for {', '.join(without)}"),
        (set(command.texts) <= set(command.errors), "a text for an error that is not declared"),
        (StoreError not in command.errors, "StoreError is what `internal` is for"),
        (command.handler.__doc__, "the handler has no docstring, which the manual is made from"),
    )
    return next((problem for holds, problem in checks if not holds), "")


def _handles(handler: Handler, names: Sequence[str]) -> bool:
    return list(inspect.signature(handler).parameters) == [
        "context",
        *(python_name(name) for name in names),
    ]
