"""Guide, "Recordings API": recording a session."""

from __future__ import annotations

from .. import errors
from .answers import INTERNAL, Answer
from .command import Command
from .context import Context
from .parameters import UUID, Parameter

_FAILED_TO_UPDATE = Answer("070003", "Failed to update state")


async def start_recording(context: Context, session_id: str) -> str:
    """Starts a recording of a session's sources and answers its ID.

    The recording takes over the session's title, description and categories. A session may be
    recorded more than once at a time.
    """
    return await context.services.recordings.start(context.actor, session_id)


async def pause_recording(context: Context, recording_id: str) -> None:
    """Suspends a recording in progress."""
    await context.services.recordings.pause(context.actor, recording_id)


async def resume_recording(context: Context, recording_id: str) -> None:
    """Goes on with a paused recording."""
    await context.services.recordings.resume(context.actor, recording_id)


async def stop_recording(context: Context, recording_id: str) -> None:
    """Ends a recording; all that was received before is on disk when `OK` comes."""
    await context.services.recordings.stop(context.actor, recording_id)


async def get_recording_status(context: Context, recording_id: str) -> str:
    """Answers a recording's state: `RECORDING`, `PAUSED`, `FINISHED` or `ERROR`."""
    return await context.services.recordings.status(context.actor, recording_id)


COMMANDS = (
    Command(
        "startRecording",
        (Parameter("sessionId", UUID),),
        start_recording,
        (
            errors.SessionNotFoundError,
            errors.NoSourcesError,
            errors.DiskFullError,
            errors.WriteFailedError,
            errors.SourceUnusableError,
        ),
        result="recordingId",
        texts={errors.SourceUnusableError: INTERNAL},
    ),
    Command(
        "pauseRecording",
        (Parameter("recordingId", UUID),),
        pause_recording,
        (errors.ActiveRecordingNotFoundError, errors.WrongStateError),
        internal=_FAILED_TO_UPDATE,
        texts={errors.WrongStateError: _FAILED_TO_UPDATE},
    ),
    Command(
        "resumeRecording",
        (Parameter("recordingId", UUID),),
        resume_recording,
        (errors.ActiveRecordingNotFoundError, errors.WrongStateError),
        internal=_FAILED_TO_UPDATE,
        texts={errors.WrongStateError: _FAILED_TO_UPDATE},
    ),
    Command(
        "stopRecording",
        (Parameter("recordingId", UUID),),
        stop_recording,
        (errors.ActiveRecordingNotFoundError,),
        internal=Answer("070003", "Internal Server Error"),
    ),
    Command(
        "getRecordingStatus",
        (Parameter("recordingId", UUID),),
        get_recording_status,
        (errors.ActiveRecordingNotFoundError, errors.UnreadableStateError),
        internal=Answer("070003", "Recording not found"),
        result="state",
    ),
)
