"""``decisions.md``, "The wire": a test for each row."""

from __future__ import annotations

import re
import socket
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..harness import Client, ClosedError, wait_for
from .lines import unknown
from .stage import Stage

SYNTAX = b"ERROR|000001|Syntax Error\n"
NOT_FOUND = b"ERROR|040001|Active recording not found\n"
ID = "e3af4dd4-b358-431e-9450-e7c82f64b6df"
ASK = f"getRecordingStatus {ID}".encode()


@pytest.fixture
def client(stage: Stage) -> Iterator[Client]:
    """A connection of the test's own, with all rights."""
    with stage.client() as client:
        yield client


def shown(client: Client, argument: bytes) -> str:
    """An argument as an answer shows it."""
    answer = client.exchange(b"getRecordingStatus " + argument + b"\n").decode()
    match = re.fullmatch(r"ERROR\|010001\|'(.*)' is not a UUID\n", answer)
    assert match, answer
    return match.group(1)


def title_of(stage: Stage, client: Client, argument: bytes) -> str:
    """The title that a session made with this argument has in the end."""
    answer = client.exchange(b"createSession " + argument + b"\n").decode()
    assert answer.startswith("OK|"), answer
    title: str = stage.show("session", "show", answer[3:-1])["title"]
    return title


def test_response_shape(client: Client) -> None:
    """``OK``, ``OK|result`` or ``ERROR|code|message``, without spaces, and LF."""
    session = client.exchange(b"createSession x\n")
    assert re.fullmatch(rb"OK\|[0-9a-f-]{36}\n", session)
    assert client.exchange(b"deleteSession " + session[3:]) == b"OK\n"
    assert client.exchange(ASK + b"\n") == NOT_FOUND


def test_error_codes_have_six_digits() -> None:
    """No code of the contract has seven, ``070014`` among them."""
    text = (Path(__file__).parent.parent / "contract.toml").read_text(encoding="utf-8")
    codes = [c for x in tomllib.loads(text)["command"].values() for c, _ in x["errors"]]
    assert "070014" in codes
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


def test_end_of_command_is_lf_and_one_cr_is_dropped(stage: Stage, client: Client) -> None:
    """LF ends a command; a CR before it is dropped, one only, and none elsewhere."""
    assert client.exchange(ASK + b"\r\n") == NOT_FOUND
    assert client.exchange(ASK + b"\n") == NOT_FOUND
    assert shown(client, b"x\r\r") == r"x\r"
    assert shown(client, b"x\ry") == r"x\ry"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\xff\xfb\x01",
        b"\xff\xfd\xff",
        b"\xff\xfe\n",
        b"\xff\xfc\x00",
        b"\xff\xfa\x18ab\nc\xff\xf0",
        b"\xff\xfa\x18\xff\xff\xff\xf0",
        b"\xff\xf1",
        b"\xff\xff",
    ],
)
def test_telnet_negotiation_is_dropped_wherever_it_stands(client: Client, sequence: bytes) -> None:
    """IAC sequences are dropped, also split over packets; nothing is answered to them."""
    for at in (0, 5, len(ASK)):
        whole = ASK[:at] + sequence + ASK[at:] + b"\n"
        assert client.exchange(whole) == NOT_FOUND
        for byte in whole:
            client.send(bytes([byte]))
        assert client.line() == NOT_FOUND


def test_long_subnegotiation_closes(client: Client) -> None:
    """A sub-negotiation of 512 bytes at most is dropped; a longer one closes the connection."""
    assert client.exchange(b"\xff\xfa" + b"x" * 500 + b"\xff\xf0" + ASK + b"\n") == NOT_FOUND
    client.send(b"\xff\xfa" + b"x" * 600 + b"\xff\xf0" + ASK + b"\n")
    assert client.rest() == b""


def test_separators_are_spaces_and_tabs(client: Client) -> None:
    """One or more, also leading and trailing."""
    spread = b" \t getRecordingStatus \t\t  " + ID.encode() + b" \t \r\n"
    assert client.exchange(spread) == NOT_FOUND


def test_other_whitespace_separates_nothing(client: Client) -> None:
    """A vertical tab, a form feed or a no-break space belongs to its word."""
    assert shown(client, b"a\x0b\x0cb") == r"a\x0b\x0cb"
    assert shown(client, "a\u00a0b".encode()) == "a\u00a0b"


