"""The number of parameters and their form: 010003 and 010001 of every command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..harness import Client
from .lines import ALL, COMMANDS, Line, covers, error, unknown, with_line
from .stage import Stage

GOOD = {
    "sessionTitle": "a title",
    "active": "true",
    "username": "Viewer1",
    "groupname": "Crew",
    "permissionId": "WATCH",
    "fieldName": "title",
    "value": "HD",
    "title": "a mark",
    "ip": "127.0.0.1",
    "port": "5000",
}
"""A value of the right form for each parameter that is no UUID."""

NO_UUIDS = [
    "",
    "x",
    "e3af4dd4b358431e9450e7c82f64b6df",
    "{e3af4dd4-b358-431e-9450-e7c82f64b6df}",
    "urn:uuid:e3af4dd4-b358-431e-9450-e7c82f64b6df",
    "e3af4dd4-b358-431e-9450-e7c82f64b6dg",
    "e3af4dd4-b358-431e-9450-e7c82f64b6df0",
    "e3af4dd4-b358-431e-9450e-7c82f64b6df",
    " e3af4dd4-b358-431e-9450-e7c82f64b6df",
    "e3af4dd4-b358-431e-9450-e7c82f64b6d٣",
]


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[Client]:
    """One connection with all rights."""
    with stage.client() as client:
        yield client


def _parameters(command: str) -> list[str]:
    names: list[str] = COMMANDS[command]["parameters"]
    return [name for name in names if not name.endswith("...")]


def _good(command: str) -> list[str]:
    return [GOOD.get(name) or unknown() for name in _parameters(command)]


@pytest.mark.parametrize("line", with_line(x for x in ALL if x.code == "010003"))
def test_wrong_number_of_parameters(client: Client, line: Line) -> None:
    """Too few and too many are 010003 in the command's own wording, with the number that came."""
    good = _good(line.command)
    for count in range(len(good)):
        # Not one of the words has the right form: the number is checked first.
        assert client.ask(line.command, *[""] * count) == line.answer(n=count)
    if not COMMANDS[line.command]["parameters"][-1].endswith("..."):
        assert client.ask(line.command, *good, "more") == line.answer(n=len(good) + 1)


@pytest.mark.parametrize(
    "line", with_line(x for x in ALL if x.text.casefold() == "'{y}' is not a uuid")
)
def test_no_uuid(client: Client, line: Line) -> None:
    """Each ID must be 8-4-4-4-12 hexadecimal digits; the answer names the one that is not."""
    for position, name in enumerate(_parameters(line.command)):
        if name.endswith("Id") and name != "permissionId":
            for wrong in NO_UUIDS:
                words = _good(line.command)
                words[position] = wrong
                assert client.ask(line.command, *words) == line.answer(y=wrong)


@covers("createSession", "010001")
def test_empty_session_title(client: Client) -> None:
    """A session's title has at least one character."""
    assert client.ask("createSession", "") == error("createSession", "010001")


@covers("setLiveSession", "010001", "boolean")
@pytest.mark.parametrize("wrong", ["True", "FALSE", "1", "", "yes"])
def test_no_boolean(client: Client, wrong: str) -> None:
    """``active`` is ``true`` or ``false``, exactly."""
    answer = error("setLiveSession", "010001", "boolean", y=wrong)
    assert client.ask("setLiveSession", unknown(), wrong) == answer


SHARES = [command for command in COMMANDS if command.startswith("share")]


@pytest.mark.parametrize("line", with_line(x for x in ALL if "Permission must be" in x.text))
def test_no_permission(client: Client, line: Line) -> None:
    """Only the words listed for the command, in capitals; no UUID that no permission has."""
    listed = line.text.partition(": ")[2].split(", ")
    wrong = ["own", "Own", "", "VIEW", unknown()] + ["RECORD"] * ("RECORD" not in listed)
    for permission in wrong:
        # The user or group is unknown, too: the permission is checked before.
        assert client.ask(line.command, "nobody", permission, unknown()) == line.answer()


@pytest.mark.parametrize("line", with_line(x for x in ALL if "invalid field name" in x.text))
@pytest.mark.parametrize("wrong", ["Title", "createdBy", "", "state"])
def test_no_field(client: Client, line: Line, wrong: str) -> None:
    """A field is ``title``, ``description`` or ``createdby``, exactly."""
    assert client.ask(line.command, unknown(), wrong, "x") == line.answer(y=wrong)


@pytest.mark.parametrize("line", with_line(x for x in ALL if "non-empty" in x.text))
def test_empty_category_value(client: Client, line: Line) -> None:
    """No value may be empty, wherever it stands; this is checked over all values first."""
    for values in (["HD", ""], ["", "HD"], [" HD", ""], ["HD", "HD", ""]):
        assert client.ask(line.command, unknown(), unknown(), *values) == line.answer()


@pytest.mark.parametrize("line", with_line(x for x in ALL if "leading or trailing" in x.text))
def test_category_value_with_outer_spaces(client: Client, line: Line) -> None:
    """No value may begin or end with a space; this is checked before their being unique."""
    for values in ([" HD"], ["HD "], ["HD", "HD", "x "]):
        assert client.ask(line.command, unknown(), unknown(), *values) == line.answer()


@pytest.mark.parametrize("line", with_line(x for x in ALL if "values are unique" in x.text))
def test_category_value_twice(client: Client, line: Line) -> None:
    """No value may be given twice, to the letter."""
    assert client.ask(line.command, unknown(), unknown(), "a", "b", "a") == line.answer()
    assert client.ask(line.command, unknown(), unknown(), "a", "A") != line.answer()


@covers("startRestreamRecording", "010001", "ip address")
@pytest.mark.parametrize(
    "wrong", ["", "localhost", "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4.5", "::1", "1.2.3.4 "]
)
def test_no_ip_address(client: Client, wrong: str) -> None:
    """``ip`` is an IPv4 address in dotted decimal notation."""
    answer = error("startRestreamRecording", "010001", "ip address", y=wrong)
    assert client.ask("startRestreamRecording", unknown(), wrong, "5000") == answer


@covers("startRestreamRecording", "010001", "port number")
@pytest.mark.parametrize("wrong", ["", "-1", "65536", "5000x", "5e3", "٥٠٠٠", "+5", "99999999999"])
def test_no_port_number(client: Client, wrong: str) -> None:
    """``port`` is a number from 0 to 65535, in ASCII digits."""
    answer = error("startRestreamRecording", "010001", "port number", y=wrong)
    assert client.ask("startRestreamRecording", unknown(), "127.0.0.1", wrong) == answer
