"""The one cookie: a random token, whether its bearer has signed in or not."""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256

from twisted.web.server import Request

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A token that nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


def read(request: Request) -> str:
    """The token that the browser sent; empty if it sent none of ours."""
    value = (request.getCookie(_name(request)) or b"").decode("ascii", "replace")
    return value if _TOKEN.fullmatch(value) else ""


def write(request: Request, token: str) -> None:
    """Have the browser keep the token until it is closed.

    Lax, not Strict: a link to a recording in a mail is to open it.
    """
    request.addCookie(
        _name(request),
        token.encode(),
        path=b"/",
        httpOnly=True,
        secure=bool(request.isSecure()),
        sameSite=b"lax",
    )


def digest(token: str) -> str:
    """What the database keeps of a token: who reads it there cannot sign in with it."""
    return sha256(b"session " + token.encode()).hexdigest()


def csrf_token(token: str) -> str:
    """What a form must send back with the cookie: another site can neither read nor make it."""
    return hmac.new(token.encode(), b"csrf", sha256).hexdigest()


def csrf_fits(token: str, sent: str) -> bool:
    """Whether ``sent`` is the :func:`csrf_token` of this token."""
    return bool(token) and hmac.compare_digest(csrf_token(token).encode(), sent.encode())


def _name(request: Request) -> bytes:
    # The prefix keeps other hosts of the domain, and plain HTTP, from setting it.
    return b"__Host-hmp" if request.isSecure() else b"hmp"
