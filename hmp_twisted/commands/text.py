"""How text that a client sent is shown again: never with a character that could end a line."""

from __future__ import annotations

SHOWN_CHARACTERS = 200
"""An argument in an error message is cut to this many characters."""

_NAMED = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def _escape(code: int) -> str:
    return _NAMED.get(chr(code)) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


# C0, DEL and C1 control characters, and the two line separators that some terminals act upon.
_ESCAPES = {
    code: _escape(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029)
}


def visible(text: str) -> str:
    """The text with its control characters shown as escapes: ``\\t``, ``\\x1b``, ``\\u2028``."""
    return text.translate(_ESCAPES)


def shown(argument: str) -> str:
    """An argument as error messages quote it: visible, and cut to its first 200 characters."""
    text = visible(argument)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
