"""Playing recordings out: all streams, the pacer that feeds them, and what is asked about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList, fail

from ..config import RestreamSettings
from ..errors import NoMediaError, StreamFailedError, UnknownStreamError
from ..logs import Logger
from . import manifest
from .ffmpeg import Destination, find_ffmpeg
from .pacer.control import Message, Order
from .pacer.packets import PACKET
from .pacer.segment import Segment
from .pacer_link import PacerLink
from .process import EngineReactor
from .stream import Stream

_SHOWN = 50
"""Streams in the status, which has to go over the bus in one piece."""


@attrs.frozen
class StreamReport:
    """A stream that runs."""

    stream_id: str
    recording_id: str
    address: str
    port: int
    position_s: float
    """The recording's clock at what is being sent."""
    state: str
    """``PAUSED``, or a name of :class:`~hmp_twisted.engine.stream.State`."""


class Restreamer:
    """Plays recordings out; one pacer for all streams, one ffmpeg for each."""

    log = Logger()

    def __init__(
        self,
        reactor: EngineReactor,
        recordings_dir: Path,
        settings: RestreamSettings,
        on_ended: Callable[[str, str], None],
    ) -> None:
        """``on_ended(stream_id, reason)`` tells once of each stream that ended by itself.

        The reason is "" if it played to its end. Of a stream that was stopped, or whose start
        failed, the Deferred tells.
        """
        self._reactor = reactor
        self._recordings_dir = recordings_dir
        self._settings = settings
        self._on_ended = on_ended
        self._streams: dict[str, tuple[Stream, str]] = {}
        self._link = PacerLink(
            reactor, self._hear, self._lose_pacer, is_busy=lambda: bool(self._streams)
        )

    def open(self) -> None:
        """Start the pacer ahead of the first stream: a Python takes some tenths of a second to."""
        try:
            self._link.ensure()
        except StreamFailedError as error:
            self.log.warn("{error}; it is tried again with the first stream", error=error)

    def start(
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
    ) -> Deferred[None]:
        """Play the first track of a recording out, from ``start_s`` seconds of its clock on.

        Fires when the first datagram is on its way.

        Errors:
            NoMediaError: the recording holds no media (from ``start_s`` on).
            StreamFailedError: no route, port 0, ffmpeg cannot be started …: the message says.
        """
        if stream_id in self._streams:
            return fail(StreamFailedError(f"stream {stream_id} runs already"))
        try:
            segments = playable_segments(self._recordings_dir, recording_id, start_s)
            stream = Stream(
                self._reactor,
                self._link,
                partial(find_ffmpeg, self._settings),
                Order(stream_id, segments, loop, max(0.0, start_s)),
                Destination(address, port, ttl, interface),
                self._gone,
            )
        except (NoMediaError, StreamFailedError) as error:
            return fail(error)
        self._streams[stream_id] = (stream, recording_id)
        return stream.start()

    def stop(self, stream_id: str) -> Deferred[None]:
        """End a stream; fires when its last datagram has left. Fails with UnknownStreamError."""
        try:
            return self._find(stream_id)[0].stop()
        except UnknownStreamError as error:
            return fail(error)

    def pause(self, stream_id: str) -> None:
        """Let a stream send nothing. Raises UnknownStreamError, WrongStateError."""
        self._find(stream_id)[0].pause(True)

    def resume(self, stream_id: str) -> None:
        """Let it send on. Raises UnknownStreamError, WrongStateError."""
        self._find(stream_id)[0].pause(False)

    def seek(self, stream_id: str, start_s: float) -> None:
        """Let it go on at another place of the recording, which a receiver takes for a joint.

        Raises:
            UnknownStreamError, WrongStateError: it is over.
            NoMediaError: the recording holds no media from ``start_s`` on.
        """
        stream, recording_id = self._find(stream_id)
        playable_segments(self._recordings_dir, recording_id, start_s)
        stream.seek(max(0.0, start_s))

    def _find(self, stream_id: str) -> tuple[Stream, str]:
        if stream_id not in self._streams:
            raise UnknownStreamError(f"no stream {stream_id} runs")
        return self._streams[stream_id]

    def streams(self) -> list[StreamReport]:
        """The streams that run, by ID."""
        return [
            StreamReport(
                stream_id,
                recording,
                stream.destination.address,
                stream.destination.port,
                round(stream.position_s, 3),
                "PAUSED" if stream.is_paused else stream.state.name,
            )
            for stream_id, (stream, recording) in sorted(self._streams.items())
        ]

    def status(self) -> dict[str, Any]:
        """How playing out is, for people to read; of many streams the first."""
        reports = self.streams()
        return {
            "pacer_pid": self._link.pid,
            "count": len(reports),
            "streams": [
                {**attrs.asdict(each), "ffmpeg_pid": self._streams[each.stream_id][0].pid}
                for each in reports[:_SHOWN]
            ],
        }

    def close(self) -> Deferred[None]:
        """Stop every stream, then the pacer; fires when no process is left."""
        stopped = DeferredList([stream.stop() for stream, _ in list(self._streams.values())])
        return stopped.addCallback(lambda _: self._link.close())

    def _hear(self, message: Message) -> None:
        """Give what the pacer says to the streams it is about."""
        entry = self._streams.get(message.get("stream", ""))
        if entry is not None:
            entry[0].hear(message)

    def _lose_pacer(self, reason: str) -> None:
        for stream, _ in list(self._streams.values()):
            stream.lose_pacer(reason)

    def _gone(self, stream: Stream, reason: str | None) -> None:
        stream_id = stream.order.stream_id
        del self._streams[stream_id]
        self.log.info(
            "stream {stream}: ended at {position:.3f} s{reason}",
            stream=stream_id,
            position=stream.position_s,
            reason=f": {reason}" if reason else "",
        )
        if reason is not None:
            self._on_ended(stream_id, reason)


def playable_segments(
    recordings_dir: Path, recording_id: str, start_s: float
) -> tuple[Segment, ...]:
    """The segments of a recording's first track that hold packets.

    Raises:
        NoMediaError: there are none, ``start_s`` is behind their end, or nothing tells of them.
    """
    folder = manifest.folder_of(recordings_dir, recording_id)
    try:
        recording = manifest.read(folder)
    except manifest.ManifestError as error:
        raise NoMediaError(str(error)) from error
    segments = tuple(
        Segment(path, segment.offset_s, segment.duration_s)
        for track in recording.tracks[:1]
        for segment in track.segments
        if _holds_packets(path := manifest.segment_path(folder, track.number, segment.number))
    )
    if not segments:
        raise NoMediaError(f"recording {recording_id}: its first track holds no media")
    end_s = segments[-1].offset_s + segments[-1].duration_s
    if start_s > 0 and start_s >= end_s:
        raise NoMediaError(
            f"recording {recording_id} is {end_s:.3f} s long: it cannot begin at {start_s:.3f} s"
        )
    return segments


def _holds_packets(path: Path) -> bool:
    try:
        return path.stat().st_size >= PACKET
    except OSError:
        return False
