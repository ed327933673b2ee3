"""One port of the server's: opened when it can be, told of once when it cannot, and closed."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory

from .endpoints import server_endpoint
from .logs import Logger
from .peers import Peer

RETRY_S = 1.0
"""How often whoever wants the port open is to try again, in seconds."""

log = Logger()


@attrs.define
class Listener:
    """A port by its endpoint description; calling :meth:`open` each second is up to its owner."""

    _reactor: Any
    what: str
    """Who listens, for the log: ``Command Line API``."""
    key: str
    """The setting that names the endpoint: ``[command_api] endpoint``."""
    description: str
    _port: IListeningPort | None = attrs.field(init=False, default=None)
    _fails: bool = attrs.field(init=False, default=False)

    @property
    def address(self) -> IAddress | None:
        """Where it listens now, if it does."""
        return None if self._port is None else self._port.getHost()

    async def open(self, factory: IProtocolFactory) -> None:
        """Listen, unless it does. A failure is logged once, however often it is tried."""
        if self._port is not None:
            return
        try:
            endpoint = server_endpoint(self._reactor, self.description)
            self._port = await endpoint.listen(factory)
        except Exception as error:
            # Besides what the system refuses: all that endpoints raise for a certificate that is
            # not there, or a plug-in that is not installed.
            self._tell_failure(error)
        else:
            self._fails = False
            log.info(
                "{what} listens at {address}", what=self.what, address=_where(self._port.getHost())
            )

    async def close(self) -> None:
        """Stop listening, if it does; connections that stand are their factory's."""
        if self._port is None:
            return
        # Taken first: a service may be told to stop twice, a port may not.
        port, self._port = self._port, None
        stopped = port.stopListening()
        if stopped is not None:
            await stopped
        log.info("{what} is closed", what=self.what)

    def _tell_failure(self, error: Exception) -> None:
        if not self._fails:
            log.error(
                "{what} cannot listen at {endpoint!r}: {reason}. Free it, or name "
                "another in {key} and restart; it is tried again each second",
                what=self.what,
                endpoint=self.description,
                reason=_reason(error),
                key=self.key,
            )
        self._fails = True


def _reason(error: Exception) -> str:
    cause = error.socketError if isinstance(error, CannotListenError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _where(address: IAddress) -> str:
    return str(getattr(address, "name", None) or Peer.of(address))
