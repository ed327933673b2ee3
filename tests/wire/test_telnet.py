"""Telnet negotiation is dropped wherever it stands: decisions, "Telnet negotiation"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.wire.telnet import MAX_SUBNEGOTIATION_BYTES, IacFilter, SubnegotiationTooLong


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\n", b"plain\n"),
        (b"a\xff\xfd\x03b", b"ab"),
        (b"\xff\xfb\x18\xff\xfc\x1f\xff\xfe\x01x", b"x"),
        (b"a\xff\xfd\nb", b"ab"),
        (b"a\xff\xfb\xffb", b"ab"),
        (b"a\xff\xf1b", b"ab"),
        (b"a\xff\xffb", b"ab"),
        (b"a\xff\xf0b", b"ab"),
        (b"a\xff\xfa\x18\x00XTERM\n\xff\xf0b", b"ab"),
        (b"a\xff\xfa\x1f\xff\xff\x00\xff\xf0b", b"ab"),
        (b"a\xff\xfa\x18\xff\xf1\xff\xf0b", b"ab"),
        (b"a\xff\xfa\xff\xf0b", b"ab"),
        (b"a\xff", b"a"),
    ],
)
def test_what_belongs_to_telnet_is_dropped(data: bytes, text: bytes) -> None:
    """Options, two-byte commands, doubled IACs and sub-negotiations leave nothing behind."""
    assert IacFilter().feed(data) == text


PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"\xff", b"\xff\xfa", b"\xff\xf0", b"\xff\xfd", b"\xff\xff", b"a\n"]),
    st.integers(500, 520).map(lambda length: b"\xff\xfa" + b"x" * length),
)


@given(st.lists(PIECES).map(b"".join), st.data())
def test_no_split_changes_what_is_text(data: bytes, draw: st.DataObject) -> None:
    """Bytes that come in pieces give the same text, and end at the same place."""
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert _fed(pieces) == _fed([data]) == _fed([data[i : i + 1] for i in range(len(data))])


def _fed(pieces: list[bytes]) -> tuple[bytes, bool]:
    """The text, and whether a sub-negotiation was too long."""
    iac = IacFilter()
    text = b""
    for piece in pieces:
        try:
            text += iac.feed(piece)
        except SubnegotiationTooLong as error:
            return text + error.before, True
    return text, False


def test_a_subnegotiation_has_a_limit() -> None:
    """512 bytes pass; one more does not, and what came before it is not lost."""
    body = b"x" * MAX_SUBNEGOTIATION_BYTES
    assert IacFilter().feed(b"a\xff\xfa" + body + b"\xff\xf0b") == b"ab"
    with pytest.raises(SubnegotiationTooLong) as caught:
        IacFilter().feed(b"a\nb\xff\xfa" + body + b"x")
    assert caught.value.before == b"a\nb"


def test_doubled_iacs_count_in_a_subnegotiation() -> None:
    """A sub-negotiation made of escapes alone cannot go on for ever."""
    with pytest.raises(SubnegotiationTooLong):
        IacFilter().feed(b"\xff\xfa" + b"\xff\xff" * 257)
