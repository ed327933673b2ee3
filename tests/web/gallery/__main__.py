"""``python -m tests.web.gallery FOLDER``: every page as a picture, light, dark, wide, narrow."""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.harness import wait_for

from ..e2e.conftest import CHROMIUM, OPTIONS
from .library import Library, furnished
from .tour import overflow, paths_of, settle, signed_in

SCHEMES = ("light", "dark")
WIDTHS = {"wide": 1280, "narrow": 360}
QUIET_S = 12
_ALL_MOVE = "all => all.every(one => one.readyState >= 2)"
PICTURES_S = 10
"""A source that is switched off has none after any time."""


def main(folder: Path) -> int:
    """Take them; 1 if a page is wider than a narrow screen."""
    if not CHROMIUM:
        sys.exit("pictures need Chromium on PATH: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="hmp-gallery-") as place,
        furnished(Path(place), QUIET_S) as library,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        too_wide = [w for scheme in SCHEMES for w in _scheme(browser, library, scheme, folder)]
        browser.close()
    for words in too_wide:
        print(words, file=sys.stderr)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    return 1 if too_wide else 0


def _scheme(browser: Browser, library: Library, scheme: str, folder: Path) -> list[str]:
    outside = browser.new_context(base_url=library.base, color_scheme=scheme).new_page()
    too_wide = _sights(outside, {"sign-in": "/sign-in"}, scheme, folder)
    outside.context.close()
    page = signed_in(browser, library, color_scheme=scheme)
    too_wide += _sights(page, paths_of(page, library), scheme, folder)
    page.context.close()
    return too_wide


def _sights(page: Page, paths: dict[str, str], scheme: str, folder: Path) -> list[str]:
    too_wide = []
    for name, path in paths.items():
        page.goto(path)
        settle(page)
        _await_pictures(page)
        for width_name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=folder / f"{name}-{scheme}-{width_name}.png", full_page=True)
        too_wide += overflow(page)
        page.set_viewport_size({"width": WIDTHS["wide"], "height": 800})
    return too_wide


def _await_pictures(page: Page) -> None:
    moving = page.locator("video")
    with suppress(AssertionError):
        wait_for(lambda: moving.evaluate_all(_ALL_MOVE), PICTURES_S, "picture in every video")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")))
