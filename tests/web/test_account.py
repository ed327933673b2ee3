"""One's own account: another password, and what becomes of sign-ins then."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet.defer import succeed

from .browser import Browser, Response
from .conftest import PASSWORD, Place

NEW = "battery staple"


async def change(browser: Browser, **fields: str) -> Response:
    """Send the form of one's own page."""
    sent = {"present": PASSWORD, "password": NEW, "again": NEW, **fields}
    return await browser.post("/account/password", sent)


@pytest_twisted.ensureDeferred
async def test_the_header_leads_to_ones_own_account(place: Place) -> None:
    """Which tells who one is, and by what one may what."""
    browser, _ = await place.signed_in()
    assert 'href="/account"' in (await browser.get("/live")).text
    shown = (await browser.get("/account")).text
    assert "<dd>ada</dd>" in shown
    assert "Change your password" in shown


@pytest_twisted.ensureDeferred
async def test_a_changed_password_ends_the_users_other_sign_ins(place: Place) -> None:
    """This browser goes on, with a token of its own; other users stay signed in."""
    browser, actor = await place.signed_in()
    other, (eve, _) = place.browser(), await place.signed_in("eve")
    assert (await other.sign_in("ada", PASSWORD)).status == 303
    before = browser.cookie
    answer = await browser.follow(await change(browser))
    assert "Your password is changed" in answer.text
    assert browser.cookie != before
    assert (await other.get("/live")).status == 303
    assert (await eve.get("/live")).status == 200
    browser.cookie = before
    assert (await browser.get("/live")).status == 303
    assert len(place.world.rows("web_sessions", user_id=actor.user_id)) == 1
    assert (await other.sign_in("ada", PASSWORD)).status == 401
    assert (await other.sign_in("ada", NEW)).status == 303


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"present": "wrong"}, 403, "not your present password"),
        ({"present": ""}, 403, "not your present password"),
        ({"password": "seven77", "again": "seven77"}, 400, "at least 8 characters"),
        ({"password": "x" * 1025, "again": "x" * 1025}, 400, "at most 1024 characters"),
        ({"again": "another one"}, 400, "differ"),
        ({"csrf": "0" * 64}, 403, "open for too long"),
    ],
)
async def test_a_refused_change_changes_nothing(
    place: Place, fields: dict[str, str], status: int, words: str
) -> None:
    """It is said why; one stays signed in, and so do other browsers."""
    browser, _ = await place.signed_in()
    before = place.world.rows("users"), place.world.rows("web_sessions")
    answer = await change(browser, **fields)
    assert answer.status == status
    assert words in answer.text
    assert (place.world.rows("users"), place.world.rows("web_sessions")) == before


@pytest_twisted.ensureDeferred
async def test_the_present_password_cannot_be_guessed_at_leisure(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds a browser that is signed in waits as at the sign-in, and it counts there."""
    browser, _ = await place.signed_in()
    monkeypatch.setattr(place.web._gate.passwords, "check", lambda *_: succeed(False))
    answers = [(await change(browser, present=f"guess {n}")).status for n in range(11)]
    assert answers == [403] * 10 + [429]
    answer = await change(browser)
    assert answer.status == 429
    assert 0 < int(answer.header("retry-after")) <= 30
    assert (await place.browser().sign_in("ada", PASSWORD)).status == 429


@pytest_twisted.ensureDeferred
async def test_a_password_changed_elsewhere_meanwhile_is_not_replaced(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator who shuts somebody out while the password is checked has the last word."""
    browser, actor = await place.signed_in()
    check = place.web._gate.passwords.check

    async def check_slowly(password_hash: str, password: str) -> bool:
        """Somebody else is quicker."""
        fits = await check(password_hash, password)
        place.world.change("users", str(actor.user_id), password_hash="another")
        return fits

    monkeypatch.setattr(place.web._gate.passwords, "check", check_slowly)
    assert (await change(browser)).status == 403
    assert place.world.row("users", str(actor.user_id))["password_hash"] == "another"


@pytest_twisted.ensureDeferred
async def test_the_rules_hold_for_users_that_are_added(place: Place) -> None:
    """One place has them: a short password is refused, and no user is made."""
    browser = await place.administrator()
    answer = await browser.post("/administration/users", {"name": "bob", "password": "short"})
    assert answer.status == 409
    assert "at least 8 characters" in answer.text
    (row,) = place.world.rows("users")
    answer = await browser.post(
        f"/administration/users/{row['id']}/password", {"password": "short"}
    )
    assert answer.status == 409
    assert place.world.rows("users") == [row]
