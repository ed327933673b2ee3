"""Guide, "Share a Session with …", "Share a Recording with …": giving permissions."""

from __future__ import annotations

from collections.abc import Callable

from .. import errors
from ..services.rights import Kind
from ..services.sharing import Subject
from .answers import Answer
from .command import Command, Handler
from .context import Context
from .parameters import ANY_TEXT, UUID, Parameter, permission

SESSION_PERMISSIONS = ("WATCH", "EDIT", "RECORD", "OWN")
RECORDING_PERMISSIONS = ("WATCH", "EDIT", "OWN")


async def share_session_with_user(
    context: Context, username: str, permission_id: str, session_id: str
) -> None:
    """Gives a user a permission on a session, in place of the one given before."""
    await context.services.sharing.share(
        context.actor, Kind.SESSION, session_id, Subject.USER, username, permission_id
    )


async def share_session_with_group(
    context: Context, groupname: str, permission_id: str, session_id: str
) -> None:
    """Gives a group a permission on a session, in place of the one given before."""
    await context.services.sharing.share(
        context.actor, Kind.SESSION, session_id, Subject.GROUP, groupname, permission_id
    )


async def share_recording_with_user(
    context: Context, username: str, permission_id: str, recording_id: str
) -> None:
    """Gives a user a permission on a recording, in place of the one given before."""
    await context.services.sharing.share(
        context.actor, Kind.RECORDING, recording_id, Subject.USER, username, permission_id
    )


async def share_recording_with_group(
    context: Context, groupname: str, permission_id: str, recording_id: str
) -> None:
    """Gives a group a permission on a recording, in place of the one given before."""
    await context.services.sharing.share(
        context.actor, Kind.RECORDING, recording_id, Subject.GROUP, groupname, permission_id
    )


_USER_ERRORS = (errors.UserNotFoundError, errors.UserWithoutRolesError)
_GROUP_ERRORS = (errors.GroupNotFoundError, errors.GroupWithoutRolesError)

Declare = Callable[[str, Handler], Command]


def _share(
    subject: str,
    subject_errors: tuple[type[errors.DomainError], ...],
    internal: Answer,
    target: str,
    target_error: type[errors.DomainError],
    words: tuple[str, ...],
) -> Declare:
    """What the four commands have in common, but for their names and handlers."""
    form = permission(words)

    def declare(name: str, handler: Handler) -> Command:
        return Command(
            name,
            (
                Parameter(subject, ANY_TEXT),
                Parameter("permissionId", form),
                Parameter(target, UUID),
            ),
            handler,
            (
                errors.PermissionNotFoundError,
                *subject_errors,
                target_error,
                errors.CannotShareError,
            ),
            internal=internal,
            # The ID of no permission is told in the same words as what is no ID.
            texts={errors.PermissionNotFoundError: form.refusals[0]},
        )

    return declare


_NO_USER_SEARCH = Answer("070008", "Error searching for a user")
_NO_GROUP_SEARCH = Answer("070009", "Error searching for a group")
_SESSION = ("sessionId", errors.SessionNotFoundError, SESSION_PERMISSIONS)
_RECORDING = ("recordingId", errors.RecordingNotFoundError, RECORDING_PERMISSIONS)

COMMANDS = (
    _share("username", _USER_ERRORS, _NO_USER_SEARCH, *_SESSION)(
        "shareSessionWithUser", share_session_with_user
    ),
    _share("groupname", _GROUP_ERRORS, _NO_GROUP_SEARCH, *_SESSION)(
        "shareSessionWithGroup", share_session_with_group
    ),
    _share("username", _USER_ERRORS, _NO_USER_SEARCH, *_RECORDING)(
        "shareRecordingWithUser", share_recording_with_user
    ),
    _share("groupname", _GROUP_ERRORS, _NO_GROUP_SEARCH, *_RECORDING)(
        "shareRecordingWithGroup", share_recording_with_group
    ),
)
