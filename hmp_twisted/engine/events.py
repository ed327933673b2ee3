"""What happened to a recording's sources, and when: ``events.jsonl`` beside its manifest.

One line of JSON an event, only ever appended, so that a crash costs a torn line at most.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import cattrs

NAME = "events.jsonl"
MOST = 10_000
"""Events kept of one recording in one life of the engine; the log has all of them."""


@attrs.frozen
class Event:
    """Something that happened to one source."""

    at: float
    """When, in Unix seconds; when it began, if it lasted."""
    clock_s: float
    """What the recording's clock showed then."""
    track: int
    kind: str
    text: str
    """In words."""
    seconds: float = 0.0
    """How long it lasted, if it did and has ended."""


def append(folder: Path, events: list[Event]) -> None:
    """Add events to a recording's.

    Raises:
        OSError: they cannot be written.
    """
    lines = "".join(json.dumps(cattrs.unstructure(event)) + "\n" for event in events)
    with (folder / NAME).open("ab") as file:
        file.write(lines.encode())


def read(folder: Path) -> tuple[Event, ...]:
    """The events of the recording in a folder, in the order in which they were told of.

    Raises:
        OSError: the file is there, but cannot be read.
    """
    try:
        lines = (folder / NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(event for line in lines if (event := _event(line)) is not None)


def _event(line: bytes) -> Event | None:
    try:
        table: dict[str, Any] = json.loads(line)
        return cattrs.structure(table, Event)
    except (ValueError, TypeError, cattrs.BaseValidationError):
        return None  # torn by a crash
