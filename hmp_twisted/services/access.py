"""Who may connect, and as whom they act: read from the database, decided without it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import attrs
from sqlalchemy import Connection, select

from ..store.schema import devices, settings, users
from .rights import Actor

LOCAL = Actor(None, "local socket")
"""Who connects over a ``unix:`` endpoint; the file's permissions have decided."""


@attrs.frozen
class Entry:
    """One device of the list."""

    network: IPv4Network | IPv6Network
    actor: Actor


@attrs.frozen
class Access:
    """The Command Line API's switch and its list of devices, as they were when read."""

    enabled: bool
    entries: tuple[Entry, ...]

    def actor_for(self, address: str) -> Actor | None:
        """Who acts from this IP address; ``None`` if no entry admits it.

        The entry with the longest prefix counts. An IPv4-mapped IPv6 address counts as IPv4, and
        an IPv6 zone (``%eth0``) is left out.
        """
        peer = _plain(address)
        matching = [entry for entry in self.entries if peer in entry.network]
        if not matching:
            return None
        return max(matching, key=_precedence).actor


def read_access(conn: Connection) -> Access:
    """The list and the switch as they are now."""
    enabled = conn.execute(select(settings.c.value).where(settings.c.key == "api_enabled")).scalar()
    query = (
        select(devices.c.name, devices.c.address, devices.c.user_id, users.c.name.label("user"))
        .join_from(devices, users, isouter=True)
        .order_by(devices.c.folded)
    )
    entries = tuple(
        Entry(
            ip_network(row.address),
            Actor(row.user_id, f"{row.name} ({row.user})" if row.user else row.name),
        )
        for row in conn.execute(query)
    )
    return Access(enabled == "1", entries)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _precedence(entry: Entry) -> tuple[int, bool]:
    # Of two entries for the same network, the one that grants less.
    return entry.network.prefixlen, entry.actor.user_id is not None