def test_empty_lines_are_ignored(client: Client) -> None:
    """No command, no response."""
    client.send(b"\n\r\n \t \n\r\n" + ASK + b"\n")
    assert client.line() == NOT_FOUND
    client.finish()
    assert client.rest() == b""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b'"two words"', "two words"),
        (b'a"b c"d', "ab cd"),
        (b'a"b"c"d"', "abcd"),
        (b'""', ""),
        (b'x""', "x"),
        (b'"\ttab"', r"\ttab"),
    ],
)
def test_quotes(client: Client, written: bytes, meant: str) -> None:
    """A quote opens wherever it stands, and what touches it belongs to the same argument."""
    assert shown(client, written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb'"a\nb"', "a\nb"),
        (rb'"a\"b"', 'a"b'),
        (rb'"a\\b"', "a\\b"),
        (rb'"a\tb"', "a\\tb"),
        (rb'"a\\nb"', "a\\nb"),
        (rb"a\nb", "a\\nb"),
        (rb"a\\b", "a\\\\b"),
        (rb"a\ ", "a\\"),
    ],
)
def test_escapes(stage: Stage, client: Client, written: bytes, meant: str) -> None:
    r"""Only inside quotes ``\n``, ``\"`` and ``\\``; any other backslash is itself."""
    assert title_of(stage, client, written) == meant


@pytest.mark.parametrize("line", [b'createSession "asdf', b'"', b'createSession a"b', rb'x "a\"'])
def test_unbalanced_quotes(client: Client, line: bytes) -> None:
    """A syntax error, and the connection lives on."""
    assert client.exchange(line + b"\n") == SYNTAX
    assert client.exchange(ASK + b"\n") == NOT_FOUND


