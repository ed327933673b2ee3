"""AMP without its log lines: a connection for each ``hmpctl status`` would bury what matters."""

from __future__ import annotations

from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure


class QuietAMP(amp.AMP):
    """An AMP connection that comes and goes without a word; its owner logs what is worth it."""

    def makeConnection(self, transport: ITransport) -> None:
        """Begin."""
        amp.BinaryBoxProtocol.makeConnection(self, transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fail what was asked and not answered."""
        amp.BinaryBoxProtocol.connectionLost(self, reason)
        self.transport = None
