"""Jobs: done in turn, shown to whoever asked, and never half told."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from hmp_twisted.errors import DiskFullError
from hmp_twisted.web.media.jobs import AT_ONCE, KEPT, Job, Jobs


class Works:
    """Work that goes on until the test ends it."""

    def __init__(self) -> None:
        self.going_on: dict[str, Deferred[str]] = {}

    async def __call__(self, job: Job) -> str:
        """Wait."""
        self.going_on[job.key] = Deferred()
        return await self.going_on[job.key]


def job(key: str, recording: str = "r", user: str = "ann") -> Job:
    """A job of this key."""
    return Job(key, recording, user, f"MP4 {key}")


def test_only_so_many_run_at_once_and_the_others_wait_their_turn() -> None:
    """More would take the disk from recording."""
    jobs, works = Jobs(), Works()
    started = [jobs.start(job(str(n)), works) for n in range(AT_ONCE + 2)]
    states = [one.state for one in started]
    assert states == ["running"] * AT_ONCE + ["waiting"] * 2
    works.going_on["0"].callback("/there")
    assert (started[0].state, started[0].url) == ("done", "/there")
    assert started[AT_ONCE].state == "running"
    assert started[AT_ONCE + 1].state == "waiting"


def test_what_is_being_made_is_not_made_twice() -> None:
    """Asked for again it is the same job; when that is over, another."""
    jobs, works = Jobs(), Works()
    first = jobs.start(job("a"), works)
    assert jobs.start(job("a"), works) is first
    works.going_on["a"].callback("/there")
    again = jobs.start(job("a"), works)
    assert again is not first
    assert jobs.of("r", "ann") == (again,)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DiskFullError("no room"), "The disk is full"),
        (ValueError("secret"), "Something went wrong; the server's log says what."),
    ],
)
def test_a_failure_is_said_in_words_and_the_next_one_runs(error: Exception, words: str) -> None:
    """Nothing of a fault itself leaves the server."""
    jobs, works = Jobs(), Works()
    failing, *others = [jobs.start(job(str(n)), works) for n in range(AT_ONCE + 1)]
    works.going_on["0"].errback(error)
    assert (failing.state, failing.is_over, failing.url) == ("failed", True, "")
    assert failing.words.startswith(words)
    assert "secret" not in failing.words
    assert others[-1].state == "running"


def test_jobs_are_shown_to_who_asked_on_the_recording_they_are_of() -> None:
    """The newest first."""
    jobs, works = Jobs(), Works()
    for one in (job("a"), job("b"), job("c", user="bob"), job("d", recording="other")):
        jobs.start(one, works)
    assert [one.key for one in jobs.of("r", "ann")] == ["b", "a"]
    assert [one.key for one in jobs.of("r", "bob")] == ["c"]
    assert jobs.of("other", "bob") == ()


def test_what_is_over_is_forgotten_in_the_end_and_nothing_else() -> None:
    """Memory is bounded, but what runs or waits stays."""
    jobs, works = Jobs(), Works()

    async def at_once(job: Job) -> str:
        """Done."""
        return "/there"

    jobs.start(job("long"), works)
    for n in range(KEPT + 20):
        jobs.start(job(str(n)), at_once)
    keys = [one.key for one in jobs.of("r", "ann")]
    assert len(keys) <= KEPT
    assert keys[0] == str(KEPT + 19)
    assert keys[-1] == "long"


def test_progress_stays_between_nothing_and_all() -> None:
    """Remuxed files are a little smaller or larger than what they are made of."""
    one = job("a")
    for given, kept in ((0.5, 0.5), (-1.0, 0.0), (1.7, 1.0)):
        one.advance(given)
        assert one.progress == kept
