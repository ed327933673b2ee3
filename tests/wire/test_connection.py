"""Order, back-pressure, limits and ends of one connection: decisions, "The wire"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.wire.connection import LINES_A_TURN
from hmp_twisted.wire.farewell import LINGER_S, MAX_DISCARDED_BYTES

from .conftest import Wired, wire

SYNTAX_ERROR = b"ERROR|000001|Syntax Error\n"


# -- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_ends_with_lf_and_one_cr_before_it_is_dropped(wired: Wired, end: bytes) -> None:
    """Telnet, PuTTY and ``nc -C`` work as they are."""
    wired.send(b"one two" + end)
    assert wired.commands.started == [["one", "two"]]
    assert wired.answers() == b"OK|one|two\n"


def test_only_one_cr_is_dropped(wired: Wired) -> None:
    """A second one belongs to the last word, and is shown."""
    wired.send(b"one\r\r\n")
    assert wired.answers() == b"OK|one\\r\n"


def test_an_empty_line_is_ignored(wired: Wired) -> None:
    """No command and no response."""
    wired.send(b"\n\r\n \t \n")
    assert wired.commands.started == []
    assert wired.answers() == b""


@pytest.mark.parametrize("line", [b'"open\n', b"\xc3\n", b"a\0b\n"])
def test_a_malformed_line_is_answered_and_the_connection_lives_on(
    wired: Wired, line: bytes
) -> None:
    """Unbalanced quotes, invalid UTF-8, NUL: Syntax Error, then the next command."""
    wired.send(line + b"next\n")
    assert wired.answers() == SYNTAX_ERROR + b"OK|next\n"


def test_an_answer_is_one_line_whatever_a_command_answers(wired: Wired) -> None:
    """What a client puts into an argument cannot forge a second answer."""
    wired.send(rb'echo "a\nOK"' + b"\n")
    assert wired.answers() == b"OK|echo|a\\nOK\n"


STREAMS = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"\n",
                b"\r\n",
                b" ",
                b'"',
                b"\\",
                b"word",
                b"GET / HTTP/1.1\n",
                b"\xff\xfd\x01",
                b"\xff",
            ]
        ),
        st.integers(505, 530).map(lambda n: b"y" * n),
        st.integers(505, 530).map(lambda n: b"\xff\xfa" + b"y" * n),
    ),
    max_size=12,
).map(b"".join)


@given(STREAMS, st.data())
def test_any_split_of_any_bytes_gives_the_same_commands_and_answers(
    data: bytes, draw: st.DataObject
) -> None:
    """How bytes are put into packets means nothing, also around limits and ends."""
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    whole, split = wire(max_line_bytes=512), wire(max_line_bytes=512)
    whole.send(data)
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        split.send(data[start:end])
    assert split.commands.started == whole.commands.started
    answers = whole.answers()
    assert split.answers() == answers
    assert split.transport.write_closed == whole.transport.write_closed
    assert answers.count(b"\n") <= data.count(b"\n") + 1


# -- over-long lines -----------------------------------------------------------------------------


def test_a_line_at_the_limit_passes(wired: Wired) -> None:
    """65,536 bytes before the LF, a CR counted."""
    wired.send(b"x" * 65535 + b"\r\n")
    assert wired.answers() == b"OK|" + b"x" * 65535 + b"\n"
    wired.send(b"x" * 65536 + b"\n")
    assert wired.answers() == b"OK|" + b"x" * 65536 + b"\n"


@pytest.mark.parametrize("excess", [b"x\n", b"\r\n"])
def test_a_line_over_the_limit_is_answered_once(wired: Wired, excess: bytes) -> None:
    """One byte more, were it a CR, is a Syntax Error; the next line is a command again."""
    wired.send(b"x" * 65536 + excess + b"next\n")
    assert wired.commands.started == [["next"]]
    assert wired.answers() == SYNTAX_ERROR + b"OK|next\n"


def test_a_line_over_the_limit_is_answered_at_once(wired: Wired) -> None:
    """Before its end has come, and only once while more of it comes."""
    wired.send(b"x" * 65536)
    assert wired.answers() == b""
    wired.send(b"x")
    assert wired.answers() == SYNTAX_ERROR
    for _ in range(10):
        wired.send(b"y" * 65536)
    assert wired.answers() == b""
    wired.send(b"the end\nnext\n")
    assert wired.answers() == b"OK|next\n"


def test_a_line_over_the_limit_is_answered_in_order(wired: Wired) -> None:
    """After the command before it, before the one after it."""
    wired.send(b"wait\n" + b"x" * 70000 + b"\nnext\n")
    assert wired.answers() == b""
    wired.commands.finish()
    assert wired.answers() == b"OK\n" + SYNTAX_ERROR + b"OK|next\n"


def test_several_lines_over_the_limit_in_one_packet_are_answered_each(wired: Wired) -> None:
    """None is lost between its neighbours."""
    wired.send((b"x" * 65537 + b"\n") * 3 + b"next\n")
    assert wired.answers() == SYNTAX_ERROR * 3 + b"OK|next\n"


# -- order and back-pressure ---------------------------------------------------------------------


def test_commands_are_executed_one_at_a_time_in_order(wired: Wired) -> None:
    """However fast they come."""
    wired.send(b"wait 1\nwait 2\nlast\n")
    assert wired.commands.started == [["wait", "1"]]
    wired.commands.finish("OK|1")
    assert wired.commands.started == [["wait", "1"], ["wait", "2"]]
    wired.commands.finish("OK|2")
    assert wired.answers() == b"OK|1\nOK|2\nOK|last\n"


def test_nothing_is_read_while_a_command_runs(wired: Wired) -> None:
    """So a fast client is paused, and nothing piles up."""
    wired.send(b"wait\n")
    assert not wired.transport.reading
    wired.commands.finish()
    assert wired.transport.reading


def test_nothing_is_read_while_the_client_does_not_read(wired: Wired) -> None:
    """The transport's full buffer holds commands back until it is empty."""
    wired.transport.producer.pauseProducing()
    assert not wired.transport.reading
    wired.send(b"held\n")
    assert wired.commands.started == []
    wired.transport.producer.resumeProducing()
    assert wired.commands.started == [["held"]]
    assert wired.transport.reading


