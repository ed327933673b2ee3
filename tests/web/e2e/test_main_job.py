"""From an encoder's packets to a frame in the browser, and all that people do on the way."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.harness import wait_for
from tests.harness.encoder import decode_errors

from .conftest import PASSWORD, Studio
from .screen import MANY_COLOURS, colours, current_time


def session_of(studio: Studio) -> tuple[str, str]:
    """The ID and title of a new live session with the source."""
    title = f"Show {uuid4().hex[:6]}"
    with studio.server.client() as client:
        session = client.ask("createSession", title).removeprefix("OK|")
        assert client.ask("addSourceToSession", session, studio.source_id) == "OK"
        assert client.ask("setLiveSession", session, "true") == "OK"
    return session, title


def record(studio: Studio, page: Page, session: str, seconds: float = 6.0) -> str:
    """Record from the web page, with a HotMark on the way; gives the recording's ID."""
    page.goto(f"/live/{session}")
    page.get_by_role("button", name="Record", exact=True).click()
    clock = page.get_by_role("timer")
    expect(clock).to_be_visible()
    wait_for(lambda: _clock(clock.inner_text()) >= 3, 20, "three seconds on the clock")
    page.get_by_label("HotMark").fill("The goal")
    page.get_by_role("button", name="HotMark", exact=True).click()
    expect(page.get_by_text("HotMark set.")).to_be_visible()
    wait_for(lambda: _clock(clock.inner_text()) >= seconds, 30, "the recording's length")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    (recording,) = studio.server.show("session", "show", session)["recordings"]
    return str(recording)


def _clock(text: str) -> int:
    minutes, seconds = text.split(":")[-2:]
    return 60 * int(minutes) + int(seconds)


def test_live_pictures_play_from_the_bytes_as_they_arrive(studio: Studio) -> None:
    """A source that is watched and not recorded is received; its frames are on the screen."""
    session, _ = session_of(studio)
    page = studio.page()
    page.goto(f"/live/{session}")
    video = page.locator("[data-live] video")
    wait_for(lambda: colours(video) >= MANY_COLOURS, 30, "a live picture")
    before = current_time(video)
    wait_for(lambda: current_time(video) > before + 1, 20, "a picture that moves on")
    assert page.locator("[data-live] [data-note]").inner_text() == ""
    page.close()


def test_a_recording_made_in_the_browser_plays_there(studio: Studio) -> None:
    """Record, mark, stop, open, play; and a HotMark leads to its second."""
    session, title = session_of(studio)
    page = studio.page()
    recording = record(studio, page, session)
    page.goto("/videos")
    page.get_by_role("link", name=title).click()
    page.wait_for_url(f"**/videos/{recording}")
    video = page.locator("[data-track] video").first
    wait_for(lambda: video.evaluate("v => v.readyState") >= 2, 30, "a frame")
    video.evaluate("v => { v.muted = true; v.play(); }")
    wait_for(lambda: colours(video) >= MANY_COLOURS, 30, "pixels of the test picture")
    video.evaluate("v => v.pause()")
    page.locator("[data-seek]").first.click()
    mark = int(page.locator("[data-seek]").first.get_attribute("data-seek") or -1)
    assert mark >= 3
    wait_for(lambda: abs(current_time(video) - mark) < 1.5, 20, "the HotMark's second")
    page.close()


def test_a_viewer_sees_what_is_shared_and_no_more(studio: Studio) -> None:
    """Before the share there is nothing; then it plays, and download and trim are not offered."""
    session, title = session_of(studio)
    page = studio.page()
    recording = record(studio, page, session, 4.0)
    guest = studio.page("vic")
    assert guest.goto(f"/videos/{recording}").status == 404  # type: ignore[union-attr]
    with studio.server.client() as client:
        assert client.ask("shareRecordingWithUser", "vic", "WATCH", recording) == "OK"
    guest.goto("/videos")
    guest.get_by_role("link", name=title).click()
    video = guest.locator("[data-track] video").first
    wait_for(lambda: colours(video) >= MANY_COLOURS, 30, "a frame for the guest")
    expect(guest.get_by_text("you may watch it here", exact=False)).to_be_visible()
    refused = guest.request.get(f"{studio.base}/media/recording/{recording}/track/1/ts")
    assert refused.status == 403
    guest.close()
    page.close()


def test_mp4_and_trim(studio: Studio, tmp_path: Path) -> None:
    """The MP4 holds what was recorded, sound; a trimmed part is a recording of its own."""
    session, title = session_of(studio)
    page = studio.page()
    recording = record(studio, page, session, 7.0)
    page.goto(f"/videos/{recording}")
    page.get_by_role("button", name=re.compile("Make an MP4")).click()
    save = page.get_by_role("link", name="Save")
    expect(save).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        save.click()
    target = tmp_path / "download.mp4"
    download.value.save_as(target)
    assert target.stat().st_size > 50_000
    assert decode_errors(target) == ""
    page.get_by_text("Make a part of it a recording").click()
    page.locator("[name=from]").fill("0:02")
    page.locator("[name=to]").fill("0:05")
    page.get_by_role("button", name="Trim", exact=True).click()
    page.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", name=f"{title} (part)", level=1)).to_be_visible()
    video = page.locator("[data-track] video").first
    wait_for(lambda: colours(video) >= MANY_COLOURS, 30, "a frame of the part")
    part = page.url.rsplit("/", 1)[1]
    shown = studio.server.show("recording", "show", part)
    assert 2.5 <= shown["duration_s"] <= 4.5
    page.close()


def test_signing_in_takes_the_right_password(studio: Studio) -> None:
    """A wrong one is refused in words."""
    context = studio.browser.new_context(base_url=studio.base)
    page = context.new_page()
    page.goto("/videos")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD + "!")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").or_(page.locator(".error")).first).to_be_visible()
    assert "/sign-in" in page.url
    context.close()
