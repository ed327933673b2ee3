"""The page of sources: what arrives of each now, whether it is recorded or not."""

from __future__ import annotations

import pytest_twisted
from twisted.internet import reactor

from hmp_twisted.engine.inspection.psi import Programme
from hmp_twisted.web.media.glances import Glance
from tests.web.conftest import Place

URL = "udp://@239.1.2.3:5000"
PROGRAMMES = (Programme(1, 256, ((256, 0x24), (257, 0x81))),)


async def answering(place: Place) -> None:
    """Have the media engine answer; it receives nothing."""
    place.world.engine.status = {"pid": 1}
    await place.watch.reception.ask()


def seen(place: Place, **values: object) -> None:
    """Have the source looked at just now, with this result."""
    at = reactor.seconds()  # type: ignore[attr-defined]  # the reactor is a module to mypy
    known = place.watch.parts.glances._known
    known[URL, ""] = Glance(at, 3.0, **values)  # type: ignore[arg-type]  # by the caller


@pytest_twisted.ensureDeferred
async def test_a_source_that_nobody_records_shows_what_was_last_seen(place: Place) -> None:
    """Picture, bit rate, codecs by name, errors, and the ID to copy."""
    browser, source = await place.administrator(), place.world.source(URL)
    await answering(place)
    seen(place, size=3_000_000, continuity_errors=2, programmes=PROGRAMMES, picture=b"JPEG")
    shown = (await browser.get("/administration/sources/arriving")).text
    for text in ("8.00", "H.265, AC-3", "2 continuity errors", f'data-copy="{source}"'):
        assert text in shown
    at = shown.partition("/picture?at=")[2].partition('"')[0]
    picture = await browser.get(f"/administration/sources/{source}/picture?at={at}")
    assert (picture.status, picture.body) == (200, b"JPEG")
    assert picture.header("content-type") == "image/jpeg"
    assert picture.header("cache-control") == "private, max-age=60"


@pytest_twisted.ensureDeferred
async def test_a_source_without_a_picture_says_what_there_is(place: Place) -> None:
    """Nothing yet, nothing that comes, nothing that can be received: each in words."""
    browser, source = await place.administrator(), place.world.source(URL)
    arriving = "/administration/sources/arriving"
    await answering(place)
    assert "listened to in a moment" in (await browser.get(arriving)).text
    seen(place)
    assert "Nothing came within 3 seconds" in (await browser.get(arriving)).text
    seen(place, words="no <such> interface")
    assert "No &lt;such&gt; interface." in (await browser.get(arriving)).text
    assert (await browser.get(f"/administration/sources/{source}/picture")).status == 404


@pytest_twisted.ensureDeferred
async def test_what_is_received_now_is_told_as_the_engine_counts_it(place: Place) -> None:
    """Its figures go before those of a glance; errors of the last minutes stand out."""
    browser = await place.administrator()
    place.world.source(URL)
    received = {"address": URL, "bits_per_second": 4e6, "lost_datagrams": 3}
    for errors in (7, 12):
        report = {"sources": [{**received, "continuity_errors": errors}]}
        place.world.engine.status = {"recorder": report}
        await place.watch.reception.ask()
    seen(place, size=3_000_000, programmes=PROGRAMMES)
    shown = (await browser.get("/administration/sources/arriving")).text
    for text in ("4.00", "H.265", "12 continuity errors", "3 datagrams lost", "5 just now"):
        assert text in shown
    assert 'class="spark"' in shown
