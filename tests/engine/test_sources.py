"""A source's URL says where it is received, or in one line what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine.sources import SourceAddress
from hmp_twisted.errors import InvalidValueError

GOOD = [
    ("udp://@239.1.2.3:5000", "", ("239.1.2.3", 5000, "", ""), True),
    ("rtp://@239.1.2.3:5000", "10.0.0.5", ("239.1.2.3", 5000, "", "10.0.0.5"), True),
    ("UDP://@:5000", "", ("", 5000, "", ""), False),
    ("udp://@0.0.0.0:5000", "", ("", 5000, "", ""), False),
    ("udp://@:5000", "127.0.0.1", ("127.0.0.1", 5000, "", ""), False),
    ("udp://@127.0.0.1:65535", "", ("127.0.0.1", 65535, "", ""), False),
    ("udp://@127.0.0.1:1", "127.0.0.1", ("127.0.0.1", 1, "", ""), False),
    ("udp://10.0.0.9@232.1.2.3:5000", "", ("232.1.2.3", 5000, "10.0.0.9", ""), True),
]

BAD = [
    ("", "", "has no scheme"),
    ("239.1.2.3:5000", "", "has no scheme"),
    ("http://@239.1.2.3:5000", "", "scheme 'http' is not supported"),
    ("srt://@239.1.2.3:5000", "", "use udp:// or rtp://"),
    ("udp://239.1.2.3:5000", "", "has no '@'"),
    ("udp://@239.1.2.3", "", "has no port"),
    ("udp://@239.1.2.3:", "", "has no port"),
    ("udp://@", "", "has no port"),
    ("udp://@239.1.2.3:0", "", "'0' is no port"),
    ("udp://@239.1.2.3:65536", "", "'65536' is no port"),
    ("udp://@239.1.2.3:-1", "", "'-1' is no port"),
    ("udp://@239.1.2.3:٥٠", "", "is no port"),
    ("udp://@239.1.2.3:5000/", "", "nothing follows it"),
    ("udp://@239.1.2.3:5000?pkt_size=1316", "", "nothing follows it"),
    ("udp://@encoder.example:5000", "", "host names are not looked up"),
    ("udp://@239.1.2:5000", "", "'239.1.2' is no IPv4 address"),
    ("udp://@239.1.2.256:5000", "", "is no IPv4 address"),
    ("udp://@[ff02::1]:5000", "", "IPv6 is not supported"),
    ("udp://@ff02::1:5000", "", "IPv6 is not supported"),
    ("udp://@250.1.2.3:5000", "", "neither a multicast group nor a local address"),
    ("udp://10.0.0.9@127.0.0.1:5000", "", "only a multicast group"),
    ("udp://10.0.0.9@:5000", "", "only a multicast group"),
    ("udp://239.9.9.9@239.1.2.3:5000", "", "no address that one machine has"),
    ("udp://eins@239.1.2.3:5000", "", "sender 'eins'"),
    ("udp://@239.1.2.3:5000", "eth0", "not its name"),
    ("udp://@239.1.2.3:5000", "239.1.1.1", "no local IPv4 address"),
    ("udp://@239.1.2.3:5000", "::1", "no local IPv4 address"),
    ("udp://@127.0.0.1:5000", "10.0.0.5", "its interface cannot be 10.0.0.5"),
    ("udp://@239.1.2.3:5000\nx", "", "is no port"),
]


@pytest.mark.parametrize(("url", "interface", "key", "multicast"), GOOD)
def test_a_url_names_a_place(
    url: str, interface: str, key: tuple[str, int, str, str], multicast: bool
) -> None:
    """Group, port, sender and interface come out of the URL; unicast binds to its interface."""
    address = SourceAddress.parse(url, interface)
    assert address.key == key
    assert address.is_multicast is multicast


@pytest.mark.parametrize(("url", "interface", "reason"), BAD)
def test_a_malformed_url_gets_one_clear_line(url: str, interface: str, reason: str) -> None:
    """The message names the URL and says what is wrong, in one line."""
    with pytest.raises(InvalidValueError) as caught:
        SourceAddress.parse(url, interface)
    message = str(caught.value)
    assert reason in message
    assert repr(url) in message
    assert "\n" not in message


def test_the_scheme_does_not_make_another_source() -> None:
    """RTP is recognised under either scheme, so both name one source."""
    assert (
        SourceAddress.parse("udp://@239.1.2.3:5000").key
        == SourceAddress.parse("rtp://@239.1.2.3:5000").key
    )


@given(st.text(max_size=40), st.text(max_size=10))
def test_whatever_the_text_it_is_a_place_or_one_line(url: str, interface: str) -> None:
    """No text makes anything but an address or the one error."""
    try:
        port, message = SourceAddress.parse("udp://@" + url, interface).port, ""
    except InvalidValueError as error:
        port, message = 1, str(error)
    assert 1 <= port <= 65535
    assert len(message.splitlines()) <= 1