@pytest.mark.parametrize("command_first", [True, False])
def test_two_reasons_not_to_read_are_kept_apart(wired: Wired, command_first: bool) -> None:
    """Reading goes on only once the command is done and the client reads, whichever is first."""
    wired.send(b"wait\nnext\n")
    wired.transport.producer.pauseProducing()
    steps = [wired.commands.finish, wired.transport.producer.resumeProducing]
    first, second = steps if command_first else reversed(steps)
    first()
    assert not wired.transport.reading
    assert wired.commands.started == [["wait"]]
    second()
    assert wired.transport.reading
    assert wired.commands.started == [["wait"], ["next"]]


def test_many_lines_at_once_let_others_have_their_turn(wired: Wired) -> None:
    """After a hundred, the rest waits for the reactor's next turn."""
    wired.send(b"x\n" * (LINES_A_TURN + 50))
    assert len(wired.commands.started) == LINES_A_TURN + 1
    assert not wired.transport.reading
    wired.clock.advance(0)
    assert len(wired.commands.started) == LINES_A_TURN + 50
    assert wired.transport.reading


# -- ends ----------------------------------------------------------------------------------------


def test_an_unfinished_line_at_disconnect_is_never_executed(wired: Wired) -> None:
    """Not at a half-close, not at a close."""
    wired.send(b"deleteSession 1")
    wired.connection.readConnectionLost()
    wired.lose()
    assert wired.commands.started == []
    assert wired.answers() == b""


def test_a_half_closed_client_gets_its_answers_then_the_end(wired: Wired) -> None:
    """Whole commands received are executed and answered; then the connection is closed."""
    wired.send(b"wait\nlast\nunfinished")
    wired.connection.readConnectionLost()
    assert not wired.transport.disconnecting
    wired.commands.finish()
    assert wired.answers() == b"OK\nOK|last\n"
    assert wired.transport.disconnecting
    assert wired.transport.producer is None


def test_an_idle_half_closed_client_is_closed_at_once(wired: Wired) -> None:
    """There is nothing to wait for."""
    wired.connection.readConnectionLost()
    assert wired.transport.disconnecting


