"""All commands, by name: from the chapters' explicit lists, in the order of the guide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from . import metadata, recordings, sessions, sharing, streams
from .command import Command, DeclarationError


def build(commands: Iterable[Command]) -> Mapping[str, Command]:
    """The commands by name.

    Raises:
        DeclarationError: two have one name.
    """
    table: dict[str, Command] = {}
    for command in commands:
        if command.name in table:
            raise DeclarationError(f"command {command.name!r}: declared twice")
        table[command.name] = command
    return MappingProxyType(table)


CHAPTERS: Mapping[str, tuple[Command, ...]] = MappingProxyType(
    {
        "Sessions": (*sessions.COMMANDS, *sharing.COMMANDS[:2], *metadata.OF_SESSIONS),
        "Recordings": (
            *recordings.COMMANDS,
            *sharing.COMMANDS[2:],
            *metadata.OF_RECORDINGS,
            *streams.COMMANDS,
        ),
    }
)

COMMANDS = build(command for chapter in CHAPTERS.values() for command in chapter)
