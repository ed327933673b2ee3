"""Which addresses are taken: by a stream that is sent there, or by a source received there."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from ..engine.sources import SourceAddress
from ..errors import InvalidValueError
from ..logs import Logger
from ..store.rows import SourceRow

log = Logger()


def plain(address: str) -> str:
    """One spelling for each IP address; an IPv4-mapped one is spelt as IPv4."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def source_at(sources: Iterable[SourceRow], address: str, port: int) -> SourceRow | None:
    """A source that would receive what is sent to this address and port.

    A multicast source receives at its group; any other is taken to receive at every address of this
    machine, whichever of them it is bound to.
    """
    for source in sources:
        received = _parsed(source)
        if received is None or received.port != port:
            continue
        if received.is_multicast:
            if received.address == address:
                return source
        elif is_local(address):
            return source
    return None


def is_local(address: str) -> bool:
    """Whether the address is one of this machine's: one can bind to it (127.0.0.0/8 included)."""
    parsed = ip_address(address)
    if parsed.is_multicast:
        return False
    family = socket.AF_INET6 if parsed.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _parsed(source: SourceRow) -> SourceAddress | None:
    try:
        return SourceAddress.parse(source.url, source.interface)
    except InvalidValueError as error:
        # It was checked when it was added; a database edited by hand must not stop all streams.
        log.warn("source {source}: left out: {error}", source=source.id, error=error)
        return None
