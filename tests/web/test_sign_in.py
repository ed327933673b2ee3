"""Signing in: who may, what the cookie is worth, how often it may be tried."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_twisted
from argon2 import PasswordHasher
from twisted.internet.defer import succeed

from hmp_twisted.services import sign_ins
from hmp_twisted.services.directory import users
from hmp_twisted.web import cookies
from hmp_twisted.web.sign_in.first import FirstUser

from .conftest import PASSWORD, Place


@pytest_twisted.ensureDeferred
async def test_the_cookie_is_out_of_reach(place: Place) -> None:
    """No script reads it, no other site sends it; the database has its hash alone."""
    browser, actor = await place.signed_in()
    flags = {part.strip().lower() for part in browser.cookies_set[-1].split(";")[1:]}
    assert flags == {"path=/", "httponly", "samesite=lax"}
    (row,) = place.world.rows("web_sessions")
    token = browser.cookie.partition("=")[2]
    assert row["user_id"] == actor.user_id
    assert row["token_hash"] == cookies.digest(token)
    assert token not in str(place.world.rows("web_sessions"))


@pytest_twisted.ensureDeferred
async def test_a_token_from_before_the_sign_in_is_worth_nothing_after(place: Place) -> None:
    """Session fixation: whoever planted the cookie does not get in by it."""
    place.user("ada")
    victim, attacker = place.browser(), place.browser()
    await attacker.get("/sign-in")
    victim.cookie, victim.csrf = attacker.cookie, attacker.csrf
    await victim.sign_in("ada", PASSWORD)
    assert victim.cookie != attacker.cookie
    assert (await victim.get("/live")).status == 200
    assert (await attacker.get("/live")).status == 303


@pytest_twisted.ensureDeferred
async def test_a_token_that_was_made_up_is_not_taken(place: Place) -> None:
    """The server makes its tokens itself."""
    browser = place.browser()
    for cookie in ("hmp=secret", "hmp=" + "A" * 43, "hmp=", "hmp=" + "ü" * 3, "other=1"):
        browser.cookie = cookie
        assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong"), ("nobody", PASSWORD), ("ada", ""), ("", ""), ("ada", "x" * 5000)],
)
async def test_a_wrong_password_is_refused(place: Place, name: str, password: str) -> None:
    """In the same words, whether the name or the password is wrong."""
    place.user("ada")
    browser = place.browser()
    answer = await browser.sign_in(name, password)
    assert answer.status == 401
    assert "do not belong together" in answer.text
    assert place.world.rows("web_sessions") == []


@pytest_twisted.ensureDeferred
async def test_a_user_without_a_password_cannot_sign_in(place: Place) -> None:
    """Not with an empty one either."""
    place.world.user("device")
    for password in ("", "x"):
        assert (await place.browser().sign_in("device", password)).status == 401


@pytest_twisted.ensureDeferred
async def test_the_name_is_taken_in_any_case(place: Place) -> None:
    """As everywhere else."""
    place.user("Ada")
    assert (await place.browser().sign_in("aDA", PASSWORD)).status == 303


@pytest_twisted.ensureDeferred
async def test_guessing_is_slowed_down_by_name(place: Place) -> None:
    """After ten wrong ones even the right one has to wait, and is told for how long."""
    place.user("ada")
    browser = place.browser()
    for _ in range(10):
        assert (await browser.sign_in("ada", "wrong")).status == 401
    answer = await browser.sign_in("ADA", PASSWORD)
    assert answer.status == 429
    assert 0 < int(answer.header("retry-after")) <= 30
    place.user("bob")
    assert (await browser.sign_in("bob", PASSWORD)).status == 303


@pytest_twisted.ensureDeferred
async def test_guessing_is_slowed_down_by_address(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever names are tried."""
    # Thirty real checks take as long as it takes to be let in once more.
    monkeypatch.setattr(place.web._gate.passwords, "check", lambda *_: succeed(False))
    browser = place.browser()
    answers = [(await browser.sign_in(f"user{n}", "wrong")).status for n in range(31)]
    assert answers == [401] * 30 + [429]


@pytest_twisted.ensureDeferred
async def test_signing_out_ends_it_on_the_server(place: Place) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    browser, _ = await place.signed_in()
    copy = browser.cookie
    answer = await browser.follow(await browser.post("/sign-out"))
    assert "You are signed out." in answer.text
    browser.cookie = copy
    assert (await browser.get("/live")).status == 303
    assert place.world.rows("web_sessions") == []


@pytest_twisted.ensureDeferred
async def test_a_sign_in_that_is_not_used_ends(place: Place) -> None:
    """After twelve hours; use carries it on."""
    browser, _ = await place.signed_in()
    for _ in range(3):
        place.world.clock.advance(sign_ins.IDLE_S - 60)
        assert (await browser.get("/live")).status == 200
    place.world.clock.advance(sign_ins.IDLE_S + 1)
    assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
