"""Which host names, and which origins, a request may name.

A web page of another name whose DNS entry was turned to this machine ("DNS rebinding") is the same
origin to the browser; it names its own host, and is refused. An address cannot be turned.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\[\]:/?#@\s]+)(:\d{1,5})?")


def own_names(configured: Iterable[str]) -> frozenset[str]:
    """The names that this server answers to, addresses apart."""
    machine = socket.gethostname().lower()
    names = {"localhost", machine, machine.partition(".")[0], machine.partition(".")[0] + ".local"}
    return frozenset({*names, *(name.lower() for name in configured)})


def is_own(host: str | None, names: frozenset[str]) -> bool:
    """Whether a ``Host`` header is an address, or one of ``names``."""
    found = _HOST.fullmatch(host or "")
    if found is None:
        return False
    name = found["name"].lower().rstrip(".")
    return name in names or _is_address(name.strip("[]"))


def is_same_origin(origin: str | None, host: str | None, fetch_site: str | None) -> bool:
    """Whether a change was asked for by a page of ours, as far as the browser tells."""
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return False
    if origin is None:
        return True
    return host is not None and origin.partition("://")[2].lower() == host.lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
