"""Without a mouse: what Tab reaches, that one sees where one is, and that it stays there."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.harness import wait_for

from .library import Library
from .tour import signed_in

_FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const words = one.innerText || one.labels?.[0]?.innerText || '';
  return {
    name: one.getAttribute('aria-label') || words.trim(),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.height > 1 && box.left >= 0,
  };
}"""
MOST_STOPS = 80


def stops(page: Page) -> list[dict[str, object]]:
    """What Tab comes to, from the top of the page to its end."""
    found = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            return found
        found.append(focused)
    raise AssertionError(f"after {MOST_STOPS} times Tab there is no end: {found[-3:]}")


def live(browser: Browser, library: Library, **options: object) -> Page:
    """The live page of a session that is being recorded."""
    page = signed_in(browser, library, **options)
    page.goto(library.pages["live-one"])
    return page


def test_the_first_tab_leads_past_the_navigation(browser: Browser, library: Library) -> None:
    """The skip link shows itself when it has the focus, and leads into the content."""
    page = signed_in(browser, library)
    page.goto("/videos")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Bin")).to_be_focused()
    page.context.close()


def test_tab_reaches_every_button_and_shows_where_it_is(browser: Browser, library: Library) -> None:
    """On the live page, where a wrong press costs most."""
    page = live(browser, library)
    page.locator("video").evaluate_all("all => all.forEach(one => one.controls = false)")
    found = stops(page)
    names = {stop["name"] for stop in found}
    wanted = {"Skip to the content", "Pause", "Stop", "HotMark", "Record once more", "Sign out"}
    assert wanted <= names, names
    assert all(stop["ringed"] and stop["seen"] for stop in found), found
    page.context.close()


def test_pause_and_resume_with_the_keyboard_alone(browser: Browser, library: Library) -> None:
    """The focus stays on the button that it was on, also when the part is renewed by itself."""
    page = live(browser, library)
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_focused(timeout=60_000)
    with page.expect_response(lambda answer: answer.url.endswith("/controls"), timeout=60_000):
        pass
    expect(resume).to_be_focused(timeout=60_000)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_focused(timeout=60_000)
    page.get_by_label("HotMark").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("HotMark set.")).to_be_visible(timeout=60_000)
    page.context.close()


def test_record_and_stop_with_the_keyboard_alone(browser: Browser, library: Library) -> None:
    """Where a button goes away the focus is on its part: a second press does nothing else."""
    page = signed_in(browser, library)
    page.goto(library.pages["session"])
    page.get_by_role("link", name="Open live").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Record", exact=True).focus()
    page.keyboard.press("Enter")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=60_000)
    part = page.locator("[id^=controls-]")
    expect(part).to_be_focused(timeout=60_000)
    stop.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Stopped.")).to_be_visible(timeout=60_000)
    expect(part).to_be_focused(timeout=60_000)
    page.context.close()


def test_what_is_unfolded_stays_so_when_the_part_renews_itself(
    browser: Browser, library: Library
) -> None:
    """The certificate of a recording that runs is fetched again and again."""
    page = signed_in(browser, library)
    page.goto(library.pages["recording-running"])
    counters = page.locator("#certificate details", has_text="Counters of ETSI TR 101 290")
    counters.locator("summary").click()
    with page.expect_response(lambda answer: answer.url.endswith("/certificate"), timeout=60_000):
        pass
    expect(counters.locator("table")).to_be_visible()
    expect(counters.locator("summary")).to_be_focused()
    page.context.close()


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, library: Library) -> None:
    """The recording badge pulses, unless the reader's system asks for less motion."""
    moving = (
        "getComputedStyle(document.querySelector('.badge.recording'), '::before').animationName"
    )
    page = live(browser, library)
    wait_for(lambda: page.evaluate(moving) == "pulse", 60, "a badge that pulses")
    page.emulate_media(reduced_motion="reduce")
    wait_for(lambda: page.evaluate(moving) == "none", 60, "a badge that keeps still")
    page.context.close()