def test_http_closes_unanswered_after_the_commands_before_it(wired: Wired) -> None:
    """Nothing after the request line is executed."""
    wired.send(b"wait\nPOST / HTTP/1.1\r\nHost: x\r\n\r\ndeleteSession 1\n")
    wired.commands.finish()
    wired.send(b"deleteSession 2\n")
    assert wired.commands.started == [["wait"]]
    assert wired.answers() == b"OK\n"
    assert wired.transport.write_closed


def test_http_closes_also_with_a_request_line_over_the_limit(wired: Wired) -> None:
    """A web page could make it as long as it likes so as to have the body executed."""
    wired.send(b"POST /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\ndeleteSession 1\n")
    assert wired.commands.started == []
    assert wired.answers() == SYNTAX_ERROR
    assert wired.transport.write_closed


def test_a_long_subnegotiation_closes_after_the_commands_before_it(wired: Wired) -> None:
    """What came before it in the same packet is executed and answered."""
    wired.send(b"wait\nlast\n\xff\xfa" + b"x" * 600 + b"\nnever\n")
    wired.commands.finish()
    assert wired.answers() == b"OK\nOK|last\n"
    assert wired.transport.write_closed
    assert wired.commands.started == [["wait"], ["last"]]


def test_a_client_that_is_gone_does_not_stop_its_command(wired: Wired) -> None:
    """It runs to its end; only then is the connection left."""
    wired.send(b"wait\nnever\n")
    wired.lose()
    assert wired.left == []
    wired.commands.finish()
    assert wired.left == [wired.connection]
    assert wired.commands.started == [["wait"]]


def test_dismissed_after_the_answer_of_the_command_that_runs(wired: Wired) -> None:
    """And before the next."""
    wired.send(b"wait\nnever\n")
    wired.connection.dismiss()
    assert not wired.transport.write_closed
    wired.commands.finish()
    assert wired.answers() == b"OK\n"
    assert wired.transport.write_closed
    assert wired.commands.started == [["wait"]]


def test_dismissed_at_once_when_idle(wired: Wired) -> None:
    """A device taken off the list is not kept waiting."""
    wired.connection.dismiss()
    assert wired.transport.write_closed


def test_a_dismissed_client_that_does_not_read_is_cut_off(wired: Wired) -> None:
    """Its answers cannot be sent; it has a short time to take them."""
    wired.transport.producer.pauseProducing()
    wired.connection.dismiss()
    wired.clock.advance(LINGER_S)
    assert wired.transport.aborted


def test_what_comes_after_the_end_is_discarded_up_to_a_bound(wired: Wired) -> None:
    """Reading on keeps the last answer from being destroyed by RST, but not for ever."""
    wired.connection.dismiss()
    wired.send(b"x" * MAX_DISCARDED_BYTES)
    assert not wired.transport.aborted
    wired.send(b"x")
    assert wired.transport.aborted
    assert wired.commands.started == []


def test_idle_connections_are_closed() -> None:
    """After ``idle_timeout_s`` without a byte; a command that runs is not idle."""
    wired = wire(idle_timeout_s=10)
    wired.clock.advance(9)
    wired.send(b"wait\n")
    wired.clock.advance(100)
    assert not wired.transport.write_closed
    wired.commands.finish()
    wired.clock.advance(9)
    assert not wired.transport.write_closed
    wired.clock.advance(1)
    assert wired.transport.write_closed
    wired.lose()
    assert wired.clock.getDelayedCalls() == []


def test_by_default_idle_connections_stay(wired: Wired) -> None:
    """``idle_timeout_s = 0`` is never."""
    wired.clock.advance(1e6)
    assert not wired.transport.write_closed
    assert wired.clock.getDelayedCalls() == []


def test_finish_answers_what_was_received_and_takes_no_more(wired: Wired) -> None:
    """As at the end of the service."""
    wired.send(b"wait\nlast\n")
    wired.connection.finish()
    wired.send(b"more\n")
    wired.commands.finish()
    assert wired.answers() == b"OK\nOK|last\n"
    assert wired.transport.write_closed
    wired.connection.readConnectionLost()
    assert wired.transport.disconnecting
    wired.lose()
    assert wired.clock.getDelayedCalls() == []
    assert wired.left == [wired.connection]
