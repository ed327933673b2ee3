"""One stream's pipe: datagrams go in when they are due, and never block another stream.

States: OPENING (ffmpeg takes the first datagram while it opens its output, and is then given the
second, which is gone only when the output stands), RUNNING, BROKEN (ffmpeg died; the place is held
until a new pipe comes), ENDED.

Writes are of whole datagrams and of at most PIPE_BUF bytes, so a pipe takes all or nothing and
ffmpeg, which reads as much as one write at a time, never sees half a datagram. Hence what a dead
ffmpeg had not read (FIONREAD tells it of a pipe without a reader, too) is exactly what is to be
sent again, and nothing is sent twice; what it had read and not sent, three datagrams at most, is
lost with it.
"""

from __future__ import annotations

import enum
import fcntl
import os
import termios
from bisect import bisect_right

from .packets import DATAGRAM
from .playlist import Chunk, Playlist
from .whereabouts import Whereabouts

_POLL_S = 0.001
"""How often a pipe is looked at that ffmpeg has to empty first, or that is full."""
_TOO_LATE_S = 0.25
"""Beyond this the stream's clock is set back instead of sending what is overdue in a burst."""
MOST_IN_A_WRITE = 3
"""Datagrams in one write: what fits in PIPE_BUF (4096)."""
_OPENING = 2
"""Datagrams that are written one by one before the clock starts."""
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
        self.turn = 0
        """Which of its turns in the loop counts; earlier ones are void."""
        self.is_paused = False
        self._playlist = playlist
        self._following: Chunk | None = None
        self._is_exhausted = False
        self._sent = 0
        """Datagrams of the present chunk that were written."""
        self._zero = 0.0
        """The monotonic time of the stream's time 0."""
        self._opening = 0
        self._chunk = playlist.next_chunk()
        self._take_pipe(pipe)

    @property
    def position_s(self) -> float:
        """The recording's clock at the next datagram to be written."""
        if self._chunk is None:
            return self._last_position_s
        due = self._chunk.due
        return self._chunk.position_s + due[min(self._sent, len(due) - 1)] - due[0]

    def tell(self, whereabouts: Whereabouts) -> None:
        """Note what is to be written next."""
        if self._chunk is not None:
            whereabouts.note(self.position_s, self._chunk.spot_of(self._sent))

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
        if self.state is State.RUNNING and self.is_paused:
            self.wake = NEVER
        elif self.state is State.RUNNING:
            self._run(now)

    def pause(self) -> None:
        """Write nothing more until :meth:`go_on`."""
        self.is_paused = True

    def go_on(self, now: float) -> None:
        """Write on from where it paused, or on in a new pipe, as if no time had passed."""
        self.is_paused, self.wake = False, now
        if self.state is State.RUNNING and self._next_chunk() and self._chunk is not None:
            self._zero = now - self._chunk.due[self._sent]

    def seek(self, start_s: float) -> None:
        """Go on ``start_s`` seconds into the recording; OSError if its file fails."""
        if self._chunk is not None:
            filling = self._playlist.seek(start_s, self._chunk, self._sent)
            self._chunk, self._following = filling or self._playlist.next_chunk(), None
            self._sent, self._is_exhausted = 0, self._chunk is None

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
        self._opening = _OPENING
        self.state, self.wake = State.OPENING, 0.0

    def _go_back(self, unread: int) -> None:
        """What lay in the dead pipe was never sent (of an earlier chunk it is lost)."""
        self._sent = max(0, self._sent - unread // DATAGRAM)

    def _open(self, now: float) -> None:
        self.wake = now + _POLL_S
        if _unread(self._pipe):
            return
        if self._opening and self._next_chunk():
            self._opening -= self._write(self._sent + 1)
        elif self.state is State.OPENING:
            self._start_clock(now)

    def _start_clock(self, now: float) -> None:
        """The datagram written last left now."""
        if self._chunk is not None:
            self._zero = now - self._chunk.due[max(0, self._sent - 1)]
        self.state = State.RUNNING

    def _run(self, now: float) -> None:
        while self._next_chunk() and self._chunk is not None:
            due, first, limit = self._chunk.due, self._sent, now - self._zero
            if due[first] > limit:
                self.wake = self._zero + due[first]
                return
            if limit - due[first] > _TOO_LATE_S:
                self._zero += limit - due[first]
                limit = due[first]
            most = min(len(due), first + MOST_IN_A_WRITE)
            if not self._write(bisect_right(due, limit, first, most)):
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

    def _write(self, end: int) -> bool:
        """Write the datagrams up to ``end``, whole or not at all; whether they were written."""
        assert self._chunk is not None
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
