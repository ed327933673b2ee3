"""Debian's Chromium, a server with its engine, and an encoder that sends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.harness import Server, free_tcp_port, free_udp_port
from tests.harness.encoder import encoder

PASSWORD = "correct horse battery"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
WIDE = {"width": 1280, "height": 800}


@attrs.frozen
class Studio:
    """A server whose web interface is open, with a source that sends."""

    server: Server
    base: str
    source_id: str
    browser: Browser

    def page(self, name: str = "ada", **options: object) -> Page:
        """A page of somebody's own browser, signed in."""
        context: BrowserContext = self.browser.new_context(
            base_url=self.base,
            viewport=options.pop("viewport", WIDE),
            **options,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto("/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, and say so."""
    if CHROMIUM:
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="chromium is not installed: .ci/run does"))


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests of this folder: each uses a session of its own."""
    folder = tmp_path_factory.mktemp("studio")
    port, udp = free_tcp_port(), free_udp_port()
    web = {"endpoint": f"tcp:{port}:interface=127.0.0.1"}
    with Server(folder, {"web": web}) as server, sync_playwright() as playwright:
        server.admit()
        for name, role in (("ada", "Administrator"), ("vic", "Viewer")):
            add = ("user", "add", name, "--role", role, "--password-stdin")
            done = server.try_hmpctl(*add, stdin=PASSWORD)
            assert done.returncode == 0, done.stderr
        source_id = server.hmpctl("source", "add", "Camera 1", f"udp://@127.0.0.1:{udp}")
        server.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        with encoder(udp):
            yield Studio(server, f"http://127.0.0.1:{port}", source_id, browser)
        browser.close()
