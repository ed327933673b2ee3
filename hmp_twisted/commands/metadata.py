"""Guide, "Update … Metadata", "Set … Category", "Add a HotMark": describing what there is."""

from __future__ import annotations

from .. import errors
from ..services.rights import Kind
from .answers import EMPTY_SESSION_TITLE, INTERNAL, Answer
from .command import Command
from .context import Context
from .parameters import ANY_TEXT, CATEGORY_VALUES, FIELD_NAME, UUID, FormError, Parameter


async def update_session_metadata(
    context: Context, session_id: str, field_name: str, value: str
) -> None:
    """Sets a session's `title`, `description` or `createdby`; a title cannot be emptied."""
    # A form that depends on the parameter before it; so it is told before the session is looked up.
    if field_name == "title" and not value:
        raise FormError(EMPTY_SESSION_TITLE)
    await context.services.metadata.update(
        context.actor, Kind.SESSION, session_id, field_name, value
    )


async def set_session_category(
    context: Context, session_id: str, category_id: str, value: tuple[str, ...]
) -> None:
    """Replaces the values that a category has on a session; any value is taken."""
    await context.services.metadata.set_category(
        context.actor, Kind.SESSION, session_id, category_id, value
    )


async def update_metadata(context: Context, recording_id: str, field_name: str, value: str) -> None:
    """Sets a recording's `title`, `description` or `createdby`; a title cannot be emptied."""
    await context.services.metadata.update(
        context.actor, Kind.RECORDING, recording_id, field_name, value
    )


async def set_category(
    context: Context, recording_id: str, category_id: str, value: tuple[str, ...]
) -> None:
    """Replaces the values that a category has on a recording; any value is taken."""
    await context.services.metadata.set_category(
        context.actor, Kind.RECORDING, recording_id, category_id, value
    )


async def add_hotmark(context: Context, recording_id: str, title: str) -> None:
    """Marks the moment in a recording in progress, at its own clock, rounded down to the second."""
    await context.services.metadata.add_hotmark(context.actor, recording_id, title)


_VALUES = (Parameter("categoryId", UUID), Parameter("value", CATEGORY_VALUES))
_FIELD = (Parameter("fieldName", FIELD_NAME), Parameter("value", ANY_TEXT))

OF_SESSIONS = (
    Command(
        "updateSessionMetadata",
        (Parameter("sessionId", UUID), *_FIELD),
        update_session_metadata,
        (errors.EmptyTitleError, errors.SessionNotFoundError),
        texts={errors.EmptyTitleError: EMPTY_SESSION_TITLE},
    ),
    Command(
        "setSessionCategory",
        (Parameter("sessionId", UUID), *_VALUES),
        set_session_category,
        (errors.CategoryNotFoundError, errors.SessionNotFoundError),
    ),
)

OF_RECORDINGS = (
    Command(
        "updateMetadata",
        (Parameter("recordingId", UUID), *_FIELD),
        update_metadata,
        (errors.RecordingNotFoundError, errors.MetadataMissingError),
        internal=Answer("070017", "Failed to update a recording"),
    ),
    Command(
        "setCategory",
        (Parameter("recordingId", UUID), *_VALUES),
        set_category,
        (
            errors.CategoryNotFoundError,
            errors.RecordingNotFoundError,
            errors.MetadataMissingError,
        ),
        wrong_number="Expected at least {x} parameters. Got {{n}} parameter(s)",
    ),
    Command(
        "addHotmark",
        (Parameter("recordingId", UUID), Parameter("title", ANY_TEXT)),
        add_hotmark,
        (
            errors.RecordingNotFoundError,
            errors.NotActiveError,
            errors.HotmarkExistsError,
            errors.TitleTooLongError,
        ),
        internal=Answer("070011", "Could not locate recording"),
        texts={errors.TitleTooLongError: INTERNAL},
        wrong_number="Expected {x} parameters. Got {{n}} parameter(s)",
    ),
)
