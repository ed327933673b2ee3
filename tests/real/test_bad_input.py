"""Bad input at the start: one clear line that says what, where and what would do; no traceback."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from ..harness import free_tcp_port
from ..harness.daemon import script
from ..harness.server import run
from .hall import Hall


def _refused(hall: Hall, program: str = "hmp", *options: str) -> str:
    """The one line with which a start is refused; the exit status is not 0."""
    arguments = [script("twistd"), "-n", "--pidfile=", program, *(options or hall.options)]
    done = run(*arguments, cwd=hall.folder)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode != 0, said
    assert "Traceback" not in "\n".join(said), "\n".join(said)
    assert len(said) == 1, said
    return said[0]


PROGRAMS = pytest.mark.parametrize("program", ["hmp", "hmp-engine"])


@PROGRAMS
def test_a_corrupt_configuration(hall: Hall, program: str) -> None:
    """The file, and where in it."""
    hall.config.write_text("[command_api\nendpoint = 3\n")
    line = _refused(hall, program)
    assert str(hall.config) in line
    assert "line 1" in line


@PROGRAMS
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[command_api]\nport = 23233\n", ["command_api.port", "endpoint"]),
        ("[comand_api]\n", ["comand_api", "command_api"]),
        ("command_api = 3\n", ["command_api", "[command_api]"]),
        ("[recordings]\nmin_free_bytes = -1\n", ["recordings.min_free_bytes", "-1"]),
        ('[command_api]\nendpoint = "23233"\n', ["command_api.endpoint", "tcp:23233"]),
        ("[restream]\nmulticast_ttl = 300\n", ["restream.multicast_ttl", "0 to 255"]),
        ('[database]\nurl = "not a url"\n', ["database.url", "postgresql://"]),
        ('[engine]\nendpoint = "tcp:1234"\n', ["engine.endpoint", "unix:"]),
    ],
)
def test_an_unknown_key_or_a_bad_value(
    hall: Hall, program: str, text: str, words: list[str]
) -> None:
    """The file, the key, and what is allowed."""
    hall.config.write_text(text)
    line = _refused(hall, program)
    for word in [str(hall.config), *words]:
        assert word in line


def test_a_configuration_that_is_not_there(hall: Hall) -> None:
    """A file that was named must be there."""
    line = _refused(hall, "hmp", "--config", "/nowhere/hmp.toml", "--data-dir", str(hall.data_dir))
    assert "/nowhere/hmp.toml" in line


@PROGRAMS
def test_a_data_directory_that_cannot_be_written(hall: Hall, program: str) -> None:
    """A file is where the folder should be (root may write anywhere else)."""
    blocked = hall.folder / "blocked"
    blocked.write_text("")
    options = ("--config", str(hall.config), "--data-dir", str(blocked / "data"))
    assert str(blocked / "data") in _refused(hall, program, *options)


@PROGRAMS
def test_a_recordings_directory_that_cannot_be_written(hall: Hall, program: str) -> None:
    """A server with a media engine of its own says so before it starts one, again and again."""
    blocked = hall.folder / "blocked"
    blocked.write_text("")
    hall.config.write_text(f'[recordings]\ndirectory = "{blocked / "media"}"\n')
    assert f"recordings directory {blocked / 'media'}" in _refused(hall, program)


def test_a_database_that_is_none(hall: Hall) -> None:
    """A file that is no SQLite database is named, and not touched."""
    for left in hall.data_dir.glob("hmp.db*"):
        left.unlink()
    path = hall.data_dir / "hmp.db"
    path.write_bytes(b"this is no database" * 100)
    assert str(path) in _refused(hall)
    assert path.read_bytes() == b"this is no database" * 100


def test_a_data_directory_of_another_server(hall: Hall) -> None:
    """Names the directory and the process that holds it; the other is not disturbed."""
    hall.start()
    line = _refused(hall)
    assert str(hall.data_dir) in line
    assert str(hall.daemon.pid) in line
    with hall.client() as client:
        assert client.ask("createSession", "x").startswith("OK|")


def test_recordings_of_another_engine(hall: Hall) -> None:
    """A second engine on the same recordings waits a while, then says who holds them."""
    hall.start()
    engine = hall.engine_pid()
    options = [script("twistd"), "-n", "--pidfile=", "hmp-engine", *hall.options]
    socket_path = f"unix:{hall.folder / 'second.sock'}"
    done = run(*options, "--listen", socket_path, cwd=hall.folder)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    assert re.search(rf"(?m)^.*\b{engine}\b.*$", said), said


def test_a_port_in_use(hall: Hall) -> None:
    """One line names the endpoint; nothing else ends, and the port is tried again."""
    hall.port = free_tcp_port()
    hall.configure(command_api={"endpoint": f"tcp:{hall.port}:interface=127.0.0.1"})
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", hall.port))
        squatter.listen()
        hall.start(ready=False)
        hall.daemon.await_log(rf"(?i){hall.port}.*in use", 20)
        assert "Traceback" not in hall.daemon.log
    hall.await_ready()


def test_a_source_on_a_taken_port(hall: Hall) -> None:
    """startRecording is 070000, and the log says which address, and why."""
    source, port = hall.source()
    hall.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter, hall.client() as client:
        squatter.bind(("127.0.0.1", port))
        session = client.result("createSession", "x")
        client.result("addSourceToSession", session, source)
        answer = client.ask("startRecording", session)
        assert answer == "ERROR|070000|Internal Server Error"
        assert re.search(rf"SourceUnusableError: .*\b{port}\b.*\b(in use|taken)\b", hall.daemon.log)
        squatter.close()
        recording = client.result("startRecording", session)
        client.result("stopRecording", recording)


@pytest.mark.parametrize(
    "url", ["udp://239.1.2.3:5000", "http://x", "udp://@1.2.3.4", "udp://@host:1", "udp://@:70000"]
)
def test_a_malformed_source_url(hall: Hall, url: str) -> None:
    """hmpctl refuses with one line that names the URL, and adds nothing."""
    done = hall.try_hmpctl("source", "add", "wrong", url)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert url in done.stderr
    assert hall.show("source", "list") == []


def test_an_unknown_address_for_a_device(hall: Hall) -> None:
    """Neither a host name nor half an address; a name that is taken is refused, too."""
    for name, address in [("x", "1.2.3"), ("x", "host"), ("local", "10.0.0.1")]:
        done = hall.try_hmpctl("device", "add", name, address)
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1
        assert "Traceback" not in done.stderr
    assert [device["name"] for device in hall.show("device", "list")] == ["local"]


def test_nothing_is_lost_by_a_refused_start(hall: Hall) -> None:
    """After the configuration is mended, all is there."""
    before = hall.show("device", "list")
    good = Path(hall.config).read_text()
    hall.config.write_text("[nonsense]\n")
    _refused(hall)
    hall.config.write_text(good)
    hall.start()
    assert hall.show("device", "list") == before
