"""One stream's pipe: datagrams go in when they are due, and never block another stream.

States: OPENING (its first two datagrams are in the pipe and ffmpeg has yet to take them: the first
is read while it opens its output, so that the second is gone only when the output stands), RUNNING,
BROKEN (ffmpeg died; the place is held until a new pipe comes), ENDED.

Writes are of whole datagrams and of at most PIPE_BUF bytes, so a pipe takes all or nothing and
ffmpeg, which reads 1316 bytes at a time, never sees half a datagram.
"""

from __future__ import annotations

import enum
import fcntl
import os
import termios

from .packets import DATAGRAM
from .playlist import Chunk, Playlist

_POLL_S = 0.001
"""How often a pipe is looked at that ffmpeg has to empty first, or that is full."""
_TOO_LATE_S = 0.25
"""Beyond this the stream's clock is set back instead of sending what is overdue in a burst."""
_ATOMIC = 3
"""Datagrams in one write: the most that PIPE_BUF (4096) holds."""
_FIRST = 2
NEVER = float("inf")


class State(enum.Enum):
    """Where a feed is, see the module."""

    OPENING = enum.auto()
    RUNNING = enum.auto()
    BROKEN = enum.auto()
    ENDED = enum.auto()


class Feed:
    """One stream; times are seconds of the monotonic clock."""

    def __init__(self, stream_id: str, playlist: Playlist, pipe: int) -> None:
        """``pipe`` is the write end and belongs to the feed from now on."""
        self.stream_id = stream_id
        self.state = State.OPENING
        self.wake = 0.0
        """When it wants to be advanced next."""
        self._playlist = playlist
        self._following: Chunk | None = None
        self._is_exhausted = False
        self._sent = 0
        """Datagrams of the present chunk that were written."""
        self._zero = 0.0
        """The monotonic time of the stream's time 0."""
        self._is_filled = False
        self._chunk = playlist.next_chunk()
        self._take_pipe(pipe)

    @property
    def position_s(self) -> float:
        """The recording's clock at the next datagram to be written."""
        if self._chunk is None:
            return self._last_position_s
        due = self._chunk.due
        return self._chunk.position_s + due[min(self._sent, len(due) - 1)] - due[0]

    @property
    def wants_chunk(self) -> bool:
        """Whether the chunk after the present one has yet to be prepared."""
        return self._following is None and not self._is_exhausted

    def prepare(self) -> None:
        """Prepare the chunk after the present one; OSError if its file fails."""
        if self.wants_chunk:
            self._following = self._playlist.next_chunk()
            self._is_exhausted = self._following is None

    def advance(self, now: float) -> None:
        """Write what is due, set ``state`` and ``wake``; OSError if a segment's file fails."""
        if self.state is State.OPENING:
            self._open(now)
        if self.state is State.RUNNING:
            self._run(now)

    def resume(self, pipe: int) -> None:
        """Go on in a new pipe, where the former ffmpeg had got to."""
        if self.state is State.ENDED:
            os.close(pipe)
            return
        self._go_back(_unread(self._pipe))
        os.close(self._pipe)
        self._take_pipe(pipe)

    def close(self) -> None:
        """End it: ffmpeg reads the end of its input."""
        if self.state is not State.ENDED:
            self.state, self.wake = State.ENDED, NEVER
            os.close(self._pipe)
            self._playlist.close()

    def _take_pipe(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe = pipe
        self._is_filled = False
        self.state, self.wake = State.OPENING, 0.0

    def _go_back(self, unread: int) -> None:
        """What lay in the dead pipe was never sent (of an earlier chunk it is lost)."""
        self._sent = max(0, self._sent - unread // DATAGRAM)

    def _open(self, now: float) -> None:
        if not self._is_filled and self._next_chunk():
            self._is_filled = self._write(min(self._sent + _FIRST, self._end_of_chunk()))
        if self._is_filled and not _unread(self._pipe):
            self._start_clock(now)
        elif self.state is State.OPENING:
            self.wake = now + _POLL_S

    def _start_clock(self, now: float) -> None:
        """The datagram written last left now."""
        if self._chunk is not None:
            self._zero = now - self._chunk.due[max(0, self._sent - 1)]
        self.state = State.RUNNING

    def _run(self, now: float) -> None:
        while self._next_chunk():
            due = self._due()
            if due > now:
                self.wake = due
                return
            if now - due > _TOO_LATE_S:
                self._zero += now - due
            if not self._write(self._last_due(now)):
                self.wake = now + _POLL_S if self.state is State.RUNNING else NEVER
                return
        self.close()

    def _next_chunk(self) -> bool:
        """Whether there is a datagram to write; moves on to the next chunk at the end of one."""
        if self._chunk is not None and self._sent >= len(self._chunk.due):
            self._last_position_s = self.position_s
            self.prepare()
            self._chunk, self._following, self._sent = self._following, None, 0
        return self._chunk is not None

    def _due(self) -> float:
        assert self._chunk is not None
        return self._zero + self._chunk.due[self._sent]

    def _end_of_chunk(self) -> int:
        return 0 if self._chunk is None else len(self._chunk.due)

    def _last_due(self, now: float) -> int:
        """The end of the next run of datagrams that are due and fit in one write."""
        assert self._chunk is not None
        due, limit, end = self._chunk.due, now - self._zero, self._sent + 1
        most = min(len(due), self._sent + _ATOMIC)
        while end < most and due[end] <= limit:
            end += 1
        return end

    def _write(self, end: int) -> bool:
        """Write the datagrams up to ``end``, whole or not at all; whether they were written."""
        if self._chunk is None:
            return True
        try:
            os.write(self._pipe, self._chunk.data[self._sent * DATAGRAM : end * DATAGRAM])
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self.state, self.wake = State.BROKEN, NEVER
            return False
        self._sent = end
        return True

    _last_position_s = 0.0


def _unread(pipe: int) -> int:
    """Bytes in a pipe that its reader has yet to take."""
    answer = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, "little")
