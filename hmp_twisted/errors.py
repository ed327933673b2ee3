"""What can go wrong, in the words of the domain.

Services and the media engine raise these; they carry meaning and never a wire code. The one table
from these types to the guide's codes and texts is :mod:`hmp_twisted.commands.answers`.
"""

from __future__ import annotations


class DomainError(Exception):
    """Something asked of the server that it refuses, or could not do."""


class ConfigurationError(DomainError):
    """The configuration cannot be used; the message names file, key and what is allowed."""


class InvalidValueError(DomainError):
    """A value an administrator gave is not usable; the message says what would be."""


class NameTakenError(DomainError):
    """The name is in use by another object of the same kind."""


class InUseError(DomainError):
    """The object is needed by another and cannot be removed."""


class AmbiguousNameError(DomainError):
    """A name that several objects bear was given where one is meant."""


# -- rights ---------------------------------------------------------------------------------


class NotAuthorizedError(DomainError):
    """The object is seen by the actor, but the act is not allowed."""


class CannotShareError(DomainError):
    """The actor may not give that permission on that object."""


# -- what is not there ----------------------------------------------------------------------


class NotFoundError(DomainError):
    """No object has this ID or name, or the actor may not see it."""


class SessionNotFoundError(NotFoundError):
    """No session has this ID."""


class SourceNotFoundError(NotFoundError):
    """No source has this ID, or it is not in the session."""


class RecordingNotFoundError(NotFoundError):
    """No recording has this ID, or none in the state that the command needs."""


class ActiveRecordingNotFoundError(NotFoundError):
    """No recording in progress has this ID."""


class StreamNotFoundError(NotFoundError):
    """No running stream has this ID."""


class UserNotFoundError(NotFoundError):
    """No user has this name."""


class GroupNotFoundError(NotFoundError):
    """No group has this name."""


class CategoryNotFoundError(NotFoundError):
    """No category has this ID."""


class PermissionNotFoundError(NotFoundError):
    """Neither a default permission's word nor a custom permission's ID."""


class HotmarkNotFoundError(NotFoundError):
    """The recording has no HotMark at this second."""


class DeviceNotFoundError(NotFoundError):
    """No device has this name."""


class RoleNotFoundError(NotFoundError):
    """No role has this name."""


# -- states that forbid ---------------------------------------------------------------------


class EmptyTitleError(DomainError):
    """A title needs at least one character."""


class TitleTooLongError(DomainError):
    """A title has at most 1,024 characters."""


class RecordingInProgressError(DomainError):
    """The session, or the recording, is being recorded (a paused recording counts)."""


class SourceAlreadyAddedError(DomainError):
    """The source is in the session already."""


class TooManySourcesError(DomainError):
    """A session has at most four sources."""


class NoSourcesError(DomainError):
    """The session has no source to record."""


class UserWithoutRolesError(DomainError):
    """Neither the user nor any of the user's groups has a role."""


class GroupWithoutRolesError(DomainError):
    """The group has no role."""


class WrongStateError(DomainError):
    """Pausing what is paused, or resuming what is not."""


class NotActiveError(DomainError):
    """The recording has ended."""


class HotmarkExistsError(DomainError):
    """The recording has a HotMark at this second already."""


class MetadataMissingError(DomainError):
    """The store gave no metadata back for an object that it has."""


class UnreadableStateError(DomainError):
    """The recording is known, but its state cannot be read."""


class SeveralTracksError(DomainError):
    """Only recordings of one source can be streamed."""


class AddressInUseError(DomainError):
    """A running stream sends to this address and port."""


class AddressInUseBySourceError(DomainError):
    """A source is received at this address and port."""


# -- faults ---------------------------------------------------------------------------------


class StoreError(DomainError):
    """The database failed; the cause is chained and has been logged."""


class NotReadyError(DomainError):
    """The server is starting or stopping."""


class EngineUnavailableError(DomainError):
    """There is no connection to the media engine."""


class EngineFaultError(DomainError):
    """The media engine answered with a fault of its own."""


class EngineAnswerError(DomainError):
    """The media engine's answer cannot be read."""


# -- said by the media engine, declared on the bus --------------------------------------------


class DiskFullError(DomainError):
    """Less than ``min_free_bytes`` is free where recordings are written."""


class WriteFailedError(DomainError):
    """The recording's files could not be written."""


class SourceUnusableError(DomainError):
    """The source's socket could not be opened: address not local, port taken, no such interface."""


class UnknownRecordingError(DomainError):
    """The media engine holds no active recording of this ID."""


class UnknownStreamError(DomainError):
    """The media engine runs no stream of this ID."""


class NoMediaError(DomainError):
    """The recording holds no media to play."""


class StreamFailedError(DomainError):
    """The stream could not be started; the message says why."""
