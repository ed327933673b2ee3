"""The section of a recording's page, and checking anew."""

from __future__ import annotations

import attrs
import pytest_twisted

from hmp_twisted.engine import certifying, events, manifest
from hmp_twisted.engine.active import ActiveFolder

from ..browser import Browser, Response
from ..conftest import Place
from .recordings import PACKETS, event, recording, segment, track


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
    """By what the engine writes each second: who looks costs it nothing, however often."""
    browser = await place.administrator()
    recording_id, found = filed(place, "RECORDING")
    shown = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert "Not complete so far" in shown.text
    assert 'hx-trigger="every 5s"' in shown.text
    assert "1,234,567" not in shown.text
    marks = ActiveFolder(place.world.recordings_dir)
    marks.make()
    marks.mark(attrs.evolve(found, tracks=(attrs.evolve(found.tracks[0], datagrams=1_234_567),)))
    again = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert "1,234,567" in again.text
    assert {*place.world.engine.calls} <= {"read_status"}  # the watch over sources does


@pytest_twisted.ensureDeferred
async def test_files_that_are_gone_are_said_to_be(place: Place) -> None:
    """And are no fault of the page."""
    browser = await place.administrator()
    recording_id = place.world.recording()
    shown = await browser.get(f"/videos/{recording_id}/certificate", HX_Request="true")
    assert shown.status == 200
    assert "tell nothing yet" in shown.text
