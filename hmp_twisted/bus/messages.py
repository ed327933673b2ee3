"""What the server and the media engine say to each other: typed AMP commands, declared errors.

A value on AMP has at most 65,535 bytes, so lists come in pages: ask again with ``after`` set to the
last ID received until an answer is empty.
"""

from __future__ import annotations

from typing import ClassVar

from twisted.protocols import amp

from .. import errors

PAGE = 200
"""At most this many entries in one page of a list."""

PROTOCOL = 3
"""Raised when a message changes; server and engine of unlike numbers refuse each other."""

TRACK = [
    (b"number", amp.Integer()),
    (b"source_id", amp.Unicode()),
    (b"source_name", amp.Unicode()),
    (b"url", amp.Unicode()),
    (b"interface", amp.Unicode()),
]

_REFUSALS: dict[type[Exception], bytes] = {
    errors.DiskFullError: b"DISK_FULL",
    errors.WriteFailedError: b"WRITE_FAILED",
    errors.SourceUnusableError: b"SOURCE_UNUSABLE",
    errors.UnknownRecordingError: b"UNKNOWN_RECORDING",
    errors.WrongStateError: b"WRONG_STATE",
    errors.UnknownStreamError: b"UNKNOWN_STREAM",
    errors.NoMediaError: b"NO_MEDIA",
    errors.StreamFailedError: b"STREAM_FAILED",
    errors.EngineFaultError: b"FAULT",
}


DECLARED = tuple(_REFUSALS)
"""The errors that an order can be refused with; any other is told as an EngineFaultError."""


class Attach(amp.Command):
    """Server to engine: who is there, and tell me what happens from now on."""

    arguments: ClassVar = [(b"protocol", amp.Integer())]
    response: ClassVar = [
        (b"protocol", amp.Integer()),
        (b"version", amp.Unicode()),
        (b"pid", amp.Integer()),
    ]


class StartRecording(amp.Command):
    """Begin a recording of these tracks now."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode()), (b"tracks", amp.AmpList(TRACK))]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class PauseRecording(amp.Command):
    """Close the segments; what arrives from now on is not recorded."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class ResumeRecording(amp.Command):
    """Go on in new segments."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class StopRecording(amp.Command):
    """End the recording; answered when all that it received is on disk."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode())]
    response: ClassVar = [(b"state", amp.Unicode()), (b"duration_s", amp.Float())]
    errors: ClassVar = _REFUSALS


class ReadClock(amp.Command):
    """The recording's own clock, in seconds."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode())]
    response: ClassVar = [(b"seconds", amp.Float())]
    errors: ClassVar = _REFUSALS


class RefreshManifest(amp.Command):
    """Bring the counters in an active recording's ``recording.json`` up to date."""

    arguments: ClassVar = [(b"recording_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class ListRecordings(amp.Command):
    """A page of the active recordings, by ID."""

    arguments: ClassVar = [(b"after", amp.Unicode())]
    response: ClassVar = [
        (
            b"recordings",
            amp.AmpList(
                [
                    (b"recording_id", amp.Unicode()),
                    (b"state", amp.Unicode()),
                    (b"duration_s", amp.Float()),
                ]
            ),
        )
    ]


class StartStream(amp.Command):
    """Play a finished recording's only track out; answered when the first datagram leaves."""

    arguments: ClassVar = [
        (b"stream_id", amp.Unicode()),
        (b"recording_id", amp.Unicode()),
        (b"address", amp.Unicode()),
        (b"port", amp.Integer()),
        (b"ttl", amp.Integer()),
        (b"interface", amp.Unicode()),
        (b"loop", amp.Boolean()),
        (b"start_s", amp.Float()),
    ]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class StopStream(amp.Command):
    """End a stream; answered when its last datagram has left."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class PauseStream(amp.Command):
    """Send nothing until ResumeStream; its place and its address stay taken."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class ResumeStream(amp.Command):
    """Send on from where it paused."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class SeekStream(amp.Command):
    """Go on at another place of the recording."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode()), (b"start_s", amp.Float())]
    response: ClassVar = []
    errors: ClassVar = _REFUSALS


class ListStreams(amp.Command):
    """A page of the running streams, by ID."""

    arguments: ClassVar = [(b"after", amp.Unicode())]
    response: ClassVar = [
        (
            b"streams",
            amp.AmpList(
                [
                    (b"stream_id", amp.Unicode()),
                    (b"recording_id", amp.Unicode()),
                    (b"position_s", amp.Float()),
                    (b"state", amp.Unicode()),
                ]
            ),
        )
    ]


class ReadStatus(amp.Command):
    """How the engine is, for people to read: a page as in :mod:`.status`, a JSON object."""

    arguments: ClassVar = [(b"after", amp.Unicode())]
    response: ClassVar = [(b"status", amp.Unicode())]


class TryReception(amp.Command):
    """Whether a source can be received: listen for two seconds, tell what came (a JSON object)."""

    arguments: ClassVar = [(b"url", amp.Unicode()), (b"interface", amp.Unicode())]
    response: ClassVar = [(b"heard", amp.Unicode())]
    errors: ClassVar = _REFUSALS


class RecordingEnded(amp.Command):
    """Engine to server: a recording ended by itself (``ERROR``, with the reason)."""

    arguments: ClassVar = [
        (b"recording_id", amp.Unicode()),
        (b"state", amp.Unicode()),
        (b"duration_s", amp.Float()),
        (b"reason", amp.Unicode()),
    ]
    response: ClassVar = []


class StreamEnded(amp.Command):
    """Engine to server: a stream played to its end (no reason), or failed (the reason)."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode()), (b"reason", amp.Unicode())]
    response: ClassVar = []
