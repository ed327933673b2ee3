"""Signing in and out, and making the first administrator."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import DomainError
from .. import cookies
from ..answers import Answer, Page, RefusalError, SeeOther
from ..route import PUBLIC, Route, get, post
from ..sign_in.first import FirstUser
from ..visit import Visit
from ..wording import words_of

HOME = "/live"


async def home(visit: Visit) -> Answer:
    """The first page after signing in."""
    return SeeOther(HOME)


async def show(visit: Visit) -> Answer:
    """The form; who has signed in goes on."""
    if visit.visitor is not None:
        return SeeOther(_next(visit))
    return _form(visit)


async def sign_in(visit: Visit) -> Answer:
    """Check the password, and give the browser a new token: a planted one is worth nothing."""
    name = visit.form.text("name")
    try:
        token = await visit.tools.gate.sign_in(name, visit.form.raw("password"), visit.address)
    except RefusalError as refusal:
        for header, value in refusal.headers.items():
            visit.request.setHeader(header, value)
        return _form(visit, name, refusal.words, refusal.status)
    await _adopt(visit, token)
    return SeeOther(_next(visit))


async def sign_out(visit: Visit) -> Answer:
    """End the sign-in here and in the database."""
    await _adopt(visit, cookies.new_token())
    return SeeOther("/sign-in", "You are signed out.")


async def _adopt(visit: Visit, token: str) -> None:
    """Carry on with another token; the one before is worth nothing any more."""
    if visit.visitor is not None:
        await visit.tools.gate.sign_out(visit.token)
    visit.adopt(token)


def _form(visit: Visit, name: str = "", words: str = "", status: int = 200) -> Page:
    values = {"name": name, "words": words, "next": _next(visit)}
    return Page("sign_in/sign_in.html", values, status)


def _next(visit: Visit) -> str:
    """The page that was asked for, if it is one of ours; a browser reads ``/\\x`` as ``//x``."""
    wanted = visit.form.text("next")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours else HOME


class _First:
    """The pages behind the link in the log."""

    def __init__(self, first: FirstUser) -> None:
        self._first = first

    async def show(self, visit: Visit) -> Answer:
        """The form."""
        self._check(visit)
        return self._form(visit)

    async def make(self, visit: Visit) -> Answer:
        """Make the user, and have the person sign in with what was just chosen."""
        self._check(visit)
        name, password = visit.form.text("name"), visit.form.raw("password")
        if password != visit.form.raw("again"):
            return self._form(visit, name, "The two passwords differ.")
        try:
            await self._first.make(name, await visit.tools.gate.hash(password))
        except DomainError as error:
            return self._form(visit, name, words_of(error)[1])
        return SeeOther("/sign-in", f"{name} can sign in now.")

    def _check(self, visit: Visit) -> None:
        if not self._first.fits(visit.form.raw("token")):
            raise RefusalError(404, "This link has been used, or is not the one in the log.")

    def _form(self, visit: Visit, name: str = "", words: str = "") -> Page:
        values = {"name": name, "words": words, "token": visit.form.raw("token")}
        return Page("sign_in/first.html", values, 400 if words else 200)


def routes(first: FirstUser) -> Sequence[Route]:
    """The group's routes."""
    pages = _First(first)
    return (
        get("/", home),
        get("/sign-in", show, PUBLIC),
        post("/sign-in", sign_in, PUBLIC),
        post("/sign-out", sign_out),
        get("/first", pages.show, PUBLIC),
        post("/first", pages.make, PUBLIC),
    )
