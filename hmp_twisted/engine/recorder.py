"""Records sources into files: the media engine's receiving half, as the bus sees it.

One machine a recording:

==========  ==============  ==============  ==================  =========================
state       pause           resume          stop                failure
==========  ==============  ==============  ==================  =========================
RECORDING   PAUSED          WrongState      FINISHED            ERROR, ``on_ended``
PAUSED      WrongState      RECORDING       FINISHED            ERROR, ``on_ended``
ended       Unknown         Unknown         Unknown             nothing
==========  ==============  ==============  ==================  =========================
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from ..config import RecordingsSettings
from ..errors import (
    UnknownRecordingError,
    WriteFailedError,
    WrongStateError,
)
from ..logs import Logger
from . import manifest
from .active import EngineRunningError
from .carry_on import carry_on, leave
from .live import LiveRecording, RecordingClock
from .live_set import LiveSet, OnEnded, why_not_written
from .new_recording import check_free_space, make
from .receiver import POOL_BYTES
from .status import status_of
from .upkeep import Upkeep
from .watches import Watches

LOCK_PATIENCE_S = 10.0
"""How long a new engine waits for a dying one to let go of the recordings."""
_RETRY_S = 0.05

T = TypeVar("T")
log = Logger()


class Recorder:
    """Starts, pauses, resumes and stops recordings, and carries them over its own restarts."""

    def __init__(
        self,
        reactor: Any,
        recordings_dir: Path,
        settings: RecordingsSettings,
        on_ended: OnEnded,
        *,
        pool_bytes: int = POOL_BYTES,
    ) -> None:
        """Args:
        reactor: runs it all; nothing else should be busy on it.
        recordings_dir: the folder that holds a folder for each recording.
        settings: ``[recordings]``.
        on_ended: told of each recording that ends by itself: in the state ERROR, or FINISHED
            because the engine came back too late to carry it on.
        pool_bytes: how much may wait for the disk before datagrams are lost.
        """
        self._reactor = reactor
        self._settings = settings
        self._recordings = recordings_dir
        self._upkeep = Upkeep(settings.sync_interval_s, settings.min_free_bytes)
        self._lives = LiveSet(reactor, recordings_dir, on_ended, self._tick, pool_bytes=pool_bytes)
        self.watches = Watches(reactor, self._lives.receiver, self._lives.writer)
        """Who looks at sources, recorded or not."""
        self._starting: set[str] = set()
        self._opened = False

    def open(self) -> Deferred[None]:
        """Take hold of the recordings, and carry on or finish what a former life left.

        Fires when all that goes on is being recorded again.

        Fails with:
            EngineRunningError: another engine holds them; it names it.
            WriteFailedError: the folder cannot be written.
        """
        return Deferred.fromCoroutine(self._open())

    def start(self, recording_id: str, tracks: Sequence[manifest.Track]) -> Deferred[None]:
        """Begin a recording; fires when it runs and would be carried on after a crash.

        Fails with:
            DiskFullError: less than ``min_free_bytes`` is free.
            WriteFailedError: its files cannot be made.
            SourceUnusableError: a source cannot be received.
            WrongStateError: it has been started already.
        """
        return Deferred.fromCoroutine(self._start(recording_id, tuple(tracks)))

    def pause(self, recording_id: str) -> Deferred[None]:
        """Record what has arrived up to now and no more; fires when that is on disk.

        Fails with:
            UnknownRecordingError: it is not in progress.
            WrongStateError: it is paused.
            WriteFailedError: its files cannot be written; it ends.
        """
        return self._command(recording_id, self._pause)

    def resume(self, recording_id: str) -> Deferred[None]:
        """Go on with what arrives from now on, in new segments.

        Fails with:
            UnknownRecordingError: it is not in progress.
            WrongStateError: it is not paused.
            DiskFullError: less than ``min_free_bytes`` is free.
            WriteFailedError: its files cannot be written; it ends.
        """
        return self._command(recording_id, self._resume)

    def stop(self, recording_id: str) -> Deferred[manifest.Recording]:
        """End a recording; fires, with all about it, when what arrived up to now is on disk.

        Fails with:
            UnknownRecordingError: it is not in progress.
            WriteFailedError: ``recording.json`` cannot be written.
        """
        return self._command(recording_id, self._stop)

    def refresh(self, recording_id: str) -> Deferred[None]:
        """Bring the counters in ``recording.json`` up to date.

        Fails with:
            UnknownRecordingError: it is not in progress.
            WriteFailedError: it cannot be written; the recording ends.
        """
        return self._command(recording_id, self._refresh)

    def clock(self, recording_id: str) -> float:
        """The recording's own clock, in seconds.

        Raises:
            UnknownRecordingError: it is not in progress.
        """
        return self._known(recording_id).clock.at(time.monotonic())

    def active(self) -> list[manifest.Recording]:
        """The recordings in progress, by ID."""
        return sorted((self._lives.snapshot(live) for live in self._lives), key=lambda one: one.id)

    def status(self) -> dict[str, Any]:
        """How the receiver is, for people to read."""
        return status_of(self._lives)

    def close(self) -> Deferred[None]:
        """End in order: segments closed, states kept, so that the next life carries on."""
        return Deferred.fromCoroutine(self._close())

    def _tick(self, now: float) -> None:
        self._lives.watch(now)
        self._upkeep.tick(now, self._lives)

    async def _open(self) -> None:
        active = self._lives.active
        try:
            active.make()
            await self._lock()
        except OSError as error:
            why = f"the recordings folder {self._recordings} cannot be written: {error.strerror}"
            raise WriteFailedError(why) from error
        self._lives.disk.start()
        await self._lives.disk.run(active.keep_reserve)
        await carry_on(self._lives, self._settings.resume_within_s)
        for recording_id in await self._lives.disk.run(self._lives.certifier.remembered):
            self._lives.certifier.want(recording_id)
        self._opened = True

    async def _lock(self) -> None:
        active = self._lives.active
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while not active.try_lock():
            if time.monotonic() > deadline:
                holder = active.lock_holder()
                active.unlock()
                raise EngineRunningError(
                    f"{self._recordings} is in use by another media engine, process {holder}; "
                    "stop it, or give this one a data directory of its own"
                )
            await deferLater(self._reactor, _RETRY_S)

    async def _start(self, recording_id: str, tracks: tuple[manifest.Track, ...]) -> None:
        if not self._opened:
            raise WriteFailedError("the media engine has not taken hold of its recordings folder")
        if recording_id in self._starting or self._lives.get(recording_id):
            raise WrongStateError(f"recording {recording_id} has been started already")
        sources = self._lives.acquire(tracks)
        self._starting.add(recording_id)
        try:
            recording = manifest.Recording(
                id=recording_id, state="RECORDING", created=time.time(), tracks=tracks
            )
            await self._lives.disk.run(
                make, self._lives.active, recording, self._settings.min_free_bytes
            )
        except BaseException:
            self._lives.release(sources)
            raise
        finally:
            self._starting.discard(recording_id)
        live = self._lives.add(recording, sources, RecordingClock(0.0), {})
        self._lives.run(live)
        log.info(
            "recording {id}: started, {sources}",
            id=recording_id,
            sources=", ".join(str(source.address) for source in sources),
        )

    async def _pause(self, live: LiveRecording) -> None:
        if live.state != "RECORDING":
            raise WrongStateError(f"recording {live.id} is paused")
        segments = self._lives.hold(live)
        live.state = "PAUSED"
        if trouble := await self._lives.close(live, segments):
            raise OSError(errno.EIO, trouble)
        await self._lives.save(live)
        self._lives.certifier.want(live.id)
        log.info("recording {id}: paused", id=live.id)

    async def _resume(self, live: LiveRecording) -> None:
        if live.state != "PAUSED":
            raise WrongStateError(f"recording {live.id} is not paused")
        await self._lives.disk.run(
            check_free_space, self._recordings, self._settings.min_free_bytes
        )
        self._lives.run(live)
        await self._lives.save(live)
        log.info("recording {id}: resumed", id=live.id)

    async def _stop(self, live: LiveRecording) -> manifest.Recording:
        recording = await self._lives.end(live, "FINISHED", "")
        log.info(
            "recording {id}: {state} after {seconds:.3f} s",
            id=live.id,
            state=recording.state,
            seconds=recording.duration_s,
        )
        return recording

    async def _refresh(self, live: LiveRecording) -> None:
        self._lives.receiver.cut()
        await self._lives.save(live)

    def _command(
        self, recording_id: str, act: Callable[[LiveRecording], Coroutine[Any, Any, T]]
    ) -> Deferred[T]:
        """Run a command on a recording when those before it have ended."""

        async def run() -> T:
            live = self._known(recording_id)
            return await live.lock.run(lambda: Deferred.fromCoroutine(self._act(live, act)))

        return Deferred.fromCoroutine(run())

    async def _act(
        self, live: LiveRecording, act: Callable[[LiveRecording], Coroutine[Any, Any, T]]
    ) -> T:
        self._known(live.id)  # it may have ended while this command waited
        try:
            return await act(live)
        except OSError as error:
            reason = why_not_written(live.folder, error)
            if not live.ended:
                self._reactor.callLater(0, self._lives.fail, live, reason)
            raise WriteFailedError(f"recording {live.id}: {reason}") from error

    def _known(self, recording_id: str) -> LiveRecording:
        live = self._lives.get(recording_id)
        if live is None:
            raise UnknownRecordingError(f"no recording {recording_id} is in progress")
        return live

    async def _close(self) -> None:
        if not self._opened:
            self._lives.active.unlock()
            return
        self._opened = False
        while self._starting:  # they are left for the next life with the others
            await deferLater(self._reactor, _RETRY_S)
        for live in self._lives:
            await live.lock.run(Deferred.fromCoroutine, leave(self._lives, live))
        self.watches.close()
        await self._lives.certifier.close()
        self._lives.receiver.close()
        self._lives.writer.stop()
        self._lives.disk.stop()
        self._lives.active.unlock()
