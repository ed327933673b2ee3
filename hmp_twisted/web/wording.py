"""Domain errors in words for people, and with the status that says the same to programs."""

from __future__ import annotations

from .. import errors
from ..engine.manifest import ManifestError

_WORDS: tuple[tuple[type[errors.DomainError], int, str], ...] = (
    (errors.NotAuthorizedError, 403, "You may see this, but you may not do that."),
    (errors.CannotShareError, 403, "You cannot give others a permission that you do not have."),
    (errors.SourceNotFoundError, 404, "This source does not exist (any more)."),
    (errors.SessionNotFoundError, 404, "This session does not exist, or you may not see it."),
    (errors.ActiveRecordingNotFoundError, 404, "This recording has ended."),
    (errors.RecordingNotFoundError, 404, "This recording does not exist, or you may not see it."),
    (errors.StreamNotFoundError, 404, "This stream has ended."),
    (errors.UserNotFoundError, 404, "There is no user of this name."),
    (errors.GroupNotFoundError, 404, "There is no group of this name."),
    (errors.CategoryNotFoundError, 404, "This category does not exist (any more)."),
    (errors.PermissionNotFoundError, 404, "This permission does not exist (any more)."),
    (errors.HotmarkNotFoundError, 404, "This HotMark does not exist (any more)."),
    (errors.NotFoundError, 404, "This does not exist (any more)."),
    (errors.EmptyTitleError, 400, "A title needs at least one character."),
    (errors.TitleTooLongError, 400, "A title has at most 1,024 characters."),
    (errors.RecordingInProgressError, 409, "It is being recorded. Stop that first."),
    (errors.SourceAlreadyAddedError, 409, "The session has this source already."),
    (errors.TooManySourcesError, 409, "A session has at most four sources."),
    (errors.NoSourcesError, 409, "The session has no source to record. Add one first."),
    (errors.UserWithoutRolesError, 409, "This user has no role, so nothing can be shared."),
    (errors.GroupWithoutRolesError, 409, "This group has no role, so nothing can be shared."),
    (errors.WrongStateError, 409, "It is in that state already."),
    (errors.NotActiveError, 409, "This recording has ended."),
    (errors.HotmarkExistsError, 409, "There is a HotMark at this second already."),
    (errors.SeveralTracksError, 409, "Only recordings of one source can be streamed."),
    (errors.AddressInUseError, 409, "Another stream is sent to this address and port."),
    (errors.AddressInUseBySourceError, 409, "A source is received at this address and port."),
    (errors.DiskFullError, 507, "The disk is full. Delete recordings, or ask an administrator."),
    (errors.NotReadyError, 503, "The server is starting or stopping. Try again in a moment."),
    (
        errors.EngineUnavailableError,
        503,
        "The media engine does not answer. Recording and streaming work again when it is back.",
    ),
    (errors.StoreError, 503, "The database cannot be used just now. Try again in a moment."),
    (ManifestError, 404, "The files of this recording cannot be read; they may be gone."),
    (errors.UnknownRecordingError, 409, "The media engine does not have this recording any more."),
    (errors.UnreadableStateError, 409, "The state of this recording cannot be read."),
    (errors.MetadataMissingError, 409, "It was changed by somebody else meanwhile. Look again."),
)

_OWN_WORDS = (
    errors.InvalidValueError,
    errors.NameTakenError,
    errors.InUseError,
    errors.AmbiguousNameError,
    errors.NoMediaError,
    errors.StreamFailedError,
    errors.SourceUnusableError,
    errors.WriteFailedError,
)
"""Their messages were written for administrators, and say what would help."""


def words_of(error: errors.DomainError) -> tuple[int, str]:
    """The status and the words."""
    for kind, status, words in _WORDS:
        if isinstance(error, kind):
            return status, words
    if isinstance(error, _OWN_WORDS):
        text = str(error)
        return 409, text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
    return 502, "The media engine could not do this. The server's log says more."
