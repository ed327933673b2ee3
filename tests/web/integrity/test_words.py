"""What is said of a recording, in a sentence and in figures."""

from __future__ import annotations

import attrs
import pytest

from hmp_twisted.engine.integrity import Integrity
from hmp_twisted.web.formats import lasting
from hmp_twisted.web.integrity import words

from .recordings import certified, event, recording, segment, track


def test_the_sentence_of_a_whole_recording() -> None:
    """Nothing is missing, and it says so."""
    found = recording(track(segment(1, 0, 100)), track(segment(1, 0, 100), number=2))
    told = words.verdict(certified(found), 1)
    assert told.is_whole
    assert told.sentence == "Complete: 2 tracks of 1 min 40 s, no gap, no loss, paused once."


def test_the_sentence_says_what_is_missing_and_where() -> None:
    """Each track's own, and that the others are sound."""
    bad = track(segment(1, 0, 100), lost_datagrams=1, integrity=Integrity(continuity_errors=2))
    found = recording(bad, track(segment(1, 0, 100), number=2))
    told = words.verdict(certified(found, event("gap", 1, 2.5), event("gap", 9, 60)), 0)
    assert not told.is_whole
    assert told.sentence == (
        "Not complete: track 1 (Camera 1): 2 gaps, 1 min 2 s in all, 1 datagram lost, "
        "2 continuity errors. The other track is complete."
    )


def test_the_sentence_of_a_source_that_never_came() -> None:
    """And of a recording that still runs."""
    found = recording(track(), state="RECORDING")
    assert (
        words.verdict(certified(found), 0).sentence == "Not complete so far: nothing was received."
    )
    found = recording(track(segment(1, 0, 9)), seconds=9, state="PAUSED")
    assert words.verdict(certified(found), 0).sentence.startswith("Nothing is missing so far: 9 s")


def test_losses_are_told_by_where_they_were() -> None:
    """The network's are what neither kernel nor disk lost."""
    counted = Integrity(kernel_drops=2, thrown_away=3)
    (told,) = certified(recording(track(lost_datagrams=1005, integrity=counted))).tracks
    assert words.losses(told) == (
        "1,005: 1,000 on the network, 2 in the kernel, 3 waiting for the disk"
    )
    assert words.losses(attrs.evolve(told, lost_datagrams=5)) == (
        "5: 2 in the kernel, 3 waiting for the disk"
    )
    assert words.losses(attrs.evolve(told, integrity=Integrity())) == "1,005 on the network"
    assert words.losses(attrs.evolve(told, integrity=Integrity(), lost_datagrams=0)) == "none"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (2.454, "2.5 s"), (59.96, "1 min"), (90, "1 min 30 s"), (3900, "1 h 5 min")],
)
def test_how_long_something_lasted(seconds: float, text: str) -> None:
    """In the two largest units."""
    assert lasting(seconds) == text