@pytest.mark.parametrize("bad", [b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00"])
def test_invalid_utf8_or_a_nul(client: Client, bad: bytes) -> None:
    """A syntax error wherever it stands, and the connection lives on."""
    for line in (b"createSession a" + bad, bad + ASK, b'createSession "' + bad + b' "'):
        assert client.exchange(line + b"\n") == SYNTAX
        assert client.exchange(ASK + b"\n") == NOT_FOUND


def test_a_line_at_the_limit(client: Client) -> None:
    """65,536 bytes before the LF are a command, a CR counted."""
    for end in (b"\n", b"\r\n"):
        room = 65536 - len(b"createSession ") - (len(end) - 1)
        line = b"createSession " + b"x" * room + end
        assert client.exchange(line) == b"ERROR|070019|Failed to create a session\n"
        assert client.exchange(line.replace(b"xx", b"xxx", 1)) == SYNTAX


def test_a_line_over_the_limit_is_answered_at_once(client: Client) -> None:
    """Answered once, before its end has come; the rest is thrown away; then all is well."""
    client.send(b"x" * 65537)
    assert client.line() == SYNTAX
    for _ in range(64):
        client.send(b"createSession y " * 65536)
    assert client.exchange(b"\n" + ASK + b"\n") == NOT_FOUND


def test_a_line_over_the_limit_is_not_stored(stage: Stage, client: Client) -> None:
    """100 MB without an LF do not make the server grow."""
    before = _memory(stage.daemon.pid)
    block = b"x" * (1 << 20)
    for _ in range(100):
        client.send(block)
    assert client.line() == SYNTAX
    assert client.exchange(b"\n" + ASK + b"\n") == NOT_FOUND
    assert _memory(stage.daemon.pid) - before < 8 << 20


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    kib = re.search(r"VmHWM:\s+(\d+)", status)
    assert kib
    return int(kib.group(1)) << 10


def test_an_unfinished_line_is_never_executed(stage: Stage, client: Client) -> None:
    """What has no LF when the connection ends is no command."""
    title = f"unfinished {uuid.uuid4()}"
    client.send(b"createSession one\ncreateSession " + f'"{title}"'.encode())
    client.finish()
    assert re.fullmatch(rb"OK\|[0-9a-f-]{36}\n", client.rest())
    assert title not in stage.hmpctl("session", "list", "--json")


def test_a_client_that_closes_its_sending_side_is_answered(client: Client) -> None:
    """The whole commands received are executed and answered, then the connection is closed."""
    client.send((ASK + b"\n") * 50)
    client.finish()
    assert client.rest() == NOT_FOUND * 50


@pytest.mark.parametrize(
    "method",
    ["GET", "POST", "PUT", "PATCH", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE"],
)
def test_http_closes_unanswered(stage: Stage, client: Client, method: str) -> None:
    """A web page cannot post commands: nothing after the request line is read."""
    title = f"by http {uuid.uuid4()}"
    client.send(f'{method} / HTTP/1.1\r\nHost: x\r\n\r\ncreateSession "{title}"\n'.encode())
    assert client.rest() == b""
    assert title not in stage.hmpctl("session", "list", "--json")


def test_commands_before_http_are_answered(client: Client) -> None:
    """Only the line that is HTTP closes; a first word alone is no HTTP."""
    assert client.exchange(b"GET x\n") == b"ERROR|000002|Command not found\n"
    assert client.exchange(b"get / HTTP/1.1\n") == b"ERROR|000002|Command not found\n"
    client.send(ASK + b"\nPOST / HTTP/1.0\n" + ASK + b"\n")
    assert client.rest() == NOT_FOUND


@pytest.mark.parametrize("name", ["CreateSession", "createsession", "CREATESESSION", "", "help"])
def test_command_names_are_exact(client: Client, name: str) -> None:
    """Any other spelling is 000002, whatever its parameters."""
    assert client.ask(name, "x") == "ERROR|000002|Command not found"
    assert client.ask(name) == "ERROR|000002|Command not found"


@pytest.mark.parametrize(
    ("argument", "seen"),
    [
        ("Mixed Case", "Mixed Case"),
        ("a\nb", r"a\nb"),
        ("a\tb", r"a\tb"),
        ("a\rb", r"a\rb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x7fb", r"a\x7fb"),
        ("a\x85b\x9f", r"a\x85b\x9f"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("x|y'z", "x|y'z"),
        ("é" * 200, "é" * 200),
        ("é" * 201, "é" * 200 + "…"),
    ],
)
def test_arguments_in_errors_are_shown(client: Client, argument: str, seen: str) -> None:
    """As understood, in one line: control characters as escapes, at most 200 characters."""
    quoted = '"' + argument.replace("\n", "\\n") + '"'
    assert shown(client, quoted.encode()) == seen


def test_a_long_argument_of_control_characters(client: Client) -> None:
    """The limit counts what is shown, so that an answer stays short."""
    seen = shown(client, b'"' + b"\x01" * 5000 + b'"')
    assert seen.endswith("…")
    assert len(seen) == 201


def test_commands_are_answered_in_order(client: Client) -> None:
    """However fast they come, each answer belongs to its command."""
    wrong = [f"w{number}" for number in range(500)]
    client.send("".join(f"getRecordingStatus {w}\n" for w in wrong).encode())
    assert [client.line().decode() for _ in wrong] == [
        f"ERROR|010001|'{w}' is not a UUID\n" for w in wrong
    ]


def test_commands_are_executed_one_at_a_time(stage: Stage, client: Client) -> None:
    """A slow command is done before the next begins: the state that each finds is the last's."""
    session = stage.session(client, 0)
    recording = client.result("startRecording", session)
    acts = ["pause", "resume", "pause", "resume", "stop", "stop"]
    client.send("".join(f"{act}Recording {recording}\n" for act in acts).encode())
    client.send(f"deleteSession {session}\n".encode())
    got = [client.line().decode() for _ in range(len(acts) + 1)]
    assert got == ["OK\n"] * 5 + ["ERROR|040001|Active recording not found\n", "OK\n"]


def test_connections_do_not_wait_for_each_other(stage: Stage, client: Client) -> None:
    """While one has thousands of commands to be answered, another is answered at once."""
    client.send((ASK + b"\n") * 3000)
    with stage.client(timeout=5) as other:
        assert other.exchange(ASK + b"\n") == NOT_FOUND
    assert client.line() == NOT_FOUND


def test_a_client_that_never_reads_is_paused(stage: Stage, client: Client) -> None:
    """It cannot send without end, and the server does not grow by what it does not read."""
    before = _memory(stage.daemon.pid)
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connection.settimeout(2)
    sent = _send_until_paused(client, f"getRecordingStatus {'y' * 200}\n".encode() * 500)
    assert sent < 64 << 20
    assert _memory(stage.daemon.pid) - before < 16 << 20
    with stage.client() as other:
        assert other.exchange(ASK + b"\n") == NOT_FOUND


def _send_until_paused(client: Client, block: bytes) -> int:
    sent = 0
    while sent < 200 << 20:
        try:
            sent += client.connection.send(block)
        except TimeoutError:
            break
    return sent


def test_connection_limits(fresh_stage: Stage) -> None:
    """Past the limit: Not Authorized, and closed; a place that is freed is free."""
    stage = fresh_stage
    stage.hmpctl("device", "add", "second", "127.0.0.3")
    stage.configure(command_api={"max_connections_per_device": 2, "max_connections": 3})
    stage.start().daemon.await_log("disconnected")  # who asked whether it is ready has left
    refused = b"ERROR|020000|Not Authorized\n"
    first, second = stage.client(), stage.client()
    for client in (first, second):
        assert client.exchange(ASK + b"\n") == NOT_FOUND
    with stage.client() as third:
        third.send(ASK + b"\n")
        assert third.rest() == refused
    other = stage.client("127.0.0.3")
    assert other.exchange(ASK + b"\n") == NOT_FOUND
    with stage.client("127.0.0.3") as fourth:
        assert fourth.rest() == refused
    first.close()

    def admitted() -> bool:
        with stage.client() as again:
            try:
                return again.exchange(ASK + b"\n") == NOT_FOUND
            except (ClosedError, OSError):
                return False

    wait_for(admitted, 5, "place for a connection after another was closed")
    assert second.ask("deleteSession", unknown()).startswith("ERROR|040006|")
