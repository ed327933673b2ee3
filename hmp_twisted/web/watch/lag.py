"""How late the reactor is: what is due now and then shows how long it was busy otherwise."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

EVERY_S = 0.5


class Lag:
    """Measures it twice a second."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._due = 0.0
        self._call: IDelayedCall | None = None
        self.last_s = 0.0
        """Of the last look, in seconds."""
        self.total_s = 0.0
        self.looks = 0
        self._highest_s = 0.0

    def start(self) -> None:
        """Measure from now on."""
        self._due = self._reactor.seconds() + EVERY_S
        self._call = self._reactor.callLater(EVERY_S, self._look)

    def stop(self) -> None:
        """Measure no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def take_highest(self) -> float:
        """The longest since this was last asked, in seconds."""
        highest, self._highest_s = self._highest_s, 0.0
        return highest

    def _look(self) -> None:
        self.last_s = max(0.0, self._reactor.seconds() - self._due)
        self.total_s += self.last_s
        self.looks += 1
        self._highest_s = max(self._highest_s, self.last_s)
        self.start()
