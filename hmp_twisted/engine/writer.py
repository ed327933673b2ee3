"""The thread that writes. A ``write`` that waits for the disk must not keep the receiver waiting.

Steps are done in the order given. What may wait is bounded by whoever gives them: by the pool of
buffers, and by :attr:`Writer.copied_bytes` for what does not lie in one.

A file may hang for minutes. The thread then stays with it and its lane, on a
:class:`~.lane.Detour`, and another takes its place. While it writes, a thread leaves the step in
its *hand*, which :meth:`Writer.watch` can take from it: whoever gets the step out of the hand goes
on with the queue. That costs an append and a pop a write, and no lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

from ..logs import Logger
from .buffers import Buffer
from .handover import Handover
from .lane import Call, Detour, Lane, Room, Step, Target

PATIENCE_S = 1.0
"""A write that takes longer holds nothing up but its own lane."""
HURRY_S = 0.25
"""The same, while another lane hangs already, or little room is left for what arrives."""
MOST_DETOURS = 8
"""Lanes that hang beyond these hold up all."""

_Job = tuple[Buffer | None, Iterator[Step], int]
"""What the steps lie in, those that are not done yet, and the bytes of them that lie elsewhere."""

log = Logger()


class _Hand:
    """What a thread that writes holds at the moment; one of it a thread."""

    def __init__(self) -> None:
        self.holds: deque[Step] = deque()
        """The step that it does; who pops it goes on with the queue."""
        self.detours: SimpleQueue[Detour] = SimpleQueue()
        """Where the thread finds what else to do if another goes on."""


class Writer:
    """Appends pieces to segments on a thread of its own."""

    def __init__(self, on_failed: Callable[[Target, OSError], None], room: int) -> None:
        """Args:
        on_failed: told of each target that cannot be written; called on the thread that wrote.
        room: how many bytes may wait for files that hang, beside the pool.
        """
        self._on_failed = on_failed
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._copied_in = 0
        self._copied_out = 0
        self._free = Lane()
        self._room = Room(room)
        self._seen: Step | None = None
        self._seen_at = 0.0
        self.handover = Handover()
        """Where the receiver waits for what it put."""
        self._go_on((None, iter(()), 0))

    @property
    def copied_bytes(self) -> int:
        """Bytes outside of buffers that wait to be written, those on detours left out."""
        return self._copied_in - self._copied_out

    @property
    def detours(self) -> int:
        """How many lanes hang."""
        return len(self._room.detours)

    def put(self, buffer: Buffer, pieces: list[Step], copied: int) -> None:
        """Append the pieces; the buffer is not idle before that is done.

        Args:
            buffer: what the pieces lie in.
            pieces: what to write where.
            copied: how many of their bytes lie elsewhere.
        """
        buffer.queued += 1
        self._copied_in += copied
        self._jobs.put((buffer, iter(pieces), copied))

    def give(self, target: Target, data: bytes) -> None:
        """Append bytes that lie in no buffer and are few."""
        self._jobs.put((None, iter(((target, data),)), 0))

    def when_written(self, lane: Lane, then: Callable[[], None]) -> None:
        """Call ``then``, on a thread that writes, when all put before in this lane is written."""
        self.give(Call(lane, then), b"")

    def watch(self, now: float, *, hurry: bool = False) -> None:
        """Have another thread go on if a target holds the writer up; to be called often.

        Args:
            now: seconds of a clock that only runs forward.
            hurry: be less patient.
        """
        step = next(iter([*self._hand.holds]), None)
        if step is not None and step[0].lane is self._free:
            return  # the end of a detour: it hangs only if this whole process does
        if step is not self._seen:
            self._seen, self._seen_at = step, now
        elif step is not None:
            patience = HURRY_S if hurry or self._room.detours else PATIENCE_S
            if now - self._seen_at > patience and len(self._room.detours) < MOST_DETOURS:
                self._take_over(self._seen_at)
        if self._room.detours:
            self._look_for_ended(now)

    def stop(self) -> None:
        """End the thread when it has done what it was given; do not wait for that."""
        self._jobs.put(None)

    def _go_on(self, job: _Job) -> None:
        """Have a new thread do what is left of the job, and then the queue."""
        self._hand = _Hand()
        self._job: _Job | None = job
        thread = threading.Thread(
            target=self._run, args=(self._hand,), name="segment-writer", daemon=True
        )
        thread.start()

    def _take_over(self, since: float) -> None:
        hand = self._hand
        try:
            step = hand.holds.pop()
        except IndexError:
            return  # it went on at this very moment
        lane, job = step[0].lane, self._job
        assert job is not None, "a thread that writes has a job"
        if job[0] is not None:
            job[0].queued += 1  # the system still reads from it; see _serve
        lane.detour = detour = Detour(lane, self._room, since)
        self._room.detours = [*self._room.detours, detour]
        hand.detours.put(detour)
        self._go_on(job)
        lane.on_held_up(step[0])

    def _look_for_ended(self, now: float) -> None:
        ended = [detour for detour in self._room.detours if detour.ended]
        if ended:
            self._room.detours = [one for one in self._room.detours if not one.ended]
        for detour in ended:
            detour.lane.on_caught_up(now - detour.since)

    def _run(self, hand: _Hand) -> None:
        hold, let_go = hand.holds.append, hand.holds.pop
        self.handover.begin()
        while (job := self._job) is not None:
            self.handover.take_on()
            buffer, steps, copied = job
            for step in steps:
                target, data = step
                if target.lane.detour is not None:
                    target.lane.detour.take(target, data)
                    continue
                hold(step)
                self._write(target, data)
                try:
                    let_go()
                except IndexError:  # another goes on
                    self._serve(hand.detours.get(), buffer)
                    return
            self._copied_out += copied
            if buffer is not None:
                buffer.written += 1
                self.handover.done()
            self._job = self._jobs.get()

    def _write(self, target: Target, data: Any) -> None:
        try:
            target.write(data)
        except OSError as error:
            self._on_failed(target, error)
        except Exception:
            log.failure("the segment writer: a step failed; the thread goes on")

    def _serve(self, detour: Detour, buffer: Buffer | None) -> None:
        """What hung has come back: catch up with what has come since."""
        self._jobs.put((buffer, iter(()), 0))
        for target, data in detour.steps(lambda: self.when_written(self._free, detour.try_to_end)):
            self._write(target, data)
