"""From an encoder's packets to a frame in the browser, and all that people do on the way."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.harness import wait_for
from tests.harness.encoder import decode_errors

from .conftest import PASSWORD, PATIENCE_S, Studio, Tape
from .screen import MANY_COLOURS, colours, current_time


def _clock(text: str) -> int:
    minutes, seconds = text.split(":")[-2:]
    return 60 * int(minutes) + int(seconds)


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


def test_a_recording_made_in_the_browser_plays_there(studio: Studio) -> None:
    """Record, mark, stop, open, play; and a HotMark leads to its second."""
    session, title = studio.session()
    page = studio.page()
    page.goto(f"/live/{session}")
    page.get_by_role("button", name="Record", exact=True).click()
    clock = page.get_by_role("timer")
    expect(clock).to_be_visible()
    wait_for(lambda: _clock(clock.inner_text()) >= 3, PATIENCE_S, "three seconds on the clock")
    page.get_by_label("HotMark").fill("The goal")
    page.get_by_role("button", name="HotMark", exact=True).click()
    expect(page.get_by_text("HotMark set.")).to_be_visible()
    wait_for(lambda: _clock(clock.inner_text()) >= 6, PATIENCE_S, "six seconds on the clock")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    page.goto("/videos")
    page.get_by_role("link", name=title).click()
    (recording,) = studio.server.show("session", "show", session)["recordings"]
    page.wait_for_url(f"**/videos/{recording}")
    video = page.locator("[data-track] video").first
    wait_for(lambda: video.evaluate("v => v.readyState") >= 2, PATIENCE_S, "a frame")
    video.evaluate("v => { v.muted = true; v.play(); }")
    wait_for(lambda: colours(video) >= MANY_COLOURS, PATIENCE_S, "pixels of the test picture")
    video.evaluate("v => v.pause()")
    page.locator("[data-seek]").first.click()
    mark = int(page.locator("[data-seek]").first.get_attribute("data-seek") or -1)
    assert mark >= 3
    wait_for(lambda: abs(current_time(video) - mark) < 1.5, PATIENCE_S, "the HotMark's second")
    page.context.close()


def test_a_viewer_sees_what_is_shared_and_no_more(studio: Studio, tapes: tuple[Tape, Tape]) -> None:
    """Before the share there is nothing; then it plays, and download and trim are not offered."""
    tape, name = tapes[0], studio.guest()
    guest = studio.page(name)
    assert guest.goto(f"/videos/{tape.id}").status == 404  # type: ignore[union-attr]
    owner = studio.page()
    owner.goto(f"/videos/{tape.id}")
    shares = owner.locator("#shares")
    shares.get_by_text("Share with somebody").click()
    shares.get_by_label("Name").fill(name)
    shares.get_by_label("Permission").select_option("WATCH")
    shares.get_by_role("button", name="Share", exact=True).click()
    expect(shares.get_by_text(name)).to_be_visible()
    guest.goto("/videos")
    guest.get_by_role("link", name=tape.title).click()
    video = guest.locator("[data-track] video").first
    wait_for(lambda: colours(video) >= MANY_COLOURS, PATIENCE_S, "a frame for the guest")
    expect(guest.get_by_text("you may watch it here", exact=False)).to_be_visible()
    expect(guest.get_by_role("button", name="Move to the bin")).to_have_count(0)
    refused = guest.request.get(f"{studio.base}/media/recording/{tape.id}/track/1/ts")
    assert refused.status == 403
    shares.get_by_role("listitem").filter(has_text=name).get_by_role("button").click()
    expect(shares.get_by_text(name)).to_have_count(0)
    assert guest.goto(f"/videos/{tape.id}").status == 404  # type: ignore[union-attr]
    guest.context.close()
    owner.context.close()


def test_the_library_is_filtered_by_category_and_searched(
    studio: Studio, tapes: tuple[Tape, Tape]
) -> None:
    """What is given a value in the browser is found by it, and nothing else is."""
    one, other = tapes
    category = f"Subject {one.id[:6]}"
    if category not in studio.server.hmpctl("category", "list"):
        studio.server.hmpctl("category", "add", category, "--value", "Law", "--value", "Music")
    page = studio.page()
    page.goto(f"/videos/{one.id}")
    page.get_by_role("group", name=category).get_by_label("Music").check()
    page.get_by_role("button", name="Save categories").click()
    expect(page.get_by_text("saved", exact=False).first).to_be_visible()
    page.goto("/videos")
    expect(page.get_by_role("link", name=other.title)).to_be_visible()
    page.get_by_label("Category").select_option(label=category)
    expect(page.get_by_role("link", name=one.title)).to_be_visible()
    page.get_by_role("combobox", name=category, exact=True).fill("Law")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    page.goto(f"/videos?q={other.title.split()[1]}")
    expect(page.get_by_role("link", name=other.title)).to_be_visible()
    expect(page.get_by_role("link", name=one.title)).to_have_count(0)
    page.context.close()


def test_mp4_and_trim(studio: Studio, tapes: tuple[Tape, Tape], tmp_path: Path) -> None:
    """The MP4 holds what was recorded, sound; a trimmed part is a recording of its own."""
    tape = tapes[0]
    page = studio.page()
    page.goto(f"/videos/{tape.id}")
    page.get_by_role("button", name=re.compile("Make an MP4")).click()
    save = page.get_by_role("link", name="Save")
    expect(save).to_be_visible()
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
    heading = page.get_by_role("heading", name=f"{tape.title} (part)", level=1)
    expect(heading).to_be_visible()
    video = page.locator("[data-track] video").first
    wait_for(lambda: colours(video) >= MANY_COLOURS, PATIENCE_S, "a frame of the part")
    part = page.url.rsplit("/", 1)[1]
    shown = studio.server.show("recording", "show", part)
    assert 2.5 <= shown["duration_s"] <= 4.5
    page.context.close()
