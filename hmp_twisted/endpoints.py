"""Where the server listens, from a Twisted endpoint description.

Three descriptions get more than Twisted gives them: a plain ``tcp:PORT`` listens on IPv6 and IPv4
(Twisted's is IPv4 alone), a ``unix:PATH`` without a mode is 0660, since the file's permissions
decide who may connect, and ``tls:`` is another name for ``ssl:``.
"""

from __future__ import annotations

import errno
import re
import socket
from typing import Any

from twisted.internet import defer
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

BACKLOG = 128

# IPv6 compiled in, but switched off.
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})

_PLAIN_TCP = re.compile(r"tcp:(?:port=)?(\d+)")


def server_endpoint(reactor: Any, description: str) -> IStreamServerEndpoint:
    """The endpoint that this description means.

    Raises:
        ValueError: it means none.
    """
    plain = _PLAIN_TCP.fullmatch(description)
    if plain:
        return AnyAddressEndpoint(reactor, int(plain[1]))
    if description.startswith("tls:"):
        description = "ssl:" + description.removeprefix("tls:")
    if description.startswith("unix:") and ":mode=" not in description:
        description += ":mode=660"
    endpoint: IStreamServerEndpoint = serverFromString(reactor, description)
    return endpoint


@implementer(IStreamServerEndpoint)
class AnyAddressEndpoint:
    """A TCP port on all of this machine's addresses, IPv6 (where there is any) and IPv4."""

    def __init__(self, reactor: Any, port: int) -> None:
        self._reactor = reactor
        self._port = port

    def listen(
        self,
        protocolFactory: IProtocolFactory,  # noqa: N803 - Twisted's name, which callers may use
    ) -> defer.Deferred[IListeningPort]:
        """Listen; fails with ``CannotListenError``."""
        return defer.execute(self._listen, protocolFactory)

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        bound = self._dual_stack_socket()
        if bound is None:
            port: IListeningPort = self._reactor.listenTCP(self._port, factory, BACKLOG)
            return port
        try:
            # The reactor takes a duplicate.
            adopted: IListeningPort = self._reactor.adoptStreamPort(
                bound.fileno(), socket.AF_INET6, factory
            )
            return adopted
        finally:
            bound.close()

    def _dual_stack_socket(self) -> socket.socket | None:
        """A listening socket, or nothing on a machine without IPv6."""
        try:
            made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        except OSError:
            return None
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            made.bind(("::", self._port))
            made.listen(BACKLOG)
        except OSError as error:
            made.close()
            if error.errno in _NO_IPV6:
                return None
            raise CannotListenError("", self._port, error) from error
        return made
