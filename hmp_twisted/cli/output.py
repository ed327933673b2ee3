"""What hmpctl prints: tables for people, JSON for programs, warnings on standard error."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from .group import complain

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
"""The option of everything that shows something."""


def print_json(value: Any) -> None:
    """Print ``value`` as JSON. In ASCII, so that no terminal takes a title for its own commands."""
    click.echo(json.dumps(value, indent=2))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, in aligned columns; numbers stand to the right."""
    rows = list(rows)
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [
        max(_width(line[column]) for line in [list(headings), *cells])
        for column in range(len(headings))
    ]
    numeric = [
        bool(rows) and all(isinstance(row[c], int) for row in rows) for c in range(len(widths))
    ]
    lines = [
        "  ".join(_padded(*cell) for cell in zip(line, widths, numeric, strict=True)).rstrip()
        for line in [headings, *cells]
    ]
    click.echo("\n".join(lines))


def print_details(pairs: Iterable[tuple[str, object]]) -> None:
    """Print what is known of one object, a line each; several values are one line each, too."""
    pairs = [(label, value) for label, value in pairs]
    width = max(len(label) for label, _ in pairs) + 3
    for label, value in pairs:
        lines = [str(v) for v in value] if isinstance(value, tuple | list) else [str(value)]
        for number, line in enumerate(lines or [""]):
            head = f"{label}:" if number == 0 else ""
            click.echo(f"{head:<{width}}{printable(line)}".rstrip())


def warn(text: str) -> None:
    """Say on standard error what is odd, though nothing was refused."""
    complain(f"warning: {text}")


def printable(text: str) -> str:
    """``text`` in one line; control characters as escapes, so that none acts on the terminal."""
    if text.isprintable():
        return text  # nearly all of them, and a list may have 100,000
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        else char
        for char in text
    )


def iso(unix: float) -> str:
    """A time as ISO 8601 in UTC, whole seconds: ``2026-01-31T12:00:00Z``."""
    return datetime.fromtimestamp(int(unix), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(seconds: float) -> str:
    """A duration for people: ``1:02:03.4``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"


def size(count: float) -> str:
    """A number of bytes for people: ``1.2 GB``, in powers of 1000."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def yes_no(value: bool) -> str:
    """``yes`` or ``no``."""
    return "yes" if value else "no"


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _padded(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank
