"""One's own account: who one is here, and another password."""

from __future__ import annotations

from ...errors import InvalidValueError
from ...services.directory import users
from ..answers import Answer, Page, RefusalError, SeeOther
from ..route import get, post
from ..visit import Visit

URL = "/account"


async def show(visit: Visit) -> Answer:
    """Names, roles, groups, and the form for another password."""
    return await _page(visit)


async def change_password(visit: Visit) -> Answer:
    """Change one's own password; every other sign-in of the user ends."""
    form = visit.form
    present, new = form.raw("present"), form.raw("password")
    if new != form.raw("again"):
        return await _page(visit, "The two new passwords differ.", 400)
    try:
        token = await visit.tools.gate.change_password(
            visit.actor.name, present, new, visit.address
        )
    except InvalidValueError as error:
        return await _page(visit, f"{str(error).capitalize()}.", 400)
    except RefusalError as refusal:
        for header, value in refusal.headers.items():
            visit.request.setHeader(header, value)
        return await _page(visit, refusal.words, refusal.status)
    visit.adopt(token)
    return SeeOther(URL, "Your password is changed. Wherever else you were, you are signed out.")


async def _page(visit: Visit, words: str = "", status: int = 200) -> Answer:
    user = await visit.store.read("find user", users.find_user, visit.actor.user_id or "")
    return Page("account/account.html", {"user": user, "words": words}, status)


ROUTES = (get(URL, show), post(f"{URL}/password", change_password))
