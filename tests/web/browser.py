"""A browser without a screen: keeps the cookie, sends forms, and shows what came back."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import attrs
from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.web.client import Agent, HTTPConnectionPool

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"|"X-CSRF-Token": "([0-9a-f]{64})"')


@attrs.frozen
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, list[str]]
    """By their names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def location(self) -> str:
        """Where it leads."""
        return self.header("location")

    def header(self, name: str) -> str:
        """A header's value; empty if it is not there."""
        return ", ".join(self.headers.get(name, []))

    @property
    def csrf(self) -> str:
        """The token that its forms hold."""
        found = _CSRF.search(html.unescape(self.text))
        return (found[1] or found[2]) if found else ""


@attrs.define
class Browser:
    """One person's browser, on one server."""

    base: str
    cookie: str = ""
    csrf: str = ""
    cookies_set: list[str] = attrs.field(factory=list)
    """Every ``Set-Cookie`` so far."""
    _client: HTTPClient = attrs.field(
        factory=lambda: HTTPClient(Agent(reactor, pool=HTTPConnectionPool(reactor, False)))
    )

    async def get(self, path: str, **headers: str) -> Response:
        """Look at a page."""
        return await self._ask("GET", path, None, headers)

    async def post(
        self, path: str, fields: Mapping[str, Any] | None = None, **headers: str
    ) -> Response:
        """Send a form, with the CSRF token of the last page unless ``fields`` has one."""
        sent = {"csrf": self.csrf, **(fields or {})}
        headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return await self._ask("POST", path, urlencode(sent, doseq=True).encode(), headers)

    async def sign_in(self, name: str, password: str) -> Response:
        """Go through the form."""
        await self.get("/sign-in")
        return await self.post("/sign-in", {"name": name, "password": password})

    async def follow(self, response: Response) -> Response:
        """Go where it leads."""
        assert response.status == 303, response.text
        return await self.get(response.location)

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            named["Cookie"] = self.cookie
        answer = await self._client.request(
            method, self.base + path, data=body, headers=named, allow_redirects=False
        )
        content = await answer.content()
        response = Response(
            answer.code,
            {
                k.decode().lower(): [v.decode() for v in vs]
                for k, vs in answer.headers.getAllRawHeaders()
            },
            content,
        )
        self._keep(response)
        return response

    def _keep(self, response: Response) -> None:
        for line in response.headers.get("set-cookie", []):
            self.cookies_set.append(line)
            self.cookie = line.split(";")[0]
        if response.header("content-type").startswith("text/html"):
            self.csrf = response.csrf or self.csrf
