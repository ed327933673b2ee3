"""Live sources in the browser: side by side, and previews of what it cannot play."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import uuid4

from playwright.sync_api import expect

from tests.harness import free_udp_port, wait_for
from tests.harness.encoder import encoder

from .conftest import CAMERAS, PATIENCE_S, Studio
from .screen import MANY_COLOURS, colours, moves

MPEG2 = ("mpeg2video", "-b:v", "1M")
HEVC = ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
_PLAYING = """() => [...document.querySelectorAll('[data-live]')]
  .filter((figure) => figure.picture.isOn).map((figure) => figure.picture.inView)"""


def test_four_sources_move_side_by_side(studio: Studio) -> None:
    """Sources that are watched and not recorded are received; all their pictures are live."""
    session, _ = studio.session(CAMERAS)
    page = studio.page()
    page.goto(f"/live/{session}")
    videos = page.locator("[data-live] video")
    expect(videos).to_have_count(CAMERAS)
    for number, video in enumerate(videos.all(), 1):
        moves(video, PATIENCE_S, f"camera {number}")
    assert page.locator("[data-live] [data-note]").all_inner_texts() == [""] * CAMERAS
    # Four streams without an end leave the buttons what they need of the browser's connections.
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("timer")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    page.context.close()


def test_a_long_page_plays_what_is_in_view(studio: Studio) -> None:
    """Never more than four at a time: a browser's connections are few, and buttons need some."""
    sessions = [studio.session(CAMERAS)[0] for _ in range(3)]
    page = studio.page()
    page.goto("/live")
    for session in sessions:
        figure = page.locator(f"[data-live*='{session}']").first
        figure.evaluate("figure => figure.scrollIntoView({ block: 'center' })")
        moves(figure.locator("video"), PATIENCE_S, f"session {session}")
        in_view = page.evaluate(_PLAYING)
        assert all(in_view)
        assert 1 <= len(in_view) <= CAMERAS
    page.context.close()


def test_what_the_browser_cannot_play_is_named_and_previewed(studio: Studio) -> None:
    """By what the source's tables say; and the preview of it shows pictures that move."""
    ports = {"MPEG-2 video": free_udp_port(), "H.265": free_udp_port()}
    urls = [f"udp://@127.0.0.1:{port}" for port in ports.values()]
    name = uuid4().hex[:6]
    sources = [studio.server.hmpctl("source", "add", f"{name} {url}", url) for url in urls]
    session, _ = studio.session_of(*sources)
    page = studio.page()
    with ExitStack() as sending:
        sending.enter_context(encoder(ports["MPEG-2 video"], video=MPEG2, audio="mp2"))
        sending.enter_context(encoder(ports["H.265"], video=HEVC))
        page.goto(f"/live/{session}")
        for codec, figure in zip(ports, page.locator("[data-live]").all(), strict=True):
            note = figure.locator("[data-note]")
            expect(note).to_have_text(f"The picture is {codec}, which this browser cannot play.")
            figure.get_by_role("button", name="Show a preview").click()
        for codec, figure in zip(ports, page.locator("[data-live]").all(), strict=True):
            moves(figure.locator("video"), PATIENCE_S, f"{codec} coded anew")
            expect(figure.locator("[data-note]")).to_contain_text("Preview")
    page.context.close()


def test_a_picture_goes_with_the_right_to_it(studio: Studio) -> None:
    """A user who is removed sees no more within a few seconds, but the way in."""
    session, _ = studio.session()
    name = studio.guest()
    with studio.server.client() as client:
        client.result("shareSessionWithUser", name, "WATCH", session)
        guest = studio.page(name)
        guest.goto(f"/live/{session}")
        video = guest.locator("[data-live] video")
        wait_for(lambda: colours(video) >= MANY_COLOURS, PATIENCE_S, "a picture for the guest")
    studio.server.hmpctl("user", "remove", name)
    expect(guest.get_by_role("heading", name="Sign in")).to_be_visible()
    guest.context.close()
