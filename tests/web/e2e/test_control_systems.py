"""Control systems and the page: the switch, who is connected, and what they send, as it is sent."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.harness import Client, ClosedError, wait_for

from .conftest import PATIENCE_S, Studio

PANEL = "127.0.0.77"


def _switch(page: Page, word: str) -> None:
    page.get_by_role("button", name=f"Turn it {word}").click()
    expect(page.get_by_role("heading", name=f"Command Line API is {word}")).to_be_visible()


def _is_refused(studio: Studio) -> bool:
    try:
        studio.server.client().close()
    except ConnectionRefusedError:
        return True
    return False


def _is_served(studio: Studio) -> Client | None:
    """A connection of the panel's that is answered, if it is let in."""
    try:
        client = studio.server.client(PANEL)
        if client.exchange(b"x\n") == b"ERROR|000002|Command not found\n":
            return client
        client.close()
    except (OSError, ClosedError):
        return None
    return None


def test_a_device_connects_as_soon_as_the_page_lets_it(studio: Studio) -> None:
    """Switched off nothing listens; switched on a device that was added is served, and is shown."""
    page = studio.page()
    page.goto("/administration/access")
    try:
        _switch(page, "off")
        wait_for(lambda: _is_refused(studio), PATIENCE_S, "a connection that is refused")
        _switch(page, "on")
    finally:
        studio.server.hmpctl("api", "enable")
    wait_for(lambda: not _is_refused(studio), PATIENCE_S, "a port that is open again")
    with studio.server.client(PANEL) as stranger:
        assert stranger.rest() == b"ERROR|020000|Not Authorized\n"
    name = f"Panel {uuid4().hex[:6]}"
    form = page.locator("form").filter(has=page.get_by_role("button", name="Add"))
    form.get_by_label("Name").fill(name)
    form.get_by_label("Address").fill(PANEL)
    form.get_by_role("button", name="Add").click()
    with wait_for(lambda: _is_served(studio), PATIENCE_S, "a device that is served"):
        connected = page.locator("#connected")
        expect(connected.get_by_role("row").filter(has_text=name)).to_contain_text(PANEL)
    expect(connected.get_by_text(name)).to_have_count(0)
    studio.server.hmpctl("device", "remove", name)
    page.context.close()


def test_the_console_shows_what_a_device_sends_as_it_does(studio: Studio) -> None:
    """Bytes both ways, live; a filter hides, a pause holds back, clearing empties."""
    page = studio.page()
    page.goto("/console")
    expect(page.locator("#trace-state")).to_have_text("live")
    trace, mark = page.locator("#trace"), uuid4().hex[:8]
    with studio.server.client() as client:
        session = client.result("createSession", f"Trace {mark}")
        made = trace.locator("li").filter(has_text=mark)
        expect(made).to_contain_text(f'createSession "Trace {mark}"\\n')
        expect(made).to_contain_text(f"OK|{session}\\n")
        made.get_by_text("Bytes", exact=True).click()
        sent = f'createSession "Trace {mark}"\n'.encode()
        expect(made.locator("pre").first).to_contain_text(sent[:16].hex(" "))
        assert client.ask("deleteSession", "Nobody").startswith("ERROR|010001")
        failed = trace.locator("li.failed").filter(has_text="deleteSession")
        expect(failed.first).to_be_visible()
        page.locator("#trace-filter").fill("ERROR|010001")
        expect(made).to_be_hidden()
        expect(failed.first).to_be_visible()
        page.locator("#trace-filter").fill("")
        expect(made).to_be_visible()
        page.locator("#trace-pause").click()
        client.result("setLiveSession", session, "true")
        expect(page.locator("#trace-state")).to_have_text("paused, 1 waiting")
        live = trace.locator("li").filter(has_text=f"setLiveSession {session}")
        expect(live).to_have_count(0)
        page.locator("#trace-pause").click()
        expect(live).to_be_visible()
        page.locator("#trace-clear").click()
        expect(trace.locator("li")).to_have_count(0)
        client.result("deleteSession", session)
        expect(trace.locator("li").filter(has_text="deleteSession")).to_have_count(1)
    page.context.close()
