"""Over a restart of the engine: recordings are left so that they can go on, and go on."""

from __future__ import annotations

import time

import attrs
from twisted.internet.defer import Deferred

from ..errors import SourceUnusableError
from ..logs import Logger
from . import events, former, manifest
from .events import Event
from .former import Former
from .live import LiveRecording, RecordingClock
from .live_set import LiveSet, why_not_written

log = Logger()


async def carry_on(lives: LiveSet, resume_within_s: float) -> None:
    """Deal with every marked recording; those that go on do so before any other is finished.

    Args:
        lives: where they go on.
        resume_within_s: a recording goes on if its last sign of life is no older.
    """
    too_old: list[Former] = []
    for recording_id in await lives.disk.run(lives.active.marked):
        left = await lives.disk.run(former.read, lives.active, recording_id)
        if left.recording.state not in manifest.ACTIVE and not left.damaged:
            # The engine ended between the last word of recording.json and the marker's removal.
            await lives.disk.run(lives.active.unmark, recording_id)
        elif left.damaged or left.age_s > resume_within_s or not await _go_on(lives, left):
            too_old.append(left)
    for left in too_old:
        await _finish(lives, left)


async def leave(lives: LiveSet, live: LiveRecording) -> None:
    """Close a recording's segments, its state kept for the next life. Its lock must be held."""
    if live.ended:
        return
    segments = lives.hold(live)
    lives.release(track.source for track in live.tracks)
    live.ended = True
    await lives.close(live, segments)
    await live.repaired
    recording = lives.snapshot(live)
    try:
        await lives.disk.run(lives.active.save, recording)
    except OSError as error:
        log.error("recording {id}: {why}", id=live.id, why=why_not_written(live.folder, error))
    await lives.disk.run(lives.active.beat, [recording])
    lives.forget(live)


async def _go_on(lives: LiveSet, left: Former) -> bool:
    recording = left.recording
    folder = manifest.folder_of(lives.active.recordings, recording.id)
    try:
        numbers = await lives.disk.run(_next_numbers, lives, recording)
        sources = lives.acquire(recording.tracks, patient=True)
    except (OSError, SourceUnusableError) as error:
        log.error("recording {id}: cannot go on: {why}", id=recording.id, why=str(error))
        return False
    running = recording.state == "RECORDING"
    # The clock runs from the start, pauses alone left out: the engine's absence was none.
    clock = RecordingClock(recording.duration_s + (left.age_s if running else 0.0))
    live = lives.add(recording, sources, clock, numbers)
    if running:
        lives.run(live)
    log.info(
        "recording {id}: goes on, {state}, {age:.1f} s after its last sign of life, in {folder}",
        id=live.id,
        state=live.state,
        age=left.age_s,
        folder=str(folder),
    )
    gone = [_outage(left, track.number) for track in recording.tracks] if running else []
    live.repaired = Deferred.fromCoroutine(_repair(lives, live, gone))
    return True


def _outage(left: Former, track: int) -> Event:
    return Event(
        at=time.time() - left.age_s,
        clock_s=left.recording.duration_s,
        track=track,
        kind="outage",
        text=f"the media engine was gone for {left.age_s:.3f} s",
        seconds=left.age_s,
    )


def _next_numbers(lives: LiveSet, recording: manifest.Recording) -> dict[int, int]:
    folder = manifest.folder_of(lives.active.recordings, recording.id)
    for track in recording.tracks:
        manifest.segment_path(folder, track.number, 1).parent.mkdir(parents=True, exist_ok=True)
    return {track.number: former.next_number(folder, track) for track in recording.tracks}


async def _repair(lives: LiveSet, live: LiveRecording, gone: list[Event]) -> None:
    """Close what the former life left open, while new segments are written already."""
    try:
        if gone:
            await lives.disk.run(events.append, live.folder, gone)
        for track in live.tracks:
            track.before = await lives.disk.run(
                former.repair, live.folder, track.before, track.first_number
            )
        await lives.save(live)
    except OSError as error:
        log.error(
            "recording {id}: its earlier segments cannot be repaired: {why}",
            id=live.id,
            why=str(error),
        )


async def _finish(lives: LiveSet, left: Former) -> None:
    try:
        recording = await lives.disk.run(_finished, lives, left)
        await lives.disk.run(lives.certifier.remember, recording.id)
        await lives.disk.run(lives.active.unmark, recording.id)
        lives.certifier.want(recording.id)
    except OSError as error:
        log.error(
            "recording {id}: cannot be finished: {why}; tried again at the engine's next start",
            id=left.recording.id,
            why=str(error),
        )
        return
    log.info(
        "recording {id}: finished with what it has, {age:.0f} s after its last sign of life",
        id=recording.id,
        age=left.age_s,
    )
    lives.told(recording)


def _finished(lives: LiveSet, left: Former) -> manifest.Recording:
    recording = left.recording
    folder = manifest.folder_of(lives.active.recordings, recording.id)
    folder.mkdir(exist_ok=True)
    tracks = tuple(former.repair(folder, track) for track in recording.tracks)
    finished = attrs.evolve(recording, state="FINISHED", tracks=tracks)
    lives.active.save(finished)
    return finished
