"""Whether a destination can be reached at all, asked before anything is started for it."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from ..errors import StreamFailedError
from .ffmpeg import Destination


def check_route(destination: Destination) -> None:
    """Return if datagrams to the destination would leave this machine; none is sent.

    Raises:
        StreamFailedError: port 0, no route, or an interface that is not this machine's, in words.
    """
    target = destination.name
    if not 0 < destination.port <= 65535:
        raise StreamFailedError(f"nothing can be sent to {target}: a port is 1 to 65535")
    address = ip_address(destination.address)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        if destination.local_address:
            _leave_from(probe, destination)
        try:
            probe.connect((destination.address, destination.port))
        except OSError as error:
            raise StreamFailedError(f"cannot send to {target}: {error.strerror}") from error


def _leave_from(probe: socket.socket, destination: Destination) -> None:
    """Bind as ffmpeg will; the kernel then routes by that address, multicast too."""
    try:
        probe.bind((destination.local_address, 0))
    except OSError as error:
        raise StreamFailedError(
            f"cannot send from {destination.local_address}: {error.strerror}; "
            "`interface` is to be an address of this machine"
        ) from error
