"""What hmpctl asks of a running server: typed AMP commands, and every domain error by its name.

What only changes the catalogue hmpctl does itself, in the database. What needs the server (a stream
has to be entered, started and watched) is asked for at the server's own socket in the data
directory, which the server's user alone may open.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from twisted.protocols import amp

from .. import errors


def socket_in(data_dir: Path) -> Path:
    """Where the server of this data directory listens for hmpctl."""
    return data_dir / "server.sock"


def _kinds(base: type[errors.DomainError]) -> list[type[errors.DomainError]]:
    return [base, *(kind for each in base.__subclasses__() for kind in _kinds(each))]


REFUSALS: dict[type[Exception], bytes] = {
    kind: kind.__name__.encode() for kind in _kinds(errors.DomainError)
}


class PlayRecording(amp.Command):
    """Play a recording out; answered when the first datagram is on its way."""

    arguments: ClassVar = [
        (b"recording_id", amp.Unicode()),
        (b"address", amp.Unicode()),
        (b"port", amp.Integer()),
        (b"start_s", amp.Float()),
        (b"loop", amp.Boolean(optional=True)),
        (b"interface", amp.Unicode(optional=True)),
        (b"ttl", amp.Integer(optional=True)),
    ]
    response: ClassVar = [(b"stream_id", amp.Unicode())]
    errors: ClassVar = REFUSALS


class _OfStream(amp.Command):
    """Something done to a running stream."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode())]
    response: ClassVar = []
    errors: ClassVar = REFUSALS


class PauseStream(_OfStream):
    """Send nothing until it is resumed."""


class ResumeStream(_OfStream):
    """Send on from where it paused."""


class StopStream(_OfStream):
    """End it; answered when its last datagram has left."""


class SeekStream(_OfStream):
    """Go on at another place of the recording."""

    arguments: ClassVar = [(b"stream_id", amp.Unicode()), (b"start_s", amp.Float())]
