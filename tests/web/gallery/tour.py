"""Every page that somebody can come to: by following the links, one page of a kind."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from .library import PASSWORD, Library

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_NO_PAGE = re.compile(r"^/(media|static|healthz|metrics)\b|^/sign-out|/clock$")
_LINKS = "links => links.map(a => a.getAttribute('href').split(/[?#]/)[0])"
NARROWEST = 320
"""Here nothing is wider than the screen: WCAG 2.2, 1.4.10 (reflow)."""
ENOUGH = 60
"""Kinds of pages; more would mean that something in a path varies that is no ID."""


def signed_in(browser: Browser, library: Library, name: str = "ada", **options: object) -> Page:
    """A page of somebody's own browser, after signing in."""
    context: BrowserContext = browser.new_context(base_url=library.base, **options)  # type: ignore[arg-type]  # any of its options
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto("/sign-in")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def paths_of(page: Page, library: Library) -> dict[str, str]:
    """Path by name, of one page of each kind and of all that the library names."""
    found = dict(library.pages)
    kinds, queue = {kind(path) for path in found.values()}, ["/live", *found.values()]
    while queue:
        page.goto(queue.pop(0), wait_until="domcontentloaded")
        for path in page.eval_on_selector_all("a[href^='/']", _LINKS):
            if kind(path) not in kinds and not _NO_PAGE.search(path) and path != "/":
                kinds.add(kind(path))
                queue.append(path)
                found[name_of(path)] = path
    assert len(found) < ENOUGH, found
    return {**found, "error": "/nothing-here"}


def kind(path: str) -> str:
    """The path without what differs between things of one kind."""
    return _ID.sub("*", path)


def name_of(path: str) -> str:
    """A file's name for the picture of a page."""
    return kind(path).strip("/").replace("/", "-").replace("*", "one")


def settle(page: Page) -> None:
    """Wait until the parts that a page fetches by itself are there."""
    expect(page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0, timeout=60_000)


def overflow(page: Page) -> list[str]:
    """What is wrong if the page is wider than the narrowest screen; empty if it fits."""
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    told = f"{page.url}: {width} px wide on a screen of {NARROWEST}"
    return [told] if width > NARROWEST else []
