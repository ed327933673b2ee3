"""What holds for every page and every act, whichever: nothing is left to the single page."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_twisted

from hmp_twisted.web import pages
from hmp_twisted.web.route import PUBLIC, SIGNED_IN, Route, checked, get
from hmp_twisted.web.site import ENOUGH, MOST_BODY

from .browser import Browser, Response
from .conftest import PASSWORD, Place

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "server": "hmp",
}


def path_of(route: Route) -> str:
    """A path that the route answers."""
    path = re.sub(r"<uuid:\w+>", str(uuid4()), route.path)
    return re.sub(r"<int:\w+>", "7", re.sub(r"<path:\w+>", "base.css", path))


async def ask(browser: Browser, route: Route, **fields: str) -> Response:
    """Use a route."""
    if route.method == "GET":
        return await browser.get(path_of(route))
    return await browser.post(path_of(route), fields)


@pytest_twisted.ensureDeferred
async def test_nothing_but_what_is_public_is_open_to_strangers(place: Place) -> None:
    """A page leads to the sign-in, an act is refused."""
    stranger = place.browser()
    await stranger.get("/sign-in")
    closed = [route for route in place.web.routes if route.needs != PUBLIC]
    assert len(closed) > 30
    for route in closed:
        answer = await ask(stranger, route)
        if route.method == "GET":
            assert answer.status == 303, route.name
            assert answer.location.startswith("/sign-in?next="), route.name
        else:
            assert answer.status == 401, route.name


def test_what_is_public_is_little(place: Place) -> None:
    """A new public page is a decision that this list is to witness."""
    public = {route.name for route in place.web.routes if route.needs == PUBLIC}
    assert public == {
        "GET /healthz",
        "GET /sign-in",
        "POST /sign-in",
        "GET /first",
        "POST /first",
        "GET /static/<path:name>",
        "GET /metrics",
    }


@pytest_twisted.ensureDeferred
async def test_no_act_works_without_its_csrf_token(place: Place) -> None:
    """Neither without one, nor with another sign-in's, and whatever rights one has."""
    browser = await place.administrator()
    (other, _) = await place.signed_in("eve")
    for route in place.web.routes:
        if route.method == "POST":
            for token in ("", "0" * 64, other.csrf, "ü"):
                answer = await ask(browser, route, csrf=token)
                assert answer.status == 403, f"{route.name} {token}"
                assert "too long" in answer.text
    assert (await browser.get("/live")).status == 200, "still signed in"


@pytest_twisted.ensureDeferred
async def test_an_act_asked_for_by_another_site_is_refused(place: Place) -> None:
    """Even with the token, if it ever leaked."""
    browser = await place.administrator()
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ):
        answer = await browser.post("/sessions", {"title": "planted"}, **headers)
        assert answer.status == 403, headers
    assert place.world.rows("sessions") == []
    own = {"Origin": place.base, "Sec_Fetch_Site": "same-origin"}
    assert (await browser.post("/sessions", {"title": "own"}, **own)).status == 303


@pytest_twisted.ensureDeferred
async def test_what_a_role_must_grant_is_closed_to_others(place: Place) -> None:
    """Every route that names an action is refused to a user whose roles do not grant it."""
    browser, _ = await place.signed_in("vera", "watch")
    narrow = [route for route in place.web.routes if route.needs not in (PUBLIC, SIGNED_IN)]
    assert narrow
    for route in narrow:
        assert (await ask(browser, route)).status == 403, route.name


@pytest_twisted.ensureDeferred
async def test_every_answer_has_the_security_headers(place: Place) -> None:
    """Pages, refusals, redirects, and what is no page at all."""
    browser = await place.administrator()
    answers = [await ask(browser, route) for route in place.web.routes if route.method == "GET"]
    answers += [await browser.get("/nothing"), await place.browser().get("/live")]
    answers += [await browser.post("/sessions", {"csrf": ""}), await browser.post("/live")]
    for answer in answers:
        for name, value in HEADERS.items():
            if name != "cache-control" or "text/css" not in answer.header("content-type"):
                assert answer.header(name) == value, f"{answer.status} {name}"
        policy = answer.header("content-security-policy")
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest_twisted.ensureDeferred
async def test_no_page_holds_what_the_content_policy_forbids(place: Place) -> None:
    """No script and no style is written into a page; nothing is loaded from elsewhere."""
    browser = await place.administrator()
    place.world.session(place.world.source(), live=True)
    for path in ("/live", "/videos", "/videos/bin", "/sessions", "/nothing"):
        page = (await browser.get(path)).text
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page), path
        assert not re.search(r"(src|href)=\"(?!/|#)", page), path


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("hmp.example@evil.example", 421),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("localhost:1", 200),
        ("HMP.Example.", 200),
    ],
)
async def test_only_own_hosts_are_answered(place: Place, host: str, status: int) -> None:
    """A name that was turned to this machine is refused: DNS rebinding."""
    assert (await place.browser().get("/healthz", Host=host)).status == status


