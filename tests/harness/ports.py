"""Free ports of this machine, and whether something listens there."""

from __future__ import annotations

import socket
from contextlib import closing

_given: set[int] = set()


def _free(kind: socket.SocketKind) -> int:
    while True:
        with closing(socket.socket(socket.AF_INET, kind)) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def free_tcp_port() -> int:
    """A TCP port on 127.0.0.1 that nothing uses, and that no other call was given."""
    return _free(socket.SOCK_STREAM)


def free_udp_port() -> int:
    """A UDP port on 127.0.0.1 that nothing uses, and that no other call was given."""
    return _free(socket.SOCK_DGRAM)


def listens(port: int, host: str = "127.0.0.1", *, source: str = "") -> bool:
    """Whether a TCP connection to ``port`` is taken (else it is refused)."""
    try:
        socket.create_connection((host, port), 2, (source, 0) if source else None).close()
    except ConnectionRefusedError:
        return False
    return True
