"""The certificate as people read it: where things are drawn, what is said, and checking anew."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest
import pytest_twisted

from hmp_twisted.engine import certificate, certifying, events, manifest
from hmp_twisted.engine.certificate import Certificate
from hmp_twisted.engine.events import Event
from hmp_twisted.engine.integrity import Integrity
from hmp_twisted.engine.manifest import Recording, Segment, Track
from hmp_twisted.web.formats import lasting
from hmp_twisted.web.integrity import timeline, words
from hmp_twisted.web.integrity.scale import Scale
from hmp_twisted.web.integrity.timeline import Span, Timeline

from .browser import Browser, Response
from .conftest import Place

BEGAN = 1_700_000_000.0
PACKETS = b"\x47" + bytes(187)


def segment(number: int, offset_s: float, duration_s: float, paused_s: float = 0.0) -> Segment:
    """A segment that came after so many seconds of pauses."""
    began = BEGAN + offset_s + paused_s
    return Segment(number, began, offset_s, len(PACKETS) * 10, duration_s, closed=True)


def track(*segments: Segment, number: int = 1, **values: object) -> Track:
    """A track of these segments."""
    size = sum(one.bytes for one in segments)
    given = {"bytes": size, "datagrams": size // 1316, **values}
    return Track(
        number, f"source-{number}", f"Camera {number}", "udp://@:5000", **given, segments=segments
    )  # type: ignore[arg-type]  # values by name


def recording(
    *tracks: Track, seconds: float = 100.0, state: manifest.State = "FINISHED"
) -> Recording:
    """A recording of these tracks."""
    return Recording("an-id", state, BEGAN, seconds, tracks=tracks)


def certified(found: Recording, *told: Event) -> Certificate:
    """Its certificate, with these events of its tracks and no sums."""
    tracks = tuple(
        certificate.TrackCertificate(
            one.number,
            one.source_id,
            one.source_name,
            one.url,
            one.bytes,
            one.bytes // 188,
            one.datagrams,
            one.lost_datagrams,
            0,
            one.integrity,
            gaps=tuple(e for e in told if e.track == one.number and e.kind in ("gap", "outage")),
            events=tuple(
                e for e in told if e.track == one.number and e.kind not in ("gap", "outage")
            ),
        )
        for one in found.tracks
    )
    return Certificate(found.id, "pending", found.state, BEGAN, found.duration_s, tracks)


def event(kind: str, clock_s: float, seconds: float = 0.0, paused_s: float = 0.0) -> Event:
    """Something that happened to the first track."""
    return Event(BEGAN + clock_s + paused_s, clock_s, 1, kind, f"{kind} it was", seconds)


def drawn(found: Recording, *told: Event) -> Timeline:
    """Its timeline."""
    return timeline.draw(found, certified(found, *told))


def spans(shown: Timeline, band: str, line: int = 0) -> list[tuple[float, float]]:
    """Where something is drawn on a line: from and to, in percent."""
    return [
        (span.at, pytest.approx(span.at + span.width, abs=0.01))  # type: ignore[misc]  # compares as a float
        for span in shown.lines[line].spans
        if span.band == band
    ]


def test_what_was_recorded_is_drawn_to_scale() -> None:
    """A source that came late, and one that was there throughout."""
    found = recording(track(segment(1, 0, 100)), track(segment(1, 25, 50), number=2))
    shown = drawn(found)
    assert spans(shown, "recorded") == [(0, 100)]
    assert spans(shown, "recorded", 1) == [(25, 75)]
    assert shown.pauses == 0
    assert not shown.is_shortened


def test_a_pause_has_a_place_between() -> None:
    """As long as it was; all tracks have it, and the next segment begins after it."""
    found = recording(track(segment(1, 0, 40), segment(2, 40, 60, paused_s=5)))
    shown = drawn(found)
    whole = 105
    assert spans(shown, "pause") == [(pytest.approx(4000 / whole, abs=0.01), 4500 / whole)]
    assert shown.lines[0].cuts == (pytest.approx(4500 / whole, abs=0.01),)
    assert spans(shown, "recorded")[1][0] == shown.lines[0].cuts[0]


def test_a_long_pause_is_shortened_and_said_to_be() -> None:
    """A night between two minutes leaves the minutes to be seen."""
    found = recording(track(segment(1, 0, 50), segment(2, 50, 50, paused_s=36_000)))
    shown = drawn(found)
    assert shown.is_shortened
    assert spans(shown, "pause") == [(pytest.approx(5000 / 110, abs=0.01), 6000 / 110)]
    assert "paused at 0:50 for 10 h 0 min" in shown.lines[0].words


def test_a_restart_of_the_engine_is_a_gap_and_no_pause() -> None:
    """The clock ran on meanwhile."""
    found = recording(track(segment(1, 0, 40), segment(2, 50, 50)))
    shown = drawn(found, event("outage", 40, 10))
    assert shown.pauses == 0
    assert spans(shown, "gap") == [(40, 50)]


def test_a_gap_over_a_pause_ends_where_the_source_came_back() -> None:
    """Its seconds are the time of day's; the pause is not counted twice."""
    found = recording(track(segment(1, 0, 40), segment(2, 60, 40, paused_s=10)))
    other = track(segment(1, 0, 50), segment(2, 50, 50, paused_s=10), number=2)
    shown = drawn(attrs.evolve(found, tracks=(*found.tracks, other)), event("gap", 40, 30))
    assert spans(shown, "gap") == [(pytest.approx(4000 / 110, abs=0.01), 7000 / 110)]


