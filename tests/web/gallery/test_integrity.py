"""The certificate in a real browser, of a real recording over a bad line."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.harness import wait_for

from .library import Library
from .tour import settle, signed_in

WAIT_MS = 60_000


def opened(browser: Browser, library: Library, name: str) -> Page:
    """The page of a recording, with its certificate."""
    page = signed_in(browser, library)
    page.goto(library.pages[name])
    settle(page)
    return page


def drawn(page: Page, track: int, band: str) -> Locator:
    """What is drawn of a kind on a track's line."""
    name = re.compile(f"Timeline of track {track}")
    return page.get_by_role("img", name=name).locator(f"rect.{band}")


def test_a_bad_line_is_said_drawn_and_listed(browser: Browser, library: Library) -> None:
    """In the sentence, on its own track's line at its time, and in the table."""
    page = opened(browser, library, "recording")
    verdict = page.locator("#certificate .verdict")
    expect(verdict).to_contain_text("Not complete: track 1 (Theatre 2, remote): 1 gap of 2.")
    expect(verdict).to_contain_text("datagrams lost")
    expect(verdict).to_contain_text("The other track is complete.")
    for track in (1, 2):
        expect(drawn(page, track, "recorded")).to_have_count(2)
        expect(drawn(page, track, "pause")).to_have_count(1)
    expect(drawn(page, 1, "gap")).to_have_count(1)
    expect(drawn(page, 2, "gap")).to_have_count(0)
    pause, gap = (drawn(page, 1, band).bounding_box() for band in ("pause", "gap"))
    assert pause is not None
    assert gap is not None
    assert pause["x"] + pause["width"] < gap["x"], "the line fell silent after the pause"
    rows = page.locator("#certificate tr", has_text="nothing came for")
    expect(rows).to_have_count(1)
    page.context.close()


def test_an_event_leads_to_its_second(browser: Browser, library: Library) -> None:
    """As a HotMark does."""
    page = opened(browser, library, "recording")
    button = page.locator("#certificate tr", has_text="nothing came for").get_by_role("button")
    second = int(button.get_attribute("data-seek") or -1)
    assert second > 2
    video = page.locator("[data-track] video").first
    wait_for(lambda: video.evaluate("one => one.readyState") >= 1, 60, "a track that is loaded")
    button.click()
    clock = page.locator("[data-player-clock]")
    wait_for(lambda: abs(_seconds(clock.inner_text()) - second) <= 1, 60, "the event's second")
    page.context.close()


def _seconds(text: str) -> int:
    minutes, seconds = text.split(":")
    return 60 * int(minutes) + int(seconds)


def test_every_byte_is_verified_from_the_page(browser: Browser, library: Library) -> None:
    """The button reads all files, and the page says what came of it."""
    page = opened(browser, library, "recording-streamed")
    expect(page.locator("#certificate .verdict")).to_contain_text("Complete:")
    page.get_by_role("button", name="Verify now").click()
    told = page.locator("#certificate .checking")
    expect(told).to_contain_text("1 file, every byte as it was recorded", timeout=WAIT_MS)
    expect(told.get_by_text("Sound")).to_be_visible()
    page.context.close()
