"""What is noted while the server runs: events that outlive it, and items pushed to a browser."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.web.test.requesthelper import DummyRequest

from hmp_twisted.ring import Ring
from hmp_twisted.web.watch.bytes import escaped, hexadecimal
from hmp_twisted.web.watch.event_log import EventLog, topic_of
from hmp_twisted.web.watch.pushing import BEAT_S, TOGETHER_S, Pushing
from hmp_twisted.web.watch.reception import Sample, sparkline


class StreamingRequest(DummyRequest):
    """One that takes a push producer, as the real one."""

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """It is never paused."""


def event(text: str, **more: object) -> dict[str, object]:
    """An event as Twisted's log has it."""
    return {
        "log_namespace": "hmp_twisted.services.recordings",
        "log_level": LogLevel.info,
        "log_time": 1000.0,
        "log_format": "{text}",
        "text": text,
        **more,
    }


def test_events_outlive_the_server(tmp_path: Path) -> None:
    """Ours at info and above; secrets are for the terminal only; damage in the file is passed."""
    log = EventLog(tmp_path)
    log(event("recording 1 started\nby ada"))
    log(event("detail", log_level=LogLevel.debug))
    log(event("of others", log_namespace="twisted.web"))
    log(event("a link", token="secret"))
    (tmp_path / "events.jsonl").open("a").write('{"at": 1\n')
    kept = [one for _, one in EventLog(tmp_path).ring.after(0)]
    assert [(one.topic, one.text) for one in kept] == [
        ("recordings", "recording 1 started\nby ada")
    ]
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_topics_are_told_by_module_or_first_words() -> None:
    """What the media engine's process tells comes through the launcher."""
    assert topic_of("hmp_twisted.web.sign_in.gate", "x") == "sign-ins"
    assert topic_of("hmp_twisted.bus.launcher", "media engine: source udp: gap") == "sources"
    assert topic_of("hmp_twisted.server", "hmp is ready") == "server"


def test_bytes_are_shown_so_that_they_can_be_read_back() -> None:
    """No control character, and nothing of another alphabet, stands as itself."""
    assert escaped(b"a\\\t\r\n\x1b\xc3\xa9") == "a\\\\\\t\\r\\n\\x1b\\xc3\\xa9"
    assert hexadecimal(bytes(17)) == " ".join(["00"] * 16) + "\n00"


def test_a_sparkline_needs_two_samples() -> None:
    """Nothing received is a line at the bottom."""
    assert sparkline((Sample(0, 1, 0),)) == ""
    assert sparkline((Sample(0, 0, 0), Sample(5, 0, 0))).endswith("120.0,26.0")


def test_a_viewer_whose_right_ends_is_cut_off() -> None:
    """Until then each new item is pushed, and those of a short time together."""
    clock, ring, allowed = Clock(), Ring[Sample](10), [True]

    async def may_go_on() -> bool:
        return allowed[0]

    request = StreamingRequest([b""])
    Pushing(clock, ring, 0, lambda number, item: item, may_go_on).render(request)
    ring.append(Sample(1, 2, 3))
    ring.append(Sample(4, 5, 6))
    clock.advance(TOGETHER_S)
    written = b"".join(request.written)
    assert b'id: 2\ndata: {"at": 4' in written
    clock.advance(BEAT_S)
    assert request.written[-1] == b": here\n\n"
    assert not request.finished
    allowed[0] = False
    clock.advance(BEAT_S)
    assert request.finished
    assert not clock.getDelayedCalls()
