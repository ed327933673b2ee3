"""``docs/commands.md``, made from the registry: ``python -m hmp_twisted.commands.docs``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from . import answers
from .answers import Answer
from .command import Command
from .registry import CHAPTERS

_INTRODUCTION = """\
# Commands

*Made by `python -m hmp_twisted.commands.docs > docs/commands.md`; a test holds that it is current.*

A client connects to TCP port 23233 and sends one command a line, in UTF-8. Each is answered by one
line, in order, before the next is executed: `OK`, `OK|result` or `ERROR|code|message`.

- Lines end with LF; a CR before it is dropped, and so is Telnet negotiation. A line has at most
  65,536 bytes. An empty line is no command and gets no answer.
- Arguments are separated by spaces or tabs. `"…"` holds an argument with spaces; inside quotes
  `\\n`, `\\"` and `\\\\` are a line feed, a quote and a backslash. `""` is an empty argument.
- Command names are spelled exactly as here.
- Checked are, in this order: the number of parameters, the form of each from left to right, then
  what they name and the state it is in. One error is answered, the first; it changes nothing.
- In the errors below `Y` is the argument in question, `N` the number of parameters that came.
- A UUID is 8-4-4-4-12 hexadecimal digits in either case; IDs are answered in lower case.
"""

_GENERAL: tuple[tuple[Answer, str], ...] = (
    (
        answers.SYNTAX_ERROR,
        "Quotes that are not balanced, invalid UTF-8, a NUL, or a line that is too long.",
    ),
    (answers.COMMAND_NOT_FOUND, "There is no command of this name."),
    (
        answers.NOT_AUTHORIZED,
        "The device is not on the list, or has too many connections (then the connection is "
        "closed); or the user whom it acts for may not do this (then it stays).",
    ),
    (
        answers.INTERNAL,
        "The server is starting or stopping, or something failed: the log says what.",
    ),
    (answers.ENGINE_FAULT, "The media engine failed: the log says why."),
    (answers.ENGINE_ANSWER, "The media engine's answer could not be read."),
    (answers.NO_ENGINE, "The media engine is not there; commands that need none work."),
)


def render() -> str:
    """The whole page."""
    lines = [_INTRODUCTION]
    for title, commands in CHAPTERS.items():
        lines += [f"## {title}", ""]
        for command in commands:
            lines += _command(command)
    lines += ["## Errors that any command can answer", "", "| error | when |", "| --- | --- |"]
    lines += [f"| `{_error(answer)}` | {when} |" for answer, when in _GENERAL]
    return "\n".join(lines) + "\n"


def usage(command: Command) -> str:
    """How the command is called: ``setCategory recordingId categoryId value [value...]``."""
    words = [command.name]
    for parameter in command.parameters:
        words.append(parameter.name)
        if parameter.repeated:
            words.append(f"[{parameter.name}...]")
    return " ".join(words)


def _command(command: Command) -> Iterator[str]:
    yield f"### {command.name}"
    yield ""
    yield inspect.getdoc(command.handler) or ""
    yield ""
    yield "```"
    yield usage(command)
    yield "OK" if command.result is None else f"OK|{command.result}"
    yield "```"
    yield ""
    yield from (f"- `{_error(answer)}`" for answer in command.answers())
    yield ""


def _error(answer: Answer) -> str:
    text = answer.text.replace("{y}", "Y").replace("{n}", "N")
    # A table's cells end at a bar, even in a code span, unless it is escaped; so no bars.
    return f"{answer.code} {text}"


if __name__ == "__main__":
    sys.stdout.write(render())