@pytest_twisted.ensureDeferred
async def test_a_form_that_is_too_large_is_refused(place: Place) -> None:
    """It is thrown away as it comes, and said so."""
    browser = await place.administrator()
    answer = await browser.post("/sessions", {"title": "x" * MOST_BODY})
    assert answer.status == 413
    assert place.world.rows("sessions") == []
    assert ENOUGH > MOST_BODY


@pytest_twisted.ensureDeferred
async def test_text_that_is_none_is_refused(place: Place) -> None:
    """What is not UTF-8, and a NUL."""
    browser = await place.administrator()
    for title in (b"\xff", "a\0b"):
        assert (await browser.post("/sessions", {"title": title})).status == 400
    assert (await browser.get("/videos?q=%FF")).status == 400


@pytest_twisted.ensureDeferred
async def test_what_is_no_page_is_said_in_words(place: Place) -> None:
    """An unknown path, and a method that a path does not have."""
    browser = await place.administrator()
    for path in ("/nothing", "/videos/not-an-id", "/videos/../sessions", "/static/../../tap.py"):
        answer = await browser.get(path)
        assert answer.status == 404, path
        assert "Not found" in answer.text or "no such" in answer.text
    assert (await browser.post("/live")).status == 405
    assert (await browser.get("/sign-out")).status == 405


@pytest_twisted.ensureDeferred
async def test_htmx_gets_refusals_beside_the_page(place: Place) -> None:
    """The page and what was typed stay; only the words come."""
    browser = await place.administrator()
    answer = await browser.post("/sessions", {"title": ""}, HX_Request="true")
    assert answer.status == 400
    assert answer.header("hx-retarget") == "#flash"
    assert "<html" not in answer.text
    assert "at least one character" in answer.text


@pytest_twisted.ensureDeferred
async def test_htmx_is_sent_on_by_its_own_header(place: Place) -> None:
    """A redirect that the browser would follow by itself would be swapped into a part."""
    browser = await place.administrator()
    answer = await browser.post("/sessions", {"title": "Evening"}, HX_Request="true")
    assert answer.status == 204
    assert answer.header("hx-redirect").startswith("/sessions/")


@pytest_twisted.ensureDeferred
async def test_a_database_fault_is_said_in_words(place: Place) -> None:
    """Nothing of the fault itself leaves the server."""
    browser = await place.administrator()
    place.world.fail_writes("sessions", on="INSERT")
    answer = await browser.post("/sessions", {"title": "Evening"})
    assert answer.status == 503
    assert "database" in answer.text
    assert "fire" not in answer.text


@pytest_twisted.ensureDeferred
async def test_health_is_told_to_anybody(place: Place) -> None:
    """With 200 while the database answers."""
    answer = await place.browser().get("/healthz")
    assert (answer.status, answer.text) == (200, "ok\n")


def test_a_route_declared_twice_is_refused() -> None:
    """Also under other names of what the path holds."""

    async def act(visit: object) -> None:
        raise AssertionError("it is never called")

    twice = [get("/a/<uuid:x>", act), get("/a/<uuid:y>", act)]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="twice"):
        checked([twice])
    with pytest.raises(ValueError, match="no path"):
        get("/A", act)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing that a role grants"):
        get("/a", act, "fly")  # type: ignore[arg-type]


def test_every_page_group_has_templates_of_its_own() -> None:
    """A group is found by its name, in the code and among the templates."""
    folder = Path(pages.__file__).parent.parent / "templates"
    assert {"about", "live", "sessions", "sign_in", "videos"} <= {p.name for p in folder.iterdir()}


@pytest_twisted.ensureDeferred
async def test_static_files_are_kept_for_good_by_their_content(place: Place) -> None:
    """With the tag in the URL; without, a browser asks again and is told that nothing changed."""
    browser = place.browser()
    page = (await browser.get("/sign-in")).text
    urls = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(urls) >= 5
    for url in urls:
        answer = await browser.get(url)
        assert answer.status == 200, url
        assert "immutable" in answer.header("cache-control")
        again = await browser.get(url.split("?")[0], If_None_Match=answer.header("etag"))
        assert (again.status, again.body) == (304, b"")
        assert again.header("cache-control") == "no-cache"
    assert PASSWORD not in page
