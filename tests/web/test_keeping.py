"""How long a recording is kept, decided on its page."""

from __future__ import annotations

import pytest
import pytest_twisted

from hmp_twisted.services.rights import Kind

from .conftest import Place

ENDED = 1_800_000_000.0 - 3600


def recording(place: Place) -> str:
    """One that ended an hour ago."""
    return place.world.recording(created=ENDED - 60, duration_s=60.0, ended=ENDED)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("fields", "days", "protected", "words"),
    [
        ({"keep": "days", "days": "1.5"}, 1.5, False, "2027-01-16T19:00:00Z"),
        ({"keep": "days", "days": "1,5"}, 1.5, False, "then it is removed by itself"),
        ({"keep": "never", "days": "7"}, 0.0, False, "Until somebody deletes it"),
        ({"keep": "default"}, None, False, "Until somebody deletes it"),
        ({"keep": "days", "days": "7", "protect": "1"}, 7.0, True, "It is protected"),
    ],
)
async def test_it_is_decided_on_the_page(
    place: Place, fields: dict[str, str], days: float | None, protected: bool, words: str
) -> None:
    """And told there in words."""
    browser, one = await place.administrator(), recording(place)
    assert f'hx-get="/videos/{one}/keeping"' in (await browser.get(f"/videos/{one}")).text
    answer = await browser.post(f"/videos/{one}/keeping", fields)
    assert (answer.status, answer.location) == (303, f"/videos/{one}")
    row = place.world.row("recordings", one)
    assert (row["expire_after_days"], row["protected"]) == (days, protected)
    assert words in (await browser.get(f"/videos/{one}/keeping")).text


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("days", ["", "soon", "0", "-1", "nan", "99999"])
async def test_what_is_no_number_of_days_is_refused(place: Place, days: str) -> None:
    """With words that say what would be one; nothing is changed."""
    browser, one = await place.administrator(), recording(place)
    before = place.world.row("recordings", one)
    answer = await browser.post(f"/videos/{one}/keeping", {"keep": "days", "days": days})
    assert answer.status in (400, 409)
    assert "days" in answer.text
    assert place.world.row("recordings", one) == before


@pytest_twisted.ensureDeferred
async def test_it_needs_the_right_to_delete(place: Place) -> None:
    """Who may only watch sees for how long it is there, and no more; others see nothing."""
    one = recording(place)
    browser, vic = await place.signed_in("vic")
    assert (await browser.get(f"/videos/{one}/keeping")).status == 404
    assert (await browser.post(f"/videos/{one}/keeping", {"keep": "never"})).status == 404
    place.world.share(Kind.RECORDING, one, "EDIT", vic)
    shown = await browser.get(f"/videos/{one}/keeping")
    assert "Until somebody deletes it" in shown.text
    assert "<form" not in shown.text
    assert (await browser.post(f"/videos/{one}/keeping", {"protect": "1"})).status == 403
    assert not place.world.row("recordings", one)["protected"]
