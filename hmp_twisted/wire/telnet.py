"""Telnet negotiation, dropped from the bytes a client sends (RFC 854, RFC 855). Pure.

Byte 0xFF never occurs in UTF-8, so whatever it begins is Telnet's. Nothing is ever answered.
"""

from __future__ import annotations

from collections.abc import Callable

IAC = 0xFF
_SB, _SE = 0xFA, 0xF0
_NEGOTIATIONS = frozenset({0xFB, 0xFC, 0xFD, 0xFE})  # WILL, WONT, DO, DONT

MAX_SUBNEGOTIATION_BYTES = 512
"""Between ``IAC SB`` and ``IAC SE``; no option that a terminal offers needs a tenth of it."""


class SubnegotiationTooLong(Exception):  # noqa: N818 - an event that ends the input, as EOFError is
    """A sub-negotiation has no end in sight; ``before`` is the text that preceded it."""

    def __init__(self, before: bytes) -> None:
        super().__init__(f"a Telnet sub-negotiation of more than {MAX_SUBNEGOTIATION_BYTES} bytes")
        self.before = before


class IacFilter:
    """Takes a connection's bytes in pieces of any size and gives back those that are text.

    States, each a method that takes the bytes from a position on and gives the position after what
    it has used: text → command (after IAC) → text | option → text | subnegotiation → its command →
    text (at SE) | subnegotiation.
    """

    def __init__(self) -> None:
        self._state: Callable[[bytes, int, bytearray], int] = self._text
        self._length = 0

    def feed(self, data: bytes) -> bytes:
        """The text among these bytes.

        Raises:
            SubnegotiationTooLong: the filter is of no use any more.
        """
        text = bytearray()
        position = 0
        while position < len(data):
            position = self._state(data, position, text)
            if self._length > MAX_SUBNEGOTIATION_BYTES:
                raise SubnegotiationTooLong(bytes(text))
        return bytes(text)

    def _text(self, data: bytes, position: int, text: bytearray) -> int:
        found = data.find(IAC, position)
        if found < 0:
            text += data[position:]
            return len(data)
        text += data[position:found]
        self._state = self._command
        return found + 1

    def _command(self, data: bytes, position: int, text: bytearray) -> int:
        byte = data[position]
        if byte == _SB:
            self._length = 0
            self._state = self._subnegotiation
        elif byte in _NEGOTIATIONS:
            self._state = self._option
        else:
            self._state = self._text
        return position + 1

    def _option(self, data: bytes, position: int, text: bytearray) -> int:
        # Whatever this byte is: an option's number may be 0xFF (RFC 861) or a line feed's.
        self._state = self._text
        return position + 1

    def _subnegotiation(self, data: bytes, position: int, text: bytearray) -> int:
        found = data.find(IAC, position)
        end = len(data) if found < 0 else found
        self._length += end - position
        if found < 0:
            return end
        self._state = self._subnegotiation_command
        return found + 1

    def _subnegotiation_command(self, data: bytes, position: int, text: bytearray) -> int:
        if data[position] == _SE:
            self._length = 0
            self._state = self._text
        else:
            self._length += 2
            self._state = self._subnegotiation
        return position + 1
