"""The words of the guide: what each error of the domain is on the wire.

This is the one table from domain errors to codes and texts. A command's declaration says which of
them it answers, and overrides a text where the guide's chapters differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from .. import errors
from .text import shown


@attrs.frozen
class Answer:
    """An error as the guide prints it; ``{y}`` stands for an argument, ``{n}`` for their number."""

    code: str
    text: str

    def line(self, *, y: str = "", n: int = 0) -> str:
        """The answer on the wire, without its line end; ``y`` is the argument it is about."""
        # Replaced, not formatted: an argument may hold braces.
        text = self.text.replace("{n}", str(n)).replace("{y}", shown(y))
        return f"ERROR|{self.code}|{text}"


def ok(result: str | None) -> str:
    """The answer of a command that succeeded, without its line end."""
    return "OK" if result is None else f"OK|{result}"


UNKNOWN_ERROR = Answer("000000", "Unknown Error")
"""In the guide's list, but nothing here is answered with it: what is unforeseen is ``070000``."""

SYNTAX_ERROR = Answer("000001", "Syntax Error")
COMMAND_NOT_FOUND = Answer("000002", "Command not found")
NOT_AUTHORIZED = Answer("020000", "Not Authorized")
INTERNAL = Answer("070000", "Internal Server Error")
NOT_READY = INTERNAL
ENGINE_FAULT = Answer("070006", "Bus client error")
ENGINE_ANSWER = Answer("070007", "Bus response parsing error")
NO_ENGINE = Answer("090001", "No bus connection")

INVALID = "010001"
"""The code of every parameter that is not of its form."""

EMPTY_SESSION_TITLE = Answer(INVALID, "Session name must be at least 1 character")

Table = Mapping[type[errors.DomainError], Answer]

GENERAL: Table = MappingProxyType(
    {
        errors.NotAuthorizedError: NOT_AUTHORIZED,
        errors.NotReadyError: NOT_READY,
        errors.EngineUnavailableError: NO_ENGINE,
        errors.EngineFaultError: ENGINE_FAULT,
        errors.EngineAnswerError: ENGINE_ANSWER,
    }
)
"""What every command answers alike."""

SPECIFIC: Table = MappingProxyType(
    {
        errors.NotActiveError: Answer("010004", "'{y}' is not an active recording"),
        errors.SeveralTracksError: Answer(
            "010005", "Only single source recordings can be streamed"
        ),
        errors.AddressInUseError: Answer("010006", "Address or port already in use"),
        errors.AddressInUseBySourceError: Answer(
            "010006", "Address or port already in use by a source"
        ),
        errors.CannotShareError: Answer("030003", "Cannot share"),
        errors.ActiveRecordingNotFoundError: Answer("040001", "Active recording not found"),
        errors.RecordingNotFoundError: Answer("040002", "Recording not found"),
        errors.StreamNotFoundError: Answer("040003", "Stream not found"),
        errors.UserNotFoundError: Answer("040004", "User not found"),
        errors.GroupNotFoundError: Answer("040005", "Group not found"),
        errors.SessionNotFoundError: Answer("040006", "Session not found"),
        errors.CategoryNotFoundError: Answer("040007", "Category not found"),
        errors.SourceNotFoundError: Answer("040009", "Source not found"),
        errors.MetadataMissingError: Answer("040012", "No results"),
        errors.UserWithoutRolesError: Answer("060001", "User has no roles assigned"),
        errors.GroupWithoutRolesError: Answer("060002", "Group has no roles assigned"),
        errors.RecordingInProgressError: Answer("060003", "Recording currently in progress"),
        errors.HotmarkExistsError: Answer("060004", "Hotmark already exists at this time"),
        errors.SourceAlreadyAddedError: Answer("060008", "Source already added to this session"),
        errors.NoSourcesError: Answer("060009", "Session requires at least one source"),
        errors.UnreadableStateError: Answer("070003", "Recording not found"),
        errors.WriteFailedError: Answer("070014", "Error writing to file"),
        errors.DiskFullError: Answer("070027", "Insufficient Disk Space"),
    }
)
"""What only those commands answer that declare it."""
