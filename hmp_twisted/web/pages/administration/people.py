"""Users, groups, roles, permissions, categories: their pages, and users' passwords."""

from __future__ import annotations

from ....logs import Logger
from ....services.directory import users
from ....services.rights import ADMINISTER
from ...answers import Answer, SeeOther
from ...route import post
from ...visit import Visit
from .kinds import CATEGORIES, GROUPS, PERMISSIONS, ROLES, USERS

log = Logger()


async def set_password(visit: Visit, object_id: str) -> Answer:
    """Give a user another password; who had signed in as the user is signed out."""
    password = visit.form.raw("password")
    hashed = await visit.tools.gate.hash(password)
    await visit.store.transact("set password", users.set_password_hash, object_id, hashed)
    user = await visit.store.read("find user", users.find_user, object_id)
    log.info("{who} changed the password of {name!r}", who=visit.actor.name, name=user.name)
    return SeeOther(USERS.url, f"{user.name} has a new password, and is signed out.")


ROUTES = (
    *USERS.routes(),
    post(f"{USERS.url}/<uuid:object_id>/password", set_password, ADMINISTER),
    *GROUPS.routes(),
    *ROLES.routes(),
    *PERMISSIONS.routes(),
    *CATEGORIES.routes(),
)
