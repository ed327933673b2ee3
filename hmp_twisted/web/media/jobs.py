"""Work that a visitor waits for: done in turn, with its progress, and then its result."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Literal

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore

from ...errors import DomainError
from ...logs import Logger
from ..wording import words_of

log = Logger()

AT_ONCE = 2
"""More would take the disk from recording."""
KEPT = 200
"""Jobs that have ended and are still shown, at most."""


@attrs.define(eq=False)
class Job:
    """One piece of work on a recording."""

    key: str
    """What it makes; asked for twice, it is made once."""
    recording_id: str
    user_id: str
    """Whose it is."""
    name: str
    """For people to read."""
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    progress: float = 0.0
    """From 0 to 1."""
    url: str = ""
    """Where the result is."""
    words: str = ""
    """Why it failed."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ("done", "failed")

    def advance(self, progress: float) -> None:
        """Note how far it is; any thread may call it."""
        self.progress = min(1.0, max(0.0, progress))


Work = Callable[[Job], Awaitable[str]]
"""Does a job; gives the URL of its result."""


class Jobs:
    """What was asked for of late."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running = DeferredSemaphore(AT_ONCE)

    def of(self, recording_id: str, user_id: str) -> tuple[Job, ...]:
        """A user's jobs on a recording, the newest first."""
        return tuple(
            job
            for job in reversed(self._jobs.values())
            if (job.recording_id, job.user_id) == (recording_id, user_id)
        )

    def start(self, job: Job, work: Work) -> Job:
        """Do it as soon as there is room, unless it is being done already."""
        known = self._jobs.get(job.key)
        if known is not None and not known.is_over:
            return known
        self._jobs[job.key] = job
        self._jobs.move_to_end(job.key)
        self._forget_old()
        self._running.run(lambda: Deferred.fromCoroutine(_do(job, work)))
        return job

    def _forget_old(self) -> None:
        over = [key for key, job in self._jobs.items() if job.is_over]
        for key in over[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[key]


async def _do(job: Job, work: Work) -> None:
    job.state = "running"
    try:
        job.url = await work(job)
        job.state = "done"
    except DomainError as error:
        job.state, job.words = "failed", words_of(error)[1]
        log.warn("{what} failed: {error}", what=_named(job), error=error)
    except Exception:
        job.state, job.words = "failed", "Something went wrong; the server's log says what."
        log.failure("{what} failed", what=_named(job))


def _named(job: Job) -> str:
    return f"{job.name} of recording {job.recording_id}"
