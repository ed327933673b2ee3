"""Who is at the other end of a connection: its address in the one form that the rest knows."""

from __future__ import annotations

from ipaddress import IPv6Address as IPv6

import attrs
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress


@attrs.frozen
class Peer:
    """The other end of a connection; as text, what the log calls it."""

    host: str
    """An IPv4 or IPv6 address; an IPv4-mapped one is IPv4. Empty over a Unix socket."""
    port: int = 0

    @classmethod
    def of(cls, address: IAddress) -> Peer:
        """The peer that Twisted knows by this address."""
        if isinstance(address, IPv4Address):
            return cls(address.host, address.port)
        if isinstance(address, IPv6Address):
            return cls(_plain(address.host), address.port)
        return cls("")

    def __str__(self) -> str:
        if not self.host:
            return "the Unix socket"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _plain(host: str) -> str:
    address = IPv6(host.partition("%")[0])
    return str(address.ipv4_mapped or address)
