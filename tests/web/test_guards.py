"""The small guards, each by itself: tables of examples."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from hmp_twisted.web import cookies, formats, hosts
from hmp_twisted.web.answers import RefusalError
from hmp_twisted.web.flashes import MOST, Flashes
from hmp_twisted.web.forms import Form
from hmp_twisted.web.pages.recording import seconds_of
from hmp_twisted.web.sign_in.throttle import Throttle


@pytest.mark.parametrize(
    ("origin", "host", "site", "fits"),
    [
        (None, "a:1", None, True),
        ("http://a:1", "a:1", None, True),
        ("https://A", "a", "same-origin", True),
        ("http://a:1", "a:1", "none", True),
        ("http://a:2", "a:1", None, False),
        ("null", "a", None, False),
        (None, "a", "cross-site", False),
        ("http://a", None, None, False),
    ],
)
def test_same_origin(origin: str | None, host: str | None, site: str | None, fits: bool) -> None:
    """What a browser tells of where a request comes from."""
    assert hosts.is_same_origin(origin, host, site) is fits


def test_own_names_are_those_of_the_machine_and_the_configured() -> None:
    """In any case; what is no host is none."""
    names = hosts.own_names(["HMP.example"])
    assert hosts.is_own("hmp.example:8080", names)
    assert hosts.is_own("localhost", names)
    for host in (None, "", "a b", "[::1", "hmp.example/", "hmp.example:port", "evil"):
        assert not hosts.is_own(host, names)


def test_csrf_tokens_belong_to_one_token() -> None:
    """And nothing belongs to none."""
    one, two = cookies.new_token(), cookies.new_token()
    assert cookies.csrf_fits(one, cookies.csrf_token(one))
    assert not cookies.csrf_fits(one, cookies.csrf_token(two))
    assert not cookies.csrf_fits("", cookies.csrf_token(""))
    assert cookies.csrf_token(one) != cookies.digest(one)


def test_a_throttle_lets_a_burst_through_and_then_one_at_a_time() -> None:
    """The wait is told in whole seconds, and is true."""
    clock = Clock()
    throttle = Throttle(clock, burst=3, refill_s=10.0)
    for _ in range(3):
        assert throttle.wait_s("a") == 0
        throttle.failed("a")
    assert throttle.wait_s("a") == 10
    assert throttle.wait_s("b") == 0
    clock.advance(9.5)
    assert throttle.wait_s("a") == 1
    clock.advance(0.5)
    assert throttle.wait_s("a") == 0
    throttle.failed("a")
    assert throttle.wait_s("a") == 10
    throttle.forget("a")
    assert throttle.wait_s("a") == 0


def test_a_throttle_remembers_a_bounded_number() -> None:
    """The one that failed longest ago is forgotten first."""
    throttle = Throttle(Clock(), burst=1, refill_s=10.0, most_keys=2)
    for key in ("a", "b", "a", "c"):
        throttle.failed(key)
    assert [key for key in "abc" if throttle.wait_s(key)] == ["a", "c"]


def test_flashes_are_told_once_and_bounded() -> None:
    """By reader; the last few words only."""
    flashes = Flashes()
    for n in range(7):
        flashes.add("me", str(n))
    assert flashes.take("me") == ("2", "3", "4", "5", "6")
    assert flashes.take("me") == ()
    for n in range(MOST + 1):
        flashes.add(str(n), "x")
    assert flashes.take("0") == ()
    assert flashes.take("1") == ("x",)


def test_forms_are_texts() -> None:
    """Blank ends are cut where that is harmless, line ends are one character."""
    form = Form.of(
        {b"a": [b" x ", b"", b"y"], b"n": [b"7"], b"long": [b"1" * 30], b"t": [b"p\r\nq"]}
    )
    assert form.text("a") == "x"
    assert form.raw("a") == " x "
    assert form.texts("a") == ("x", "y")
    assert form.raw("t") == "p\nq"
    assert form.text("none", "else") == "else"
    assert form.has("n")
    assert not form.has("m")
    assert form.whole("n", 1, 9) == 7
    for name in ("a", "long", "none"):
        with pytest.raises(RefusalError):
            form.whole(name, 1, 9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("75", 75), ("1:15", 75), ("1:02:03", 3723), ("0", 0), ("9" * 9, 10**9 - 1)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: int) -> None:
    """In seconds, minutes or hours."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1:", "1:2:3:4", "-1", "1.5", "٣", "a"])
def test_times_that_are_none_are_refused(text: str) -> None:
    """With words that say what would be one."""
    with pytest.raises(RefusalError, match="Write the time"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("written", "as_people_do"),
    [
        (formats.clock(0), "0:00"),
        (formats.clock(3723.9), "1:02:03"),
        (formats.clock(-1), "0:00"),
        (formats.size(0), "0 B"),
        (formats.size(999), "999 B"),
        (formats.size(999_900), "1.0 MB"),
        (formats.size(12_265_120), "12.3 MB"),
        (formats.size(150e9), "150 GB"),
        (formats.iso(0), "1970-01-01T00:00:00Z"),
        (formats.when(0), "1 Jan 1970, 00:00 UTC"),
        (formats.plural(1, "source"), "1 source"),
        (formats.plural(1200, "category", "categories"), "1,200 categories"),
    ],
)
def test_values_are_written_for_people(written: str, as_people_do: str) -> None:
    """Lengths, sizes, times and numbers."""
    assert written == as_people_do
