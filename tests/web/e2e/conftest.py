"""Debian's Chromium, a server with its engine, and cameras that send."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.harness import Server, free_tcp_port, free_udp_port, wait_for
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
HALF_S, PAUSE_S = 4.0, 1.5


PATIENCE_S = 60.0
"""For whatever is waited for: machines are slow, and busy."""
CAMERAS = 4


@attrs.frozen
class Studio:
    """A server whose web interface is open, with cameras that send."""

    server: Server
    base: str
    cameras: tuple[str, ...]
    """The IDs of sources that send the same picture."""
    browser: Browser

    def page(self, name: str = "ada", **options: object) -> Page:
        """A page of somebody's own browser, signed in."""
        context: BrowserContext = self.browser.new_context(
            base_url=self.base,
            viewport=options.pop("viewport", WIDE),
            **options,
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.goto("/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def guest(self) -> str:
        """The name of a new user who may do nothing by role."""
        name = f"guest-{uuid4().hex[:6]}"
        self.add_user(name, "Viewer")
        return name

    def session(self, cameras: int = 1) -> tuple[str, str]:
        """The ID and title of a new live session with so many cameras."""
        return self.session_of(*self.cameras[:cameras])

    def session_of(self, *sources: str) -> tuple[str, str]:
        """The ID and title of a new live session with these sources."""
        title = f"Show {uuid4().hex[:6]}"
        with self.server.client() as client:
            session = client.result("createSession", title)
            for source in sources:
                client.result("addSourceToSession", session, source)
            client.result("setLiveSession", session, "true")
        return session, title

    def add_user(self, name: str, role: str) -> None:
        """Add a user with the password."""
        add = ("user", "add", name, "--role", role, "--password-stdin")
        done = self.server.try_hmpctl(*add, stdin=PASSWORD)
        assert done.returncode == 0, done.stderr


@attrs.frozen
class Tape:
    """A recording that has ended."""

    id: str
    title: str
    pause_s: float = 0.0
    """By its clock; 0 without one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, and say so."""
    if CHROMIUM:
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="chromium is not installed: .ci/run does"))


@pytest.fixture(scope="package", autouse=True)
def _patience() -> None:
    """Playwright's expectations wait as long as everything here."""
    expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests of this folder: each uses a session of its own."""
    folder = tmp_path_factory.mktemp("studio")
    port = free_tcp_port()
    ports = [free_udp_port() for _ in range(CAMERAS)]
    web = {"endpoint": f"tcp:{port}:interface=127.0.0.1"}
    with Server(folder, {"web": web}) as server, sync_playwright() as playwright:
        server.admit()
        cameras = tuple(
            server.hmpctl("source", "add", f"Camera {n}", f"udp://@127.0.0.1:{udp}")
            for n, udp in enumerate(ports, 1)
        )
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        place = Studio(server, f"http://127.0.0.1:{port}", cameras, browser)
        place.add_user("ada", "Administrator")
        server.start()
        with encoder(*ports):
            yield place
        browser.close()


@pytest.fixture(scope="package")
def tapes(studio: Studio) -> tuple[Tape, Tape]:
    """Two recordings of eight seconds: one of one camera, one of two with a pause in the middle."""
    one, two = studio.session(1), studio.session(2)
    with studio.server.client() as client:
        single = client.result("startRecording", one[0])
        double = client.result("startRecording", two[0])
        _await_length(studio, double, HALF_S)
        client.result("pauseRecording", double)
        pause_s = float(studio.server.show("recording", "show", double)["duration_s"])
        _await_length(studio, single, HALF_S + PAUSE_S)
        client.result("resumeRecording", double)
        _await_length(studio, double, 2 * HALF_S)
        for recording in (single, double):
            client.result("stopRecording", recording)
    return Tape(single, one[1]), Tape(double, two[1], pause_s)


def _await_length(studio: Studio, recording: str, seconds: float) -> None:
    """Wait until the bytes of so many seconds of it are on disk."""

    def is_long_enough() -> bool:
        shown = studio.server.show("recording", "show", recording)
        return float(shown["duration_s"]) >= seconds

    wait_for(is_long_enough, PATIENCE_S, f"{seconds} s recorded")
