"""The forms of parameters: text from a client to a typed value, or the guide's word for why not.

Pure: whether what a value names exists is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import Any

import attrs

from .answers import EMPTY_SESSION_TITLE, INVALID, Answer

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"[0-9]{1,5}")
_BOOLEANS = {"true": True, "false": False}


class FormError(Exception):
    """A parameter is not of its form; ``argument`` is the one that the answer quotes."""

    def __init__(self, answer: Answer, argument: str = "") -> None:
        super().__init__(answer.text)
        self.answer = answer
        self.argument = argument


@attrs.frozen
class Form:
    """What a parameter may look like: how it is read, and every answer if it cannot be."""

    read: Callable[[str], Any]
    """Raises ``ValueError`` for a text that is not of the form."""
    refusals: tuple[Answer, ...]
    """For a form with one test, its answer; empty for one that takes any text."""

    def __call__(self, argument: str) -> Any:
        """The value of an argument.

        Raises:
            FormError: it is not of this form.
        """
        try:
            return self.read(argument)
        except ValueError as error:
            raise FormError(self.refusals[0], argument) from error


@attrs.frozen
class ListForm:
    """The form of all arguments from one position on; its tests come one after the other."""

    tests: tuple[tuple[Callable[[Sequence[Any]], bool], Answer], ...]

    @property
    def refusals(self) -> tuple[Answer, ...]:
        """The answers, in the order of the tests."""
        return tuple(answer for _, answer in self.tests)

    def __call__(self, arguments: Sequence[Any]) -> tuple[str, ...]:
        """The values.

        Raises:
            FormError: the first test that fails, over all of them.
        """
        for passes, answer in self.tests:
            if not passes(arguments):
                raise FormError(answer)
        return tuple(arguments)


@attrs.frozen
class Parameter:
    """A parameter as the guide names it."""

    name: str
    form: Form | ListForm

    @property
    def repeated(self) -> bool:
        """Whether it takes all arguments that are left, at least one."""
        return isinstance(self.form, ListForm)

    def take(self, arguments: Sequence[str], at: int) -> Any:
        """The parameter's value, of the arguments of a command where it stands at ``at``.

        Raises:
            FormError: it is not of the form.
        """
        if isinstance(self.form, ListForm):
            return self.form(arguments[at:])
        return self.form(arguments[at])


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError(text)
    return text.lower()


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text]


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise ValueError(text) from error


def _port(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > 65535:
        raise ValueError(text)
    return int(text)


def _title(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def one_of(words: Sequence[str], answer: Answer) -> Form:
    """One of these words, exactly."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return Form(read, (answer,))


def permission(words: Sequence[str]) -> Form:
    """One of these words, or what may be the ID of a custom permission."""

    def read(text: str) -> str:
        return text if text in words else _uuid(text)

    return Form(read, (Answer(INVALID, "Permission must be one of: " + ", ".join(words)),))


ANY_TEXT = Form(str, ())
UUID = Form(_uuid, (Answer(INVALID, "'{y}' is not a UUID"),))
LOWER_CASE_UUID = Form(_uuid, (Answer(INVALID, "'{y}' is not a uuid"),))
"""The same, in the words of three commands."""

BOOLEAN = Form(_boolean, (Answer(INVALID, "'{y}' is not a boolean"),))
IP_ADDRESS = Form(_ipv4, (Answer(INVALID, "'{y}' is not an ip address"),))
PORT = Form(_port, (Answer(INVALID, "'{y}' is not a port number"),))
SESSION_TITLE = Form(_title, (EMPTY_SESSION_TITLE,))
FIELD_NAME = one_of(
    ("title", "description", "createdby"), Answer(INVALID, "'{y}' is an invalid field name")
)
CATEGORY_VALUES = ListForm(
    (
        # The wire gives nothing but strings; another caller may not.
        (
            lambda values: all(isinstance(value, str) for value in values),
            Answer(INVALID, "Values must be strings"),
        ),
        (all, Answer(INVALID, "Please provide non-empty values")),
        (
            lambda values: all(value == value.strip() for value in values),
            Answer(INVALID, "Please remove any leading or trailing spaces in the values"),
        ),
        (
            lambda values: len(set(values)) == len(values),
            Answer(INVALID, "Please verify that values are unique"),
        ),
    )
)
