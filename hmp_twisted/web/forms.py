"""What a browser sent in a query or a form: texts, checked to be texts."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from .answers import RefusalError


@attrs.frozen
class Form:
    """The fields of a query and a form together, decoded."""

    _fields: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, args: Mapping[bytes, list[bytes]]) -> Form:
        """What Twisted parsed.

        Raises:
            RefusalError: it is not UTF-8, or holds a NUL.
        """
        try:
            fields = {name.decode(): tuple(_text(v) for v in vs) for name, vs in args.items()}
        except UnicodeDecodeError as error:
            raise RefusalError(400, "The form holds text that is not UTF-8.") from error
        return cls(fields)

    def text(self, name: str, default: str = "") -> str:
        """The field's first value, its ends without blanks."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """The field's first value as it was typed."""
        return self._fields.get(name, (default,))[0]

    def texts(self, name: str) -> tuple[str, ...]:
        """All of the field's values that are not blank."""
        return tuple(v.strip() for v in self._fields.get(name, ()) if v.strip())

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number in this range.

        Raises:
            RefusalError: it is none.
        """
        text = self.text(name)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else low - 1
        if not low <= value <= high:
            raise RefusalError(400, f"{name}: must be a whole number from {low} to {high}.")
        return value

    def has(self, name: str) -> bool:
        """Whether the field was sent: a ticked box."""
        return name in self._fields


def _text(value: bytes) -> str:
    # Browsers send line ends as CRLF; a NUL no database takes.
    text = value.decode().replace("\r\n", "\n")
    if "\0" in text:
        raise RefusalError(400, "The form holds a NUL character.")
    return text
