"""What a source's URL means: where its datagrams are received. Pure: opens nothing.

``udp://@239.1.2.3:5000`` joins a multicast group, ``udp://@:5000`` receives at any local address,
``udp://@127.0.0.1:5000`` at one, ``udp://10.0.0.9@239.1.2.3:5000`` joins a group for one sender
only (source-specific multicast, RFC 4607). ``rtp://`` says that RTP is expected; it is recognised
under either scheme. IPv4 only.
"""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address
from typing import NoReturn

import attrs

from ..errors import InvalidValueError

SCHEMES = ("udp", "rtp")
_EXAMPLES = "udp://@239.1.2.3:5000 (a multicast group) or udp://@:5000 (any local address)"
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<place>.*)", re.DOTALL)

Key = tuple[str, int, str, str]


@attrs.frozen
class SourceAddress:
    """Where a source is received. See :attr:`key` for when two are one source."""

    scheme: str
    """``udp`` or ``rtp``."""
    address: str
    """The group, or the local address; empty for any local address."""
    port: int
    sender: str = ""
    """The only sender that is listened to; empty for any."""
    interface: str = ""
    """The local address of the interface to join a group on; empty for the system's choice."""

    @classmethod
    def parse(cls, url: str, interface: str = "") -> SourceAddress:
        """The address that a URL names, with the local address of the interface to receive on.

        Raises:
            InvalidValueError: in one line: what is wrong and what would do.
        """
        scheme, place = _split_scheme(url)
        sender, at, target = place.rpartition("@")
        if not at:
            _refuse(url, f"has no '@' before its address; write it like {_EXAMPLES}")
        host, port = _split_port(url, target)
        address = "" if host in ("", "0.0.0.0") else _address(url, host, "address")
        source = cls(
            scheme=scheme,
            address=address,
            port=port,
            sender=_address(url, sender, "sender") if sender else "",
            interface=_interface(url, interface),
        )
        return source._checked(url)

    @cached_property
    def is_multicast(self) -> bool:
        """Whether a group is joined."""
        return bool(self.address) and IPv4Address(self.address).is_multicast

    @property
    def key(self) -> Key:
        """Equal for addresses that one socket serves."""
        return (self.address, self.port, self.sender, self.interface)

    def __str__(self) -> str:
        where = f" on {self.interface}" if self.interface else ""
        return f"{self.scheme}://{self.sender}@{self.address}:{self.port}{where}"

    def _checked(self, url: str) -> SourceAddress:
        if self.address and IPv4Address(self.address).is_reserved:
            _refuse(url, f"{self.address} is neither a multicast group nor a local address")
        if self.sender and not self.is_multicast:
            _refuse(url, "names a sender, which only a multicast group (224.0.0.0/4) can have")
        if self.sender and not _is_host(self.sender):
            _refuse(url, f"the sender {self.sender} is no address that one machine has")
        return self if self.is_multicast else self._on_its_interface(url)

    def _on_its_interface(self, url: str) -> SourceAddress:
        """For unicast the interface is the local address itself."""
        if self.interface and self.address and self.interface != self.address:
            _refuse(url, f"receives at {self.address}, so its interface cannot be {self.interface}")
        return attrs.evolve(self, address=self.address or self.interface, interface="")


def _is_host(address: str) -> bool:
    parsed = IPv4Address(address)
    return not (parsed.is_multicast or parsed.is_unspecified or parsed.is_reserved)


def _refuse(url: str, why: str) -> NoReturn:
    raise InvalidValueError(f"source URL {url!r}: {why}")


def _split_scheme(url: str) -> tuple[str, str]:
    match = _URL.fullmatch(url)
    if not match:
        _refuse(url, f"has no scheme; write it like {_EXAMPLES}")
    scheme = match["scheme"].lower()
    if scheme not in SCHEMES:
        _refuse(url, f"scheme {scheme!r} is not supported; use udp:// or rtp://")
    return scheme, match["place"]


def _split_port(url: str, target: str) -> tuple[str, int]:
    if "[" in target or target.count(":") > 1:
        _refuse(url, "IPv6 is not supported; use an IPv4 address")
    host, colon, port = target.partition(":")
    if not colon or not port:
        _refuse(url, f"has no port; write it like {_EXAMPLES}")
    if not (port.isascii() and port.isdigit()) or len(port) > 5 or not 1 <= int(port) <= 65535:
        _refuse(url, f"{port!r} is no port; it is a number from 1 to 65535 and nothing follows it")
    return host, int(port)


def _address(url: str, text: str, what: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        _refuse(url, f"{what} {text!r} is no IPv4 address (host names are not looked up)")


def _interface(url: str, interface: str) -> str:
    if not interface:
        return ""
    try:
        parsed = IPv4Address(interface)
    except AddressValueError:
        parsed = IPv4Address(0)
    if not _is_host(str(parsed)):
        raise InvalidValueError(
            f"source URL {url!r}: interface {interface!r} is no local IPv4 address; "
            "give the interface's address, such as 10.0.0.5, not its name"
        )
    return str(parsed)
