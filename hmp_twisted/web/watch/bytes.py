"""Exchanges as people read them: bytes with control characters visible, and in hexadecimal."""

from __future__ import annotations

import attrs

from ...commands.trace import Exchange
from ..formats import iso

_NAMED = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}
_ROW = 16


@attrs.frozen
class Shown:
    """One exchange, all of it text."""

    number: int
    at: str
    """``2026-01-31T12:00:00.123Z``"""
    what: str
    peer: str
    actor: str
    ms: str
    received: str
    received_hex: str
    received_size: int
    sent: str
    sent_hex: str
    sent_size: int
    is_error: bool
    """Whether the answer begins with ERROR, or there was none where one is due."""


def shown(number: int, exchange: Exchange) -> Shown:
    """An exchange, for a page or a script."""
    milliseconds = int(exchange.at * 1000) % 1000
    return Shown(
        number=number,
        at=f"{iso(exchange.at)[:-1]}.{milliseconds:03}Z",
        what=str(exchange.what),
        peer=exchange.peer,
        actor=exchange.actor,
        ms=f"{exchange.elapsed_s * 1000:.1f}",
        received=escaped(exchange.received),
        received_hex=hexadecimal(exchange.received),
        received_size=exchange.received_size,
        sent=escaped(exchange.sent),
        sent_hex=hexadecimal(exchange.sent),
        sent_size=exchange.sent_size,
        is_error=exchange.sent.startswith(b"ERROR"),
    )


def escaped(data: bytes) -> str:
    """Every byte that is no printable ASCII as ``\\\\xNN``: what is shown can be read back."""
    return "".join(
        _NAMED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in data
    )


def hexadecimal(data: bytes) -> str:
    """In rows of sixteen."""
    return "\n".join(data[at : at + _ROW].hex(" ") for at in range(0, len(data), _ROW))