async def test_a_sign_in_ends_however_much_it_is_used(place: Place) -> None:
    """After seven days."""
    browser, _ = await place.signed_in()
    steps = int(sign_ins.LONGEST_S // 36000)
    for _ in range(steps):
        place.world.clock.advance(36000)
        assert (await browser.get("/live")).status == 200
    place.world.clock.advance(36000)
    assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
async def test_looking_writes_at_most_once_a_minute(place: Place) -> None:
    """A page that asks every second is to cost the database nothing."""
    browser, _ = await place.signed_in()
    before = place.world.rows("web_sessions")
    place.world.clock.advance(59)
    await browser.get("/live")
    assert place.world.rows("web_sessions") == before
    place.world.clock.advance(2)
    await browser.get("/live")
    assert place.world.rows("web_sessions")[0]["seen"] == before[0]["seen"] + 61


@pytest_twisted.ensureDeferred
async def test_a_new_password_ends_every_sign_in(place: Place) -> None:
    """Who set it meant somebody else out; ``hmpctl`` does it in the same way."""
    browser, actor = await place.signed_in()
    with place.world.store.begin() as conn:
        users.set_password_hash(conn, actor.name, PasswordHasher(1, 8, 1).hash("another one"))
    assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
async def test_a_user_who_is_removed_is_signed_out(place: Place) -> None:
    """At once."""
    browser, actor = await place.signed_in()
    with place.world.store.begin() as conn:
        users.remove_user(conn, actor.name)
    assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
async def test_one_user_has_a_bounded_number_of_sign_ins(place: Place) -> None:
    """One more ends the one that was not used for longest."""
    browser, actor = await place.signed_in()
    account = sign_ins.Account(str(actor.user_id), place.world.rows("users")[0]["password_hash"])
    with place.world.store.begin() as conn:
        for n in range(sign_ins.PER_USER):
            assert sign_ins.begin(conn, account, f"{n:064}", 1_800_000_001.0 + n)
    assert len(place.world.rows("web_sessions")) == sign_ins.PER_USER
    assert (await browser.get("/live")).status == 303


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/videos?q=a", "/videos?q=a"),
        ("//evil.example", "/live"),
        ("/\\evil.example", "/live"),
        ("https://evil.example", "/live"),
        ("/a\r\nX-Planted: 1", "/live"),
        ("", "/live"),
    ],
)
async def test_signing_in_leads_to_pages_of_this_server_only(
    place: Place, wanted: str, got: str
) -> None:
    """To the one that was asked for, if it is ours."""
    place.user("ada")
    browser = place.browser()
    await browser.get("/sign-in")
    fields = {"name": "ada", "password": PASSWORD, "next": wanted}
    answer = await browser.post("/sign-in", fields)
    assert (answer.status, answer.location) == (303, got)


@pytest_twisted.ensureDeferred
async def test_a_page_is_shown_after_signing_in(place: Place) -> None:
    """The one that led to the sign-in."""
    place.user("ada")
    browser = place.browser()
    led = await browser.get("/videos/bin")
    assert parse_qs(urlsplit(led.location).query) == {"next": ["/videos/bin"]}
    assert 'name="next" value="/videos/bin"' in (await browser.get(led.location)).text


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("asked", "shown", "next_page"),
    [
        ("/videos?q=a&order=title", "", "/videos?q=a&order=title"),
        ("/administration/sources/arriving", "/administration/sources", "/administration/sources"),
        ("/videos?after=x", "/videos?q=a%20b", "/videos?q=a%20b"),
        ("/live", "", "/live"),
    ],
)
async def test_after_a_sign_in_that_ended_the_page_comes_back(
    place: Place, asked: str, shown: str, next_page: str
) -> None:
    """Whole, with its query; not the part that it asks for again and again."""
    headers = {"HX_Request": "true", "HX_Current_URL": place.base + shown} if shown else {}
    led = await place.browser().get(asked, **headers)
    where = led.header("hx-redirect") if shown else led.location
    assert parse_qs(urlsplit(where).query) == {"next": [next_page]}


class First:
    """The link for the first administrator, as a test has it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.first: FirstUser = place.web._first

    @property
    def link(self) -> str:
        """The path with its token."""
        return f"/first?token={self.first._token}"

    async def fill(self, token: str = "", **fields: str) -> int:
        """Send the form; gives the status."""
        browser = self.place.browser()
        await browser.get(self.link)
        sent = {"name": "ada", "password": PASSWORD, "again": PASSWORD, **fields}
        sent["token"] = token or self.first._token
        return (await browser.post("/first", sent)).status


@pytest_twisted.ensureDeferred
async def test_the_first_administrator_is_made_by_the_link(place: Place) -> None:
    """The link works once, and gives the role that grants everything."""
    first = First(place)
    assert (await place.browser().get(first.link)).status == 200
    link = first.link
    assert await first.fill() == 303
    assert (await place.browser().get(link)).status == 404
    browser = place.browser()
    assert (await browser.sign_in("ada", PASSWORD)).status == 303
    assert (await browser.post("/sessions", {"title": "Evening"})).status == 403  # csrf of before
    await browser.get("/sessions")
    assert (await browser.post("/sessions", {"title": "Evening"})).status == 303


@pytest_twisted.ensureDeferred
async def test_the_link_is_checked(place: Place) -> None:
    """A wrong token, a short password, two that differ, a name that cannot be."""
    first = First(place)
    assert (await place.browser().get("/first?token=")).status == 404
    assert await first.fill("x" * 43) == 404
    assert await first.fill(password="short", again="short") == 400
    assert await first.fill(again="another one") == 400
    assert await first.fill(name="") == 400
    assert place.world.rows("users") == []


@pytest_twisted.ensureDeferred
async def test_the_link_is_worth_nothing_when_somebody_can_sign_in(place: Place) -> None:
    """Somebody made a user with hmpctl meanwhile; and no link is made then."""
    first = First(place)
    place.user("bob")
    assert await first.fill() == 400
    assert [row["name"] for row in place.world.rows("users")] == ["bob"]
    again = FirstUser(place.world.store)
    await again.offer(place.base)
    assert not again.fits("")
    assert again._token == ""
