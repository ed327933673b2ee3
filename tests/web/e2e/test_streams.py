"""A recording sent out from the page: what arrives is what was recorded, and the page tells."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.harness import Receiver, free_udp_port, wait_for

from .conftest import PATIENCE_S, Studio, Tape


def test_a_stream_is_started_watched_and_stopped_on_the_page(
    studio: Studio, tapes: tuple[Tape, Tape]
) -> None:
    """The bytes come as they were recorded; the page shows how far it is, and ends it."""
    tape = tapes[0]
    (track,) = studio.server.show("recording", "show", tape.id)["tracks"]
    recorded = b"".join(Path(one["path"]).read_bytes() for one in track["segments"])
    page = studio.page()
    page.goto(f"/videos/{tape.id}")
    streams = page.locator("#streams")
    with Receiver(port=free_udp_port()) as receiver:
        if not streams.get_by_label("Address").is_visible():
            streams.get_by_text("Stream to an address").click()
        streams.get_by_label("Address").fill("127.0.0.1")
        streams.get_by_label("Port").fill(str(receiver.port))
        streams.get_by_label("Begin again").check()
        streams.get_by_role("button", name="Start").click()
        receiver.await_datagrams(100, PATIENCE_S)
        position = streams.locator("[data-position]")
        first = float(position.get_attribute("data-position") or -1)

        def at() -> float:
            return float(position.get_attribute("data-position") or -1)

        wait_for(lambda: at() > first + 1, PATIENCE_S, "a position that moves on")
        assert streams.get_by_role("progressbar").get_attribute("value") is not None
        streams.get_by_role("button", name="Stop").click()
        expect(streams.get_by_text("ended").first).to_be_visible()
        expect(streams.get_by_role("progressbar")).to_have_count(0)
        receiver.await_silence()
        assert recorded.startswith(receiver.data[: 100 * 1316])
    page.context.close()
