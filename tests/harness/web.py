"""A browser's connections without a browser: signed in, one response at a time, read or not."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from urllib.parse import urlencode

import attrs

from .server import Site
from .waiting import wait_for

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def add_user(site: Site, name: str, role: str, password: str) -> None:
    """Add somebody who can sign in."""
    add = ("user", "add", name, "--role", role, "--password-stdin")
    done = site.try_hmpctl(*add, stdin=password)
    assert done.returncode == 0, done.stderr


@attrs.define
class Streaming:
    """A response without an end, on a connection of its own."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    taken: int = 0
    """Bytes read so far."""
    ended: bool = False

    def take(self, most: int = 1 << 16) -> bytes:
        """What has come, or b"" once the server has ended it."""
        try:
            data = self.response.read1(most)
        except (ConnectionError, http.client.IncompleteRead):
            data = b""
        self.taken += len(data)
        self.ended = self.ended or not data
        return data

    def close(self) -> None:
        """Hang up."""
        self.response.close()
        self.connection.close()

    def __enter__(self) -> Streaming:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@attrs.define
class WebClient:
    """One person on the web interface at a port of 127.0.0.1."""

    port: int
    name: str
    password: str
    cookie: str = ""

    def sign_in(self) -> WebClient:
        """Go through the form, as soon as the port is open."""
        wait_for(self._try, 60, "web interface that signs in")
        return self

    def get(self, path: str) -> tuple[int, bytes]:
        """The status and body of a response."""
        return self._ask("GET", path, "")

    def post(self, path: str, page: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form that is on ``page``; gives the status and body of the response."""
        found = _CSRF.search(self.get(page)[1].decode())
        assert found is not None, f"{page} has no form"
        return self._ask("POST", path, urlencode({"csrf": found[1], **fields}))

    def stream(self, path: str, buffer_bytes: int = 0) -> Streaming:
        """A response without an end; ``buffer_bytes`` bounds what waits in this socket."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if buffer_bytes:
            connection.sock = socket.socket()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            connection.sock.settimeout(60)
            connection.sock.connect(("127.0.0.1", self.port))
        connection.request("GET", path, headers={"Cookie": self.cookie})
        response = connection.getresponse()
        assert response.status == 200, (path, response.status)
        return Streaming(connection, response)

    def _try(self) -> bool:
        try:
            page = self._ask("GET", "/sign-in", "")[1].decode()
        except OSError:
            return False
        found = _CSRF.search(page)
        assert found is not None, page
        fields = {"csrf": found[1], "name": self.name, "password": self.password}
        status, _ = self._ask("POST", "/sign-in", urlencode(fields))
        assert status == 303, status
        return True

    def _ask(self, method: str, path: str, body: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Cookie": self.cookie, **(_FORM if body else {})}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                self.cookie = cookie.partition(";")[0]
            return response.status, response.read()
        finally:
            connection.close()
