"""What the tables' rows are outside of a transaction: frozen values."""

from __future__ import annotations

import attrs

STARTING = "STARTING"
RECORDING = "RECORDING"
PAUSED = "PAUSED"
FINISHED = "FINISHED"
ERROR = "ERROR"
"""States of a recording; the media engine knows the last four."""

STOPPED = "STOPPED"
"""What is wanted of a recording that has ended."""


@attrs.frozen
class SessionRow:
    """A session."""

    id: str
    title: str
    description: str
    createdby: str
    live: bool
    created: float


@attrs.frozen
class SourceRow:
    """A source, as it was configured."""

    id: str
    name: str
    url: str
    interface: str


@attrs.frozen
class RecordingRow:
    """A recording as the catalogue has it."""

    id: str
    session_id: str
    title: str
    description: str
    createdby: str
    created: float
    wanted: str
    state: str
    reason: str
    duration_s: float
    track_count: int
    revision: int
    filed_revision: int
    deleted: float | None
    """When it was put into the bin, in Unix seconds."""
    ended: float | None
    """When it stopped, in Unix seconds, if that was noted."""
    expire_after_days: float | None
    protected: bool

    @property
    def is_active(self) -> bool:
        """Whether it is being recorded or paused, as far as the store was told."""
        return self.wanted != STOPPED


@attrs.frozen
class StreamRow:
    """A recording that is, or was, played out."""

    id: str
    recording_id: str
    address: str
    port: int
    started: float
    ended: float | None
    reason: str
