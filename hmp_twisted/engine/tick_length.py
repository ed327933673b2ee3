"""How long the receiver sleeps: as long as the socket buffers allow, and no longer than is wanted.

A tick costs the same for each source whether it brings one datagram or a hundred; so many sources
are looked at less often than few.
"""

from __future__ import annotations

SHORTEST_S = 0.001
LONGEST_S = 0.15
"""What a crash of the engine costs at most is what the sockets hold: less than 0.25 s."""
USUAL_S = 0.05
"""The longest with few sources: arrival is known to a tick, so it is short while that is cheap."""
LONGEST_WITH_RTP_S = 0.1
"""Where one is missing, what came behind it is held for a tick, besides."""
PER_SOURCE_S = 0.003
TARGET_FILL = 0.2
"""The part of its socket buffer that the fastest source may fill between two ticks."""


class TickLength:
    """Shorter at once when a socket fills faster, longer again by and by."""

    def __init__(self) -> None:
        self.seconds = USUAL_S
        self._longest = USUAL_S

    def allow(self, sources: int, *, rtp: bool = False) -> None:
        """So many sources are received from now on, and whether one of them is RTP."""
        longest = LONGEST_WITH_RTP_S if rtp else LONGEST_S
        self._longest = min(longest, max(USUAL_S, sources * PER_SOURCE_S))
        self.seconds = min(self.seconds, self._longest)

    def adapt(self, fill: float) -> float:
        """How long to sleep, the fastest source having filled this part of its buffer."""
        if fill > TARGET_FILL:
            self.seconds = max(SHORTEST_S, self.seconds * TARGET_FILL / fill)
        elif fill < TARGET_FILL / 2:
            self.seconds = min(self._longest, self.seconds * 1.25)
        return self.seconds
