"""Guide, "Start Re-streaming a Recording", "Stop Streaming a Recording": playing out."""

from __future__ import annotations

from .. import errors
from .answers import Answer
from .command import Command
from .context import Context
from .parameters import IP_ADDRESS, PORT, UUID, Parameter

_NOT_STARTED = Answer("070004", "Error while starting stream")


async def start_restream_recording(context: Context, recording_id: str, ip: str, port: int) -> str:
    """Plays a finished recording of one source out and answers the stream's ID.

    The address is unicast or multicast. `OK` means that the first datagram is on its way.
    """
    return await context.services.streams.start(context.actor, recording_id, ip, port)


async def stop_restream_recording(context: Context, stream_id: str) -> None:
    """Ends a running stream."""
    await context.services.streams.stop(context.actor, stream_id)


COMMANDS = (
    Command(
        "startRestreamRecording",
        (Parameter("recordingId", UUID), Parameter("ip", IP_ADDRESS), Parameter("port", PORT)),
        start_restream_recording,
        (
            errors.RecordingNotFoundError,
            errors.SeveralTracksError,
            errors.AddressInUseError,
            errors.AddressInUseBySourceError,
            errors.NoMediaError,
            errors.StreamFailedError,
        ),
        internal=_NOT_STARTED,
        result="streamId",
        texts={errors.NoMediaError: _NOT_STARTED, errors.StreamFailedError: _NOT_STARTED},
    ),
    Command(
        "stopRestreamRecording",
        (Parameter("streamId", UUID),),
        stop_restream_recording,
        (errors.StreamNotFoundError,),
        internal=Answer("070005", "Error while stopping stream"),
    ),
)