def test_an_episode_is_drawn_once() -> None:
    """It is told when it begins and when it is over; without the end it is said to be open."""
    found = recording(track(segment(1, 0, 100)))
    shown = drawn(found, event("lost", 20), event("lost", 20, 10), event("continuity", 60))
    assert spans(shown, "loss") == [(19, 30), (59, 60)]
    assert spans(shown, "since") == [(60, 100)]
    assert [(one.what, one.seconds) for one in shown.incidents] == [
        ("Datagrams lost", 10),
        ("Continuity errors", 0),
    ]


def test_what_is_too_short_to_see_is_widened() -> None:
    """Also at the very end, and nothing leaves the drawing."""
    found = recording(track(segment(1, 0, 100_000)), seconds=100_000)
    shown = drawn(found, event("lost", 100_000), event("lost", 100_000, 0.1))
    for line in shown.lines:
        for span in line.spans:
            assert span.at >= 0
            assert span.at + span.width <= 100.001
            assert span.width >= timeline.LEAST
    assert isinstance(shown.lines[0].spans[0], Span)


@pytest.mark.parametrize("seconds", [0.4, 3, 59, 600, 5000, 90_000, 4_000_000])
def test_an_axis_has_a_few_round_labels(seconds: float) -> None:
    """Whatever the length; beside each other, so that none covers the next."""
    ticks = Scale(max(1.0, seconds), ()).ticks()
    assert 1 <= len(ticks) <= 7
    assert ticks[0].label == "0:00"
    places = [tick.at for tick in ticks]
    assert all(b - a > 10 for a, b in pairwise(places))


def test_what_is_told_but_no_problem_is_in_the_table_alone() -> None:
    """A new kind of event, too, by its own name; silence is told as the gap that it was."""
    found = recording(track(segment(1, 0, 100)))
    shown = drawn(
        found, event("format", 1), event("eclipse", 2), event("silent", 3), event("gap", 3, 4)
    )
    assert [one.what for one in shown.incidents] == ["Format", "Eclipse", "Gap"]
    assert [one.band for one in shown.incidents] == [None, None, "gap"]
    assert shown.bands == {"recorded", "gap"}


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


def filed(place: Place, state: manifest.State = "FINISHED") -> tuple[str, manifest.Recording]:
    """A recording of one track that the catalogue and the disk have; certified if it ended."""
    recording_id = place.world.recording(state=state)
    found = attrs.evolve(
        recording(track(segment(1, 0, 10)), seconds=10, state=state), id=recording_id
    )
    folder = place.world.recordings_dir / recording_id
    path = manifest.segment_path(folder, 1, 1)
    path.parent.mkdir(parents=True)
    path.write_bytes(PACKETS * 10)
    manifest.write(folder, found)
    events.append(folder, [event("gap", 4, 2)])
    if state not in manifest.ACTIVE:
        certifying.certify(folder)
    return recording_id, found


async def settled(browser: Browser, path: str) -> Response:
    """The section when nothing more is being read."""
    for _ in range(500):
        answer = await browser.get(path, HX_Request="true")
        if "Reading every byte" not in answer.text:
            return answer
    raise AssertionError("it was never read to its end")


@pytest_twisted.ensureDeferred
async def test_the_section_tells_and_verifies(place: Place) -> None:
    """First in words; then every byte is read again, and a byte that was changed is found."""
    browser = await place.administrator()
    recording_id, _ = filed(place)
    path = f"/videos/{recording_id}/certificate"
    shown = await browser.get(path, HX_Request="true")
    assert "Not complete: 1 gap of 2 s" in shown.text
    assert "SHA-256 is kept" in shown.text
    assert "hx-trigger" not in shown.text
    await browser.get(f"/videos/{recording_id}")
    await browser.post(f"/videos/{recording_id}/verify", HX_Request="true")
    assert "every byte as it was recorded" in (await settled(browser, path)).text
    file = manifest.segment_path(place.world.recordings_dir / recording_id, 1, 1)
    file.write_bytes(PACKETS * 9 + b"\x47" + b"\x01" * 187)
    await browser.post(f"/videos/{recording_id}/verify", HX_Request="true")
    after = (await settled(browser, path)).text
    assert "1 of 1 file not as recorded: track-1/00001.ts has SHA-256" in after


@pytest_twisted.ensureDeferred
async def test_verifying_needs_the_right_to_watch(place: Place) -> None:
    """Who may see it but not watch it is refused; who may not see it finds nothing."""
    recording_id, _ = filed(place)
    trimmer, _ = await place.signed_in("tim", "restream")
    assert (await trimmer.post(f"/videos/{recording_id}/verify")).status == 403
    assert "Verify now" not in (await trimmer.get(f"/videos/{recording_id}/certificate")).text
    stranger, _ = await place.signed_in("sten")
    assert (await stranger.post(f"/videos/{recording_id}/verify")).status == 404
    assert (await stranger.get(f"/videos/{recording_id}/certificate")).status == 404


@pytest_twisted.ensureDeferred
async def test_a_running_recording_is_told_as_of_now(place: Place) -> None:
    """The engine writes down what it knows before it is read; without it the last state counts."""
    browser = await place.administrator()
    recording_id, _ = filed(place, "RECORDING")
    shown = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert "Not complete so far" in shown.text
    assert 'hx-trigger="every 5s"' in shown.text
    assert "refresh_manifest" in place.world.engine.calls
    place.world.engine.recordings.clear()
    again = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert "Not complete so far" in again.text


@pytest_twisted.ensureDeferred
async def test_files_that_are_gone_are_said_to_be(place: Place) -> None:
    """And are no fault of the page."""
    browser = await place.administrator()
    recording_id = place.world.recording()
    shown = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert shown.status == 200
    assert "tell nothing yet" in shown.text
