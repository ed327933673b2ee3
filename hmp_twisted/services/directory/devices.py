"""The authorised devices: which addresses may connect, and as whom they act."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Any

import attrs
from sqlalchemy import Connection, Row, delete, insert, select

from ...errors import InvalidValueError, NameTakenError
from ...store.schema import devices, users
from . import naming
from .api import raise_version
from .kinds import DEVICE, USER

Network = IPv4Network | IPv6Network


@attrs.frozen
class Device:
    """One entry of the list of authorised devices."""

    id: str
    name: str
    address: str
    """An address, or a network in CIDR notation."""
    user: str | None
    """The name of the user whose rights hold for it; without one it has all rights."""


def parse_network(address: str) -> Network:
    """The network that an address or CIDR notation means; an IPv4-mapped one is its IPv4 network.

    Raises:
        InvalidValueError: it is neither; for a network with host bits set, with the one meant.
    """
    text = address.strip()
    if "%" in text:
        # Who connects is compared without the zone, so one here would promise too much.
        zone = text[text.index("%") :]
        raise InvalidValueError(f"address {text!r}: leave out the zone {zone!r}")
    try:
        return _unmapped(ip_network(text))
    except ValueError:
        raise InvalidValueError(_why_no_network(text)) from None


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped: IPv4Address | None = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - 96))
    return network


def _why_no_network(text: str) -> str:
    allowed = "an IPv4 or IPv6 address such as 10.0.0.7, or a network such as 10.0.0.0/24"
    try:
        meant = _unmapped(ip_network(text, strict=False))
    except ValueError:
        return f"address {text!r}: must be {allowed}"
    return f"address {text!r}: has host bits set; the network is {meant}"


def _shown(network: Network) -> str:
    """A network as people write it: without its prefix if it is one address."""
    return str(network.network_address if network.num_addresses == 1 else network)


def add_device(conn: Connection, name: str, address: str, user: str = "") -> str:
    """Authorise the device at ``address``, tied to ``user`` (a name or ID) if one is given.

    Returns:
        its ID.

    Raises:
        InvalidValueError: the name or the address is none.
        NameTakenError: the name, or that very network, is on the list already.
        UserNotFoundError: no user is called so.
    """
    row = naming.claim(conn, DEVICE, name)
    network = parse_network(address)
    other = conn.execute(select(devices.c.name).where(devices.c.address == str(network))).scalar()
    if other is not None:
        raise NameTakenError(
            f"address {_shown(network)} is on the list already, as device {other!r}"
        )
    user_id = naming.find(conn, USER, user).id if user else None
    conn.execute(insert(devices).values(**row, address=str(network), user_id=user_id))
    raise_version(conn)
    return row["id"]


def list_devices(conn: Connection) -> tuple[Device, ...]:
    """Every authorised device, by name."""
    query = (
        select(devices, users.c.name.label("user"))
        .join_from(devices, users, isouter=True)
        .order_by(devices.c.folded)
    )
    return tuple(_device(row) for row in conn.execute(query))


def _device(row: Row[Any]) -> Device:
    return Device(row.id, row.name, _shown(ip_network(row.address)), row.user)


def remove_device(conn: Connection, device: str) -> None:
    """Take a device (its name or ID) off the list; its connections are closed within 2 seconds.

    Raises:
        DeviceNotFoundError: there is none.
    """
    row = naming.find(conn, DEVICE, device)
    conn.execute(delete(devices).where(devices.c.id == row.id))
    raise_version(conn)
