"""The Command Line API's lines: bytes to words, words to bytes. Pure.

Guide, "Command Syntax" and "Response Syntax". What the words mean is not known here.
"""

from __future__ import annotations

import re

from ..commands.text import visible

# A run of separators, a run of plain characters, or one quoted string. The quoted string's loop is
# unrolled so that an unbalanced quote in a long line is found in linear time.
_PIECE = re.compile(
    r"""
    (?P<gap>   [ \t]+ )
  | (?P<plain> [^ \t"]+ )
  | " (?P<quoted> [^"\\]* (?: \\. [^"\\]* )* ) "
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\([n"\\])')
_NEEDS_QUOTES = re.compile(r'[\s"\x00-\x1f]')


class GrammarError(ValueError):
    """The line is not well formed; it is answered ``000001``. The message is for the log."""


def split(line: bytes) -> list[str]:
    """The words of a line (without its line end); none if it holds nothing but separators.

    Raises:
        GrammarError: invalid UTF-8, a NUL, or a quote that is not closed.
    """
    text = _decode(line)
    words: list[str] = []
    in_word = False
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise GrammarError(f"the quote at character {position + 1} is not closed")
        position = piece.end()
        if piece["gap"] is not None:
            in_word = False
        elif in_word:
            words[-1] += _value(piece)
        else:
            words.append(_value(piece))
            in_word = True
    return words


def _decode(line: bytes) -> str:
    if b"\0" in line:
        raise GrammarError(f"byte {line.index(0) + 1} is NUL")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GrammarError(f"byte {error.start + 1} is not UTF-8") from error


def _value(piece: re.Match[str]) -> str:
    if piece["plain"] is not None:
        return piece["plain"]
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], piece["quoted"])


def quote(text: str) -> str:
    """The text as one argument: ``split(quote(text).encode())`` is ``[text]``.

    Raises:
        GrammarError: it holds a NUL, which no argument can.
    """
    if "\0" in text:
        raise GrammarError("a NUL cannot be sent")
    if text and not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def answer(text: str) -> bytes:
    """One line on the wire, whatever the text holds: the only place that makes outgoing lines."""
    # Lone surrogates cannot come from a client, but a name in the file system can hold them.
    return visible(text).encode("utf-8", "backslashreplace") + b"\n"
