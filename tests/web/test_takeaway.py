"""Taking away and trimming by the pages: who may, by URL too, and what is said when it fails."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from hmp_twisted.engine import manifest
from hmp_twisted.services.rights import Kind
from tests.catalogue import add_files, packets

from .browser import Browser, Response
from .conftest import Place

SEGMENT = packets(600)
TRACK = "/media/recording/{recording}/track/1"


def recording(place: Place) -> str:
    """One of two segments, twelve seconds."""
    made = place.world.recording(duration_s=12.0, title="Lecture")
    add_files(place.world.recordings_dir, made, [(SEGMENT, SEGMENT)])
    return made


async def over(browser: Browser, one: str) -> Response:
    """The section, as soon as nothing on it goes on."""
    for _ in range(500):
        shown = await browser.get(f"/videos/{one}/jobs")
        if "every 1s" not in shown.text:
            return shown
        await deferLater(reactor, 0.05)  # type: ignore[arg-type]  # the reactor is a module to mypy
    raise AssertionError(f"still going on: {shown.text}")


@pytest_twisted.ensureDeferred
async def test_a_part_is_made_and_opened_from_the_page(place: Place) -> None:
    """It is a recording of its own, which plays."""
    browser, one = await place.administrator(), recording(place)
    fields = {"from": "0:03", "to": "9", "title": "The middle"}
    begun = await browser.post(f"/videos/{one}/trim", fields, HX_Request="true")
    assert begun.status == 200, begun.text
    shown = await over(browser, one)
    part = shown.text.partition('href="/videos/')[2].partition('"')[0]
    assert place.world.row("recordings", part)["title"] == "The middle"
    listed = await browser.get(f"{TRACK.format(recording=part)}/index.m3u8")
    assert "#EXT-X-ENDLIST" in listed.text
    media = await browser.get(f"{TRACK.format(recording=part)}/bytes")
    assert media.body == SEGMENT[300 * 188 :] + SEGMENT[: 300 * 188]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"from": "9", "to": "3"}, "end must come after"),
        ({"from": "soon", "to": "3"}, "Write the time"),
        ({"from": "1", "to": "3", "title": "x" * 1025}, "1,024"),
    ],
)
async def test_what_is_no_part_is_refused_at_once(
    place: Place, fields: dict[str, str], words: str
) -> None:
    """Nothing is begun."""
    browser, one = await place.administrator(), recording(place)
    answer = await browser.post(f"/videos/{one}/trim", fields)
    assert answer.status in (400, 409)
    assert words in answer.text
    assert [row["id"] for row in place.world.rows("recordings")] == [one]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("state", ["RECORDING", "PAUSED"])
async def test_nothing_is_made_of_a_recording_in_progress(
    place: Place, state: manifest.State
) -> None:
    """It would be kept, and served for the whole once there is more; the right is asked first."""
    browser, one = await place.administrator(), place.world.recording(state)
    add_files(place.world.recordings_dir, one, [(SEGMENT, SEGMENT)], state)
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        (f"/videos/{one}/mp4/1", {}),
        (f"/videos/{one}/trim", {"from": "3", "to": "9"}),
    )
    for path, fields in asked:
        answer = await browser.post(path, fields)
        assert (answer.status, path) == (409, path)
        assert "It is being recorded. Stop that first." in answer.text
    other, vic = await place.signed_in("vic")
    place.world.share(Kind.RECORDING, one, "WATCH", vic)
    for path, fields in asked:
        assert (await other.post(path, fields)).status == 403, path
    place.world.change("recordings", one, state="FINISHED", wanted="STOPPED")
    assert "MP4 of track" not in (await browser.get(f"/videos/{one}/jobs")).text


@pytest_twisted.ensureDeferred
async def test_who_may_only_watch_takes_nothing_away(place: Place) -> None:
    """Not by the URLs either, that others were given; watching works."""
    one = recording(place)
    browser, vic = await place.signed_in("vic")
    base = TRACK.format(recording=one)
    watching = (f"{base}/bytes", f"{base}/index.m3u8", f"{base}/clock")
    taking = (f"{base}/ts", f"{base}/mp4")
    for path in (*watching, *taking, f"/media/recording/{one}/poster"):
        assert (await browser.get(path)).status == 404, f"{path}, not seen at all"
    place.world.share(Kind.RECORDING, one, "WATCH", vic)
    for path in watching:
        assert (await browser.get(path)).status == 200, path
    for path in taking:
        assert (await browser.get(path)).status == 403, path
    for path, fields in (
        (f"/videos/{one}/mp4/1", {}),
        (f"/videos/{one}/trim", {"from": "1", "to": "2"}),
    ):
        assert (await browser.post(path, fields)).status == 403, path
    shown = (await browser.get(f"/videos/{one}/jobs")).text
    assert "not download or trim" in shown
    assert base not in shown


@pytest_twisted.ensureDeferred
async def test_what_one_asked_for_another_does_not_see(place: Place) -> None:
    """Nor may the other fetch it without the right."""
    one = recording(place)
    browser, vic = await place.signed_in("vic")
    place.world.share(Kind.RECORDING, one, "OWN", vic)
    await browser.post(f"/videos/{one}/trim", {"from": "1", "to": "2"})
    assert "Part from 1 to 2 s" in (await over(browser, one)).text
    other = await place.administrator()
    assert "Part from 1 to 2 s" not in (await over(other, one)).text


@pytest_twisted.ensureDeferred
async def test_a_recording_whose_files_went_is_said_so(place: Place) -> None:
    """One of its files before it was trimmed; all of them before it is watched."""
    browser, one = await place.administrator(), recording(place)
    folder = place.world.recordings_dir / one
    manifest.segment_path(folder, 1, 2).unlink()
    await browser.post(f"/videos/{one}/trim", {"from": "3", "to": "9"})
    shown = await over(browser, one)
    assert "Failed" in shown.text
    assert "No such file" in shown.text
    assert [row["id"] for row in place.world.rows("recordings")] == [one]
    assert [path.name for path in place.world.recordings_dir.iterdir()] == [one]
    for rest in ("bytes", "ts"):
        answer = await browser.get(f"{TRACK.format(recording=one)}/{rest}")
        assert (answer.status, "missing" in answer.text) == (404, True), rest
    (folder / "recording.json").unlink()
    await browser.post(f"/videos/{one}/trim", {"from": "3", "to": "9"})
    assert "files of this recording cannot be read" in (await over(browser, one)).text
    answer = await browser.get(f"{TRACK.format(recording=one)}/index.m3u8")
    assert (answer.status, "cannot be read" in answer.text) == (404, True)


@pytest_twisted.ensureDeferred
async def test_a_track_that_is_not_there_is_said_so(place: Place) -> None:
    """Also as a file that was not made yet; a name for saving holds nothing strange."""
    browser, one = await place.administrator(), recording(place)
    place.world.change("recordings", one, title='../"Ü"\r\n/etc/passwd')
    assert (await browser.get(f"/media/recording/{one}/track/2/bytes")).status == 404
    assert "not been made" in (await browser.get(f"{TRACK.format(recording=one)}/mp4")).text
    answer = await browser.get(f"{TRACK.format(recording=one)}/ts")
    assert answer.body == SEGMENT + SEGMENT
    assert answer.header("content-disposition") == 'attachment; filename="_______etc_passwd-1.ts"'
