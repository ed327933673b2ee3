"""What a live source holds: heard from any byte on, and heard anew when it changes."""

from __future__ import annotations

import pytest

from hmp_twisted.web import codecs
from hmp_twisted.web.media.feeds import Feed
from hmp_twisted.web.media.hearing import ENOUGH, Hearing
from tests.engine.streams import AAC, AUDIO, AVC, VIDEO, Multiplex

MPEG2, PRIVATE = 0x02, 0x06


def sent(seconds: float, streams: dict[int, int] | None = None) -> bytes:
    """So much of a source with these streams."""
    made = Multiplex(streams=streams or {VIDEO: AVC, AUDIO: AAC})
    return b"".join(made.seconds(seconds))


@pytest.mark.parametrize("begin", [0, 1, 100, 187, 188, 5000])
@pytest.mark.parametrize("size", [1, 97, 188, 1316, 65536])
def test_tables_are_found_from_any_byte_on(begin: int, size: int) -> None:
    """However the bytes are cut."""
    hearing, data = Hearing(), sent(0.25)[begin:]
    for at in range(0, len(data), size):
        hearing.take(data[at : at + size])
    assert hearing.is_over
    (programme,) = hearing.programmes
    assert programme.streams == ((VIDEO, AVC), (AUDIO, AAC))


def test_it_ends_where_there_are_no_tables() -> None:
    """Work and memory are bounded."""
    hearing = Hearing()
    for _ in range(ENOUGH // 65536 + 1):
        hearing.take(bytes(65536))
    assert hearing.is_over
    assert hearing.programmes == ()


def test_a_feed_tells_what_it_holds_now() -> None:
    """Known once, it stays known while it is heard anew; a change shows with the next table."""
    feed = Feed("camera", lambda: None)
    assert feed.hear() == ()
    feed.live.dataReceived(sent(0.25))
    first = feed.hear()
    assert first[0].streams == ((VIDEO, AVC), (AUDIO, AAC))
    assert feed.hear() == first
    feed.live.dataReceived(sent(0.25, {VIDEO: MPEG2}))
    assert feed.hear()[0].streams == ((VIDEO, MPEG2),)


def test_streams_are_named_and_told_apart() -> None:
    """By what a page needs: the name, picture or sound, and what a browser is asked."""
    hearing = Hearing()
    hearing.take(sent(0.25, {VIDEO: MPEG2, AUDIO: AAC, 0x102: PRIVATE, 0x103: 0xEE}))
    told = codecs.told(hearing.programmes)
    assert [(one["pid"], one["name"].split(" (")[0], one["kind"]) for one in told] == [
        (VIDEO, "MPEG-2 video", "picture"),
        (AUDIO, "AAC", "sound"),
        (0x102, "private data", "other"),
        (0x103, "stream type 0xee", "other"),
    ]
    assert [bool(one["mime"]) for one in told] == [False, True, False, False]
