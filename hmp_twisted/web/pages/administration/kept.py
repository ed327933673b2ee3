"""What administrators keep, one kind of object a page: a list, a form to add, forms to change.

A kind is declared (:mod:`.kinds`); the steps are the same for all and are taken here, each change
in one transaction, and told in the event log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import Connection

from ....errors import InUseError, NotFoundError
from ....logs import Logger
from ....services.rights import ADMINISTER
from ...answers import Answer, Page, Part, RefusalError
from ...forms import Form
from ...route import Route, get, post
from ...visit import Visit

log = Logger()

BASE = "/administration"
FORCE = "also where it is in use"


async def _nothing(visit: Visit) -> dict[str, Any]:
    return {}


def _no_options(conn: Connection) -> Mapping[str, Any]:
    return {}


@attrs.frozen
class Kept:
    """One kind of object."""

    slug: str
    """Its page, beneath :data:`BASE`; also its template, in ``administration/kinds/``."""
    title: str
    noun: str
    empty: str
    """What an empty list says, and what to do next."""
    items: Callable[[Connection], Sequence[Any]]
    add: Callable[..., Any]
    """``(conn, form, **prepared)``"""
    change: Callable[[Connection, str, Form], Any]
    remove: Callable[[Connection, str, bool], Any]
    """``(conn, id, force)``"""
    options: Callable[[Connection], Mapping[str, Any]] = _no_options
    """What its forms choose from."""
    prepare: Callable[[Visit], Awaitable[dict[str, Any]]] = _nothing
    """What ``add`` needs that takes time, such as the hash of a password."""
    beside: Callable[[Visit], Awaitable[dict[str, Any]]] = _nothing
    """What its page shows beside the list."""
    top: str = ""
    """The template of that."""
    forcible: bool = False
    """Whether it can be removed where it is in use."""

    @property
    def url(self) -> str:
        """Its page."""
        return f"{BASE}/{self.slug}"

    @property
    def template(self) -> str:
        """What shows one of them, and asks for one."""
        return f"administration/kinds/{self.slug}.html"

    def routes(self) -> tuple[Route, ...]:
        """The page and its acts."""
        one = f"{self.url}/<uuid:object_id>"
        return (
            get(self.url, self.show, ADMINISTER),
            post(self.url, self.create, ADMINISTER),
            post(one, self.update, ADMINISTER),
            post(f"{one}/remove", self.delete, ADMINISTER),
        )

    async def show(self, visit: Visit) -> Answer:
        """The page."""
        values = await self._values(visit)
        return Page("administration/kept.html", {**values, **await self.beside(visit)})

    async def create(self, visit: Visit) -> Answer:
        """Add one."""
        prepared = await self.prepare(visit)
        await visit.store.transact(f"add {self.noun}", self.add, visit.form, **prepared)
        return await self._done(visit, "added", visit.form.text("name"))

    async def update(self, visit: Visit, object_id: str) -> Answer:
        """Change one."""
        await visit.store.transact(f"change {self.noun}", self.change, object_id, visit.form)
        return await self._done(visit, "changed", visit.form.text("name"))

    async def delete(self, visit: Visit, object_id: str) -> Answer:
        """Remove one."""
        force = visit.form.has("force")

        def remove(conn: Connection) -> str:
            """Gives the name that it had."""
            name = self._name(conn, object_id)
            self.remove(conn, object_id, force)
            return name

        try:
            name = await visit.store.transact(f"remove {self.noun}", remove)
        except InUseError as error:
            raise RefusalError(409, _for_pages(str(error))) from error
        return await self._done(visit, "removed", name)

    def _name(self, conn: Connection, object_id: str) -> str:
        for one in self.items(conn):
            if one.id == object_id:
                return str(one.name)
        raise NotFoundError(f"no {self.noun} has the ID {object_id}")

    async def _done(self, visit: Visit, what: str, name: str) -> Answer:
        log.info(
            "{who} {what} {noun} {name!r}",
            who=visit.actor.name,
            what=what,
            noun=self.noun,
            name=name,
        )
        say = f"{self.noun.capitalize()} {what}."
        return Part("administration/list.html", await self._values(visit), self.url, say)

    async def _values(self, visit: Visit) -> dict[str, Any]:
        def read(conn: Connection) -> tuple[Sequence[Any], Mapping[str, Any]]:
            return self.items(conn), self.options(conn)

        items, options = await visit.store.read(f"list {self.slug}", read)
        return {"kept": self, "items": items, "options": options, "force": FORCE}


def _for_pages(text: str) -> str:
    """A refusal in the words of this page, not of hmpctl's."""
    why, _, forcible = text.partition("; --force")
    words = f"{why[:1].upper()}{why[1:]}."
    return f"{words} Tick “{FORCE}” to remove it all the same." if forcible else words
