"""Guide, "Sessions API": making sessions and choosing their sources."""

from __future__ import annotations

from .. import errors
from .answers import Answer, Table
from .command import Command
from .context import Context
from .parameters import BOOLEAN, LOWER_CASE_UUID, SESSION_TITLE, UUID, Parameter

_BEING_RECORDED: Table = {
    errors.RecordingInProgressError: Answer("060003", "Active recording currently in progress")
}


async def create_session(context: Context, session_title: str) -> str:
    """Creates a session and answers its ID. A new session is not live."""
    return await context.services.sessions.create(context.actor, session_title)


async def set_live_session(context: Context, session_id: str, active: bool) -> None:
    """Sets whether a session is live: `true` or `false`, exactly."""
    await context.services.sessions.set_live(context.actor, session_id, active)


async def delete_session(context: Context, session_id: str) -> None:
    """Deletes a session; its finished recordings stay."""
    await context.services.sessions.delete(context.actor, session_id)


async def add_source_to_session(context: Context, session_id: str, source_id: str) -> None:
    """Adds a source to a session, which may have four."""
    await context.services.sessions.add_source(context.actor, session_id, source_id)


async def remove_source_from_session(context: Context, session_id: str, source_id: str) -> None:
    """Removes a source from a session."""
    await context.services.sessions.remove_source(context.actor, session_id, source_id)


COMMANDS = (
    Command(
        "createSession",
        (Parameter("sessionTitle", SESSION_TITLE),),
        create_session,
        internal=Answer("070019", "Failed to create a session"),
        result="sessionId",
    ),
    Command(
        "setLiveSession",
        (Parameter("sessionId", LOWER_CASE_UUID), Parameter("active", BOOLEAN)),
        set_live_session,
        (errors.SessionNotFoundError,),
    ),
    Command(
        "deleteSession",
        (Parameter("sessionId", LOWER_CASE_UUID),),
        delete_session,
        (errors.SessionNotFoundError, errors.RecordingInProgressError),
    ),
    Command(
        "addSourceToSession",
        (Parameter("sessionId", UUID), Parameter("sourceId", UUID)),
        add_source_to_session,
        (
            errors.SessionNotFoundError,
            errors.SourceNotFoundError,
            errors.RecordingInProgressError,
            errors.SourceAlreadyAddedError,
            errors.TooManySourcesError,
        ),
        internal=Answer("070010", "Could not create a track"),
        texts={
            **_BEING_RECORDED,
            errors.TooManySourcesError: Answer("070010", "Could not create a track"),
        },
    ),
    Command(
        "removeSourceFromSession",
        (Parameter("sessionId", LOWER_CASE_UUID), Parameter("sourceId", LOWER_CASE_UUID)),
        remove_source_from_session,
        (
            errors.SessionNotFoundError,
            errors.SourceNotFoundError,
            errors.RecordingInProgressError,
        ),
        texts=_BEING_RECORDED,
    ),
)
