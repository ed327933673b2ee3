"""What a value in ``hmp.toml`` may be: a predicate for each kind, on whatever TOML holds."""

from __future__ import annotations

import math
import re
from ipaddress import IPv4Address, ip_network
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .endpoints import server_endpoint

DATABASE_URL = '"sqlite:///PATH" or "postgresql://USER:PASSWORD@HOST/DATABASE"'
"""In words, what :func:`is_database_url` lets pass."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def is_text(value: Any) -> bool:
    """Any text."""
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """A finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """A whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_endpoint(value: Any) -> bool:
    """An endpoint description, as far as that shows without the files and sockets it names."""
    kind, _, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind in ("ssl", "tls"):
        return _names_port(rest)
    if kind == "systemd":
        return bool(rest)
    return (
        kind in ("tcp", "tcp6", "unix")
        and _is_made(value)
        and (kind == "unix" or _names_port(rest))
    )


def _is_made(description: str) -> bool:
    try:
        server_endpoint(None, description)
    except (ValueError, TypeError):
        return False
    return True


def _names_port(rest: str) -> bool:
    ports = (part.removeprefix("port=") for part in rest.split(":"))
    return any(re.fullmatch("[0-9]{1,5}", port) and int(port) <= 65535 for port in ports)


def is_unix_endpoint(value: Any) -> bool:
    """``unix:`` and an absolute path: server, engine and hmpctl may run in different folders."""
    return isinstance(value, str) and value.startswith("unix:/") and not value.endswith("/")


def is_database_url(value: Any) -> bool:
    """A database that is supported: a file of SQLite, or PostgreSQL."""
    try:
        url = make_url(value)
    except ArgumentError:
        return False
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        return url.database not in (None, "", ":memory:")
    return kind in ("postgresql", "postgres")


def is_ipv4(value: Any) -> bool:
    """An IPv4 address; a number, which would do for Python, is none."""
    try:
        return isinstance(value, str) and IPv4Address(value) is not None
    except ValueError:
        return False


def are_networks(value: Any) -> bool:
    """A list of addresses, or of networks in CIDR notation."""
    return isinstance(value, list) and all(map(_is_network, value))


def _is_network(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ip_network(value))
    except ValueError:
        return False


def are_host_names(value: Any) -> bool:
    """A list of names of hosts."""
    return isinstance(value, list) and all(
        isinstance(name, str) and _HOST_NAME.fullmatch(name) for name in value
    )
