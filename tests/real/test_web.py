"""The web interface of the installed server: TLS, who may read its numbers, and bad settings."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import attrs
import pytest

from hmp_twisted.store.pool import Store
from tests.catalogue import add_files, add_recording, packets
from tests.harness import Server, free_tcp_port, wait_for
from tests.harness.web import WebClient, add_user
from tests.web.certificates import self_signed

PASSWORD = "correct horse battery"


@attrs.frozen
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@attrs.frozen
class Secure:
    """The web interface over TLS, its certificate checked."""

    port: int
    trusted: Path

    def ask(
        self, method: str, path: str, cookie: str = "", fields: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=20, context=context
        )
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {"Cookie": cookie, **(form if fields else {})}
        connection.request(method, path, urlencode(fields or {}), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, answer.headers, text)


def test_all_is_served_over_tls(tmp_path: Path) -> None:
    """Sign-in and its cookie; numbers for nobody but administrators, as configured."""
    key, certificate = self_signed(tmp_path)
    port = free_tcp_port()
    endpoint = f"ssl:{port}:interface=127.0.0.1:privateKey={key}:certKey={certificate}"
    web = {"endpoint": endpoint, "metrics_from": ["192.0.2.0/24"]}
    with Server(tmp_path / "site", {"web": web}) as server:
        add = ("user", "add", "ada", "--role", "Administrator", "--password-stdin")
        assert server.try_hmpctl(*add, stdin=PASSWORD).returncode == 0
        server.admit()
        server.start()
        web_interface = Secure(port, certificate)
        wait_for(lambda: _serves(web_interface), 30, "the web interface")
        refused = web_interface.ask("GET", "/metrics")
        assert refused.status == 403
        assert "metrics_from" in refused.text
        cookie = _sign_in(web_interface)
        numbers = web_interface.ask("GET", "/metrics", cookie)
        assert numbers.status == 200
        assert "hmp_engine_up 1.0" in numbers.text
        with pytest.raises(http.client.HTTPException):
            _plainly(port)


def _serves(web_interface: Secure) -> bool:
    try:
        return web_interface.ask("GET", "/healthz").text == "ok\n"
    except ConnectionError:
        return False


def _sign_in(web_interface: Secure) -> str:
    """The cookie, which no plain connection and no script may have."""
    page = web_interface.ask("GET", "/sign-in")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    csrf = page.text.partition('name="csrf" value="')[2][:64]
    fields = {"name": "ada", "password": PASSWORD, "csrf": csrf}
    answer = web_interface.ask("POST", "/sign-in", cookie, fields)
    assert answer.status == 303, answer.text
    kept = answer.headers["Set-Cookie"]
    flags = {part.strip().lower() for part in kept.split(";")[1:]}
    assert flags == {"path=/", "httponly", "samesite=lax", "secure"}
    assert kept.startswith("__Host-hmp=")
    return kept.partition(";")[0]


def _plainly(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics_from", ["10.0.0.0/33"]),
        ("metrics_from", "127.0.0.1"),
        ("metrics_from", ["monitoring.example"]),
        ("hosts", ["http://hmp.example"]),
        ("endpoint", "tcp:99999:interface"),
    ],
)
def test_a_bad_setting_stops_the_start(tmp_path: Path, key: str, value: object) -> None:
    """In one line that names file, key, and what is allowed."""
    server = Server(tmp_path, {"web": {key: value}})
    with server:
        server.start(ready=False)
        wait_for(lambda: not server.daemon.running, 30, "the end of the server")
        said = server.daemon.tail()
    (line,) = [line for line in said.splitlines() if key in line]
    assert str(server.config) in line
    assert "web" in line


def test_checks_of_enormous_recordings_hold_up_nothing(tmp_path: Path) -> None:
    """Neither what is asked for meanwhile nor the server's end waits for the bytes."""
    port = free_tcp_port()
    with Server(
        tmp_path / "site", {"web": {"endpoint": f"tcp:{port}:interface=127.0.0.1"}}
    ) as site:
        add_user(site, "ada", "Administrator", PASSWORD)
        site.admit()
        recordings = [_enormous(site) for _ in range(2)]
        site.start()
        browser = WebClient(port, "ada", PASSWORD).sign_in()
        for recording in recordings:
            page = f"/videos/{recording}"
            assert browser.post(f"{page}/verify", page, {})[0] in (200, 303)
        for recording in recordings:
            wait_for(lambda path=f"/videos/{recording}": _is_read(browser, path), 30, "a check")
        assert site.client().ask("stopRestreamRecording", recordings[0]).startswith("ERROR|040003")
        assert site.stop() == -signal.SIGTERM


def _enormous(site: Server) -> str:
    """A recording whose one file holds a terabyte of nothing."""
    store = Store("", site.data_dir)
    with store.begin() as conn:
        recording = add_recording(conn, "Enormous")
    folder = add_files(site.recordings_dir, recording, [[packets(10)]])
    os.truncate(folder / "track-1" / "00001.ts", 1 << 40)
    return recording


def _is_read(browser: WebClient, page: str) -> bool:
    status, text = browser.get(f"{page}/certificate")
    assert status == 200
    return b'value="1.0" aria-label="Files read"' in text  # a megabyte is more than was recorded
