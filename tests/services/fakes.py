"""A media engine that only remembers what it was asked: for tests of what services make of it.

``test_fakes.py`` holds its methods to the signatures of the real client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from hmp_twisted.engine.manifest import Track
from hmp_twisted.errors import UnknownRecordingError, UnknownStreamError, WrongStateError

DURATION_S = 12.5


@attrs.define
class FakeEngine:
    """Holds recordings and streams by ID; any method can be made to fail, or to do more."""

    recordings: dict[str, str] = attrs.field(factory=dict)
    """The states of the active recordings, by ID."""
    streams: dict[str, tuple[str, str, int]] = attrs.field(factory=dict)
    """Recording, address and port of the running streams, by ID."""
    playing: tuple[float, bool, str, int] | None = None
    """Start, loop, interface and TTL of the last stream."""
    tracks: tuple[Track, ...] = ()
    """Those of the last start."""
    clock: float = 0.0
    status: dict[str, Any] = attrs.field(factory=dict)
    heard: dict[str, Any] = attrs.field(factory=dict)
    calls: list[str] = attrs.field(factory=list)
    failures: dict[str, Exception] = attrs.field(factory=dict)
    """Raised by the method of this name, instead of doing anything."""
    afterwards: dict[str, Callable[[], None]] = attrs.field(factory=dict)
    """Called when the method of this name has done its work."""

    async def start_recording(self, recording_id: str, tracks: Sequence[Track]) -> None:
        """Begin it."""
        self._called("start_recording")
        self.tracks = tuple(tracks)
        self.recordings[recording_id] = "RECORDING"
        self._done("start_recording")

    async def pause_recording(self, recording_id: str) -> None:
        """Pause it."""
        self._called("pause_recording")
        self._switch(recording_id, "RECORDING", "PAUSED")
        self._done("pause_recording")

    async def resume_recording(self, recording_id: str) -> None:
        """Go on."""
        self._called("resume_recording")
        self._switch(recording_id, "PAUSED", "RECORDING")
        self._done("resume_recording")

    async def stop_recording(self, recording_id: str) -> tuple[str, float]:
        """End it."""
        self._called("stop_recording")
        if self.recordings.pop(recording_id, None) is None:
            raise UnknownRecordingError(recording_id)
        self._done("stop_recording")
        return "FINISHED", DURATION_S

    async def read_clock(self, recording_id: str) -> float:
        """What :attr:`clock` was set to."""
        self._called("read_clock")
        if recording_id not in self.recordings:
            raise UnknownRecordingError(recording_id)
        return self.clock

    async def read_status(self) -> dict[str, Any]:
        """What :attr:`status` was set to."""
        self._called("read_status")
        return self.status

    async def try_reception(self, url: str, interface: str) -> dict[str, Any]:
        """What :attr:`heard` was set to."""
        self._called("try_reception")
        return self.heard

    async def start_stream(
        self,
        stream_id: str,
        recording_id: str,
        address: str,
        port: int,
        *,
        ttl: int,
        interface: str,
        loop: bool,
        start_s: float,
    ) -> None:
        """Begin it."""
        self._called("start_stream")
        self.streams[stream_id] = (recording_id, address, port)
        self.playing = (start_s, loop, interface, ttl)
        self._done("start_stream")

    async def stop_stream(self, stream_id: str) -> None:
        """End it."""
        self._called("stop_stream")
        if self.streams.pop(stream_id, None) is None:
            raise UnknownStreamError(stream_id)
        self._done("stop_stream")

    async def pause_stream(self, stream_id: str) -> None:
        """Pause it."""
        self._change_stream("pause_stream", stream_id)

    async def resume_stream(self, stream_id: str) -> None:
        """Go on."""
        self._change_stream("resume_stream", stream_id)

    async def seek_stream(self, stream_id: str, start_s: float) -> None:
        """Go on elsewhere."""
        self._change_stream("seek_stream", stream_id)

    async def list_recordings(self) -> dict[str, tuple[str, float]]:
        """All with the clock that they were given."""
        self._called("list_recordings")
        return {one: (state, self.clock) for one, state in self.recordings.items()}

    async def list_streams(self) -> dict[str, float]:
        """All are where they were started."""
        self._called("list_streams")
        return dict.fromkeys(self.streams, self.playing[0] if self.playing else 0.0)

    def _change_stream(self, name: str, stream_id: str) -> None:
        self._called(name)
        if stream_id not in self.streams:
            raise UnknownStreamError(stream_id)
        self._done(name)

    def _switch(self, recording_id: str, before: str, after: str) -> None:
        state = self.recordings.get(recording_id)
        if state is None:
            raise UnknownRecordingError(recording_id)
        if state != before:
            raise WrongStateError(recording_id)
        self.recordings[recording_id] = after

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failures:
            raise self.failures[name]

    def _done(self, name: str) -> None:
        if name in self.afterwards:
            self.afterwards[name]()
