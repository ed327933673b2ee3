"""Everybody can use every page: what axe finds, narrow screens, and the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .library import Library
from .tour import overflow, paths_of, settle, signed_in

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")
SCHEMES = ("light", "dark")


def grave(page: Page) -> list[str]:
    """What axe calls serious or critical, light and dark, with everything unfolded."""
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: `make install` or `python setup.py vendor` fetches it")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not as a script of the page: its policy
    return [told for scheme in SCHEMES for told in _found(page, scheme)]


def _found(page: Page, scheme: str) -> list[str]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)"
    )
    return [
        f"{page.url} ({scheme}): {one['help']}: {node['html']} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def visited(page: Page, path: str) -> Page:
    """The page when it is all there."""
    page.goto(path)
    settle(page)
    return page


def test_axe_finds_nothing_serious_on_any_page(browser: Browser, library: Library) -> None:
    """Of an administrator, who sees most; and no page is wider than a narrow screen."""
    page = signed_in(browser, library)
    paths = paths_of(page, library)
    assert len(paths) > 20, paths
    found: list[str] = []
    for path in paths.values():
        found += grave(visited(page, path)) + overflow(page)
    page.context.close()
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_where_nobody_has_signed_in(
    browser: Browser, library: Library
) -> None:
    """The sign-in, also after a wrong password."""
    page = browser.new_context(base_url=library.base).new_page()
    found = grave(visited(page, "/sign-in"))
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += grave(page) + overflow(page)
    page.context.close()
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_for_who_may_only_watch(
    browser: Browser, library: Library
) -> None:
    """A page with little on it has other headings and lists."""
    page = signed_in(browser, library, "vic")
    found = [
        told
        for path in ("/live", "/videos", "/sessions", library.pages["recording"])
        for told in grave(visited(page, path)) + overflow(page)
    ]
    page.context.close()
    assert not found, "\n".join(found)
