"""Whatever people call things: no text of theirs becomes markup."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted

from hmp_twisted.engine import manifest
from hmp_twisted.services.rights import ROLE_ACTIONS, Kind

from .conftest import Place

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
RAW = ("<img src=x", "<script>alert", "49", "'><", "\"'>")
"""What must not be in a page as it is. ``49`` is what a template in a text would come to."""


def check(page: str, expected: int = 1) -> None:
    """The text is there, escaped, and nowhere raw."""
    assert page.count("&lt;script&gt;alert(2)&lt;/script&gt;") >= expected, page
    for raw in RAW[:2] + RAW[3:]:
        assert raw not in page, page[max(0, page.find(raw) - 200) : page.find(raw) + 200]


@pytest_twisted.ensureDeferred
async def test_no_text_becomes_markup_on_any_page(place: Place) -> None:
    """Titles, names, values, reasons, addresses, HotMarks, file contents."""
    world = place.world
    browser, root = await place.signed_in("root", *ROLE_ACTIONS)
    world.change("users", str(root.user_id), display_name=EVIL)
    source = world.add("sources", name=EVIL, url="udp://@:5000" + EVIL)
    texts = {"title": EVIL, "description": EVIL, "createdby": EVIL}
    session = world.session(source, live=True, **texts)
    world.add("sources", name=EVIL + "2", url="udp://@:5001")
    category = world.add("categories", name=EVIL, multiple=True, custom=True)
    world.add("category_values", category_id=category, position=0, value=EVIL)
    finished = world.recording(
        session_id=session, state="ERROR", reason=EVIL, duration_s=60.0, **texts
    )
    active = world.recording("RECORDING", session_id=session, **texts)
    for recording in (finished, active):
        world.add("hotmarks", recording_id=recording, time_s=3, title=EVIL)
        world.add("streams", recording_id=recording, address="10.0.0.1" + EVIL, port=5, started=1.0)
        world.add(
            "recording_categories",
            recording_id=recording,
            category_id=category,
            position=0,
            value=EVIL,
        )
    world.add(
        "session_categories", session_id=session, category_id=category, position=0, value=EVIL
    )
    mate, permission = world.user(EVIL), world.add("permissions", name=EVIL)
    for kind, thing in ((Kind.SESSION, session), (Kind.RECORDING, finished)):
        world.share(kind, thing, permission, mate)
    tracks = (manifest.Track(1, source, EVIL, "udp://@:5000"),)
    folder = manifest.folder_of(world.recordings_dir, finished)
    Path(folder).mkdir()
    manifest.write(folder, manifest.Recording(finished, "ERROR", 1.0, 60.0, tracks=tracks))

    for path in (
        "/live",
        f"/live/{session}",
        f"/live/{session}/controls",
        "/videos",
        f"/videos?category={category}&value={EVIL.replace('#', '')}&q={'%3Cscript%3Ealert'}",
        f"/videos/{finished}",
        f"/videos/{active}",
        f"/videos/{finished}/certificate",
        "/sessions",
        f"/sessions/{session}",
    ):
        answer = await browser.get(path.replace(" ", "%20").replace('"', "%22"))
        assert answer.status == 200, path
        check(answer.text)
        assert "&#34;" in answer.text
        assert "{{7*7}}" in answer.text, "a text is no template"


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("path", ["/sign-in", "/first"])
async def test_no_text_of_a_form_becomes_markup(place: Place, path: str) -> None:
    """What was typed comes back in the form, as it was typed."""
    token = place.web._first._token
    browser = place.browser()
    await browser.get("/sign-in")
    answer = await browser.post(path, {"name": EVIL, "token": token, "password": EVIL})
    assert answer.status in (400, 401)
    check(answer.text)


@pytest_twisted.ensureDeferred
async def test_words_that_wait_for_the_next_page_are_escaped(place: Place) -> None:
    """A name in a message, after a redirect and beside a part."""
    browser = await place.administrator()
    place.user(EVIL, "watch")
    session = place.world.session()
    fields = {"subject": "user", "name": EVIL, "permission": "WATCH"}
    beside = await browser.post(f"/sessions/{session}/shares", fields, HX_Request="true")
    check(beside.text, 2)
    check((await browser.follow(await browser.post(f"/sessions/{session}/shares", fields))).text, 2)


@pytest_twisted.ensureDeferred
async def test_no_text_reaches_a_header(place: Place) -> None:
    """A path that is echoed in a redirect."""
    answer = await place.browser().get("/live%0d%0aX-Planted:%201")
    assert "x-planted" not in answer.headers
