"""What administrators keep is kept through the pages, by the directory's own rules."""

from __future__ import annotations

import pytest
import pytest_twisted

from tests.web.conftest import Place

EVIL = '"><script>alert(1)</script>'
PAGES = (
    *("access", "sources", "categories", "users", "groups", "roles", "permissions"),
    *("storage", "system", "events"),
)


@pytest_twisted.ensureDeferred
async def test_every_page_shows(place: Place) -> None:
    """Also while there is nothing to show; the first one leads to another."""
    browser = await place.administrator()
    for page in PAGES:
        answer = await browser.get(f"/administration/{page}")
        assert answer.status == 200, f"{page}: {answer.text}"
        assert "<h1>" in answer.text
    assert (await browser.get("/console")).status == 200
    assert (await browser.get("/administration")).location == "/administration/access"


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("access", {"address": "10.0.0.7"}),
        ("sources", {"url": "udp://@239.1.2.3:5000"}),
        ("categories", {"values": f"one\n{EVIL}", "custom": "1"}),
        ("users", {"display_name": EVIL}),
        ("groups", {}),
        ("roles", {"action": "watch"}),
        ("permissions", {"action": ["watch", "edit"]}),
    ],
)
async def test_one_is_added_changed_and_removed(place: Place, page: str, fields: dict) -> None:
    """Text that would be markup is text; the event log tells of each change."""
    browser = await place.administrator()
    url, table = f"/administration/{page}", "devices" if page == "access" else page
    assert (await browser.post(url, {"name": EVIL, **fields})).status == 303
    shown = (await browser.get(url)).text
    assert EVIL not in shown
    assert "&lt;script&gt;" in shown
    (row,) = place.world.rows(table, name=EVIL)
    changed = await browser.post(f"{url}/{row['id']}", {"name": "Other", **fields})
    assert changed.status == 303, changed.text
    assert place.world.row(table, row["id"])["name"] == "Other"
    assert (await browser.post(f"{url}/{row['id']}/remove")).status == 303
    assert place.world.rows(table, id=row["id"]) == []
    told = [event.text for _, event in place.watch.events.ring.after(0)]
    assert any("added" in text and "script" in text for text in told)
    assert any("removed" in text and "Other" in text for text in told)
    assert EVIL not in (await browser.get("/administration/events")).text


@pytest_twisted.ensureDeferred
async def test_the_last_administrator_stays(place: Place) -> None:
    """Nobody could give the right back."""
    browser = await place.administrator()
    (row,) = place.world.rows("users", name="root")
    answer = await browser.post(f"/administration/users/{row['id']}/remove")
    assert answer.status == 409
    assert "nobody who can sign in" in answer.text.lower()
    assert place.world.rows("users", name="root")


@pytest_twisted.ensureDeferred
async def test_the_switch_turns_the_api_on(place: Place) -> None:
    """As hmpctl does."""
    browser = await place.administrator()
    await browser.post("/administration/access/switch", {"enabled": "true"})
    assert "is on" in (await browser.get("/administration/access")).text


@pytest_twisted.ensureDeferred
async def test_a_source_is_tried_before_it_is_saved(place: Place) -> None:
    """What came is told; and why nothing did."""
    browser = await place.administrator()
    heard = {"seconds": 2.0, "datagrams": 0, "packets": 0}
    place.world.engine.heard = heard
    fields = {"url": "udp://@239.1.2.3:5000"}
    answer = await browser.post("/administration/sources/test", fields, HX_Request="true")
    assert "Nothing came" in answer.text
    streams = [{"number": 7, "pcr_pid": 257, "streams": [[257, 0x1B]]}]
    more = {"sender": "10.0.0.9:1", "foreign": 0, "rtp": False, "bits_per_second": 8e6}
    place.world.engine.heard = {**heard, "datagrams": 9, "packets": 63, **more} | {
        "programmes": streams
    }
    answer = await browser.post("/administration/sources/test", fields, HX_Request="true")
    assert "8.00 Mbit/s" in answer.text
    assert "H.264" in answer.text


@pytest_twisted.ensureDeferred
async def test_the_console_shows_the_bytes(place: Place) -> None:
    """What was sent and answered; arguments that would be markup are text, in the trace, too."""
    browser = await place.administrator()
    lines = {"lines": f'createSession "a\n{EVIL}', "as": ""}
    answer = await browser.post("/console/send", lines, HX_Request="true")
    assert "ERROR|000001|Syntax Error\\n" in answer.text
    assert EVIL not in answer.text
    assert EVIL not in (await browser.get("/console")).text
    good = {"lines": 'createSession "a b"', "as": ""}
    answer = await browser.post("/console/send", good, HX_Request="true")
    assert "OK|" in answer.text
    assert "63 72 65 61" in answer.text
    assert [row["title"] for row in place.world.rows("sessions")] == ["a b"]


@pytest_twisted.ensureDeferred
async def test_the_console_acts_with_the_rights_of_whom_it_acts_as(place: Place) -> None:
    """A device that is tied to a user may what that user may."""
    browser = await place.administrator()
    user = place.user("vera", "watch")
    network = {"name": "panel", "address": "10.0.0.7/32", "user_id": user.user_id}
    place.world.add("devices", **network)
    fields = {"lines": "createSession x", "as": "panel (vera)"}
    answer = await browser.post("/console/send", fields, HX_Request="true")
    assert "ERROR|020000|Not Authorized" in answer.text
    gone = await browser.post("/console/send", {**fields, "as": "nobody"})
    assert gone.status == 404


@pytest_twisted.ensureDeferred
async def test_metrics_are_for_administrators_and_configured_addresses(place: Place) -> None:
    """Loopback is configured unless changed."""
    place.world.engine.status = {
        "recorder": {
            "sources": [
                {"address": "udp://@239.1.2.3:5000", "kernel_drops": 2, "lost_datagrams": 5}
            ]
        }
    }
    place.world.add("sources", name="cam", url="udp://@239.1.2.3:5000", interface="")
    text = (await place.browser().get("/metrics")).text
    lost = 'hmp_source_lost_datagrams_total{address="udp://@239.1.2.3:5000",kind="network"'
    assert f'{lost},source="cam"}} 3.0' in text
    assert "hmp_engine_up 1.0" in text
    assert 'hmp_command_duration_seconds_bucket{command="createSession",le="+Inf"} 0.0' in text
