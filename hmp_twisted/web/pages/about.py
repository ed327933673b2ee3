"""What sessions and recordings both have: title and description, categories, shares.

Each is a section of the object's page, with a form of its own; the answer to a change is the
section anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from ...services.directory.categories import Category, list_categories
from ...services.library.details import Attached
from ...services.metadata import FIELDS
from ...services.rights import Kind
from ...services.sharing import Subject
from ..answers import Answer, Part, RefusalError
from ..route import Route, post
from ..visit import Visit

Load = Callable[[Visit, str], Awaitable[dict[str, Any]]]
"""The values of the object's page: at least ``thing`` and ``attached``."""


async def values_of(
    visit: Visit, kind: Kind, base: str, thing: Any, attached: Attached
) -> dict[str, Any]:
    """What the templates in ``about/`` need."""
    return {
        "kind": kind,
        "base": base,
        "thing": thing,
        "attached": attached,
        "categories": await visit.store.read("list categories", list_categories),
        "given": {c.category_id: c.values for c in attached.categories},
    }


@attrs.frozen
class About:
    """The sections of one kind of object, beneath its page."""

    kind: Kind
    place: str
    """``/videos`` or ``/sessions``."""
    load: Load

    def routes(self) -> tuple[Route, ...]:
        """Where the sections' forms go."""
        base = f"{self.place}/<uuid:object_id>"
        return (
            post(f"{base}/details", self.update),
            post(f"{base}/categories", self.categorise),
            post(f"{base}/shares", self.share),
            post(f"{base}/shares/remove", self.unshare),
        )

    async def update(self, visit: Visit, object_id: str) -> Answer:
        """Title, description and author: those that were changed."""
        thing = (await self.load(visit, object_id))["thing"]
        for field in FIELDS:
            value = visit.form.text(field)
            if visit.form.has(field) and value != getattr(thing, field):
                await visit.services.metadata.update(
                    visit.actor, self.kind, object_id, field, value
                )
        return await self._section(visit, object_id, "details", "Saved.")

    async def categorise(self, visit: Visit, object_id: str) -> Answer:
        """The values of every category that is in the form."""
        before = (await self.load(visit, object_id))["given"]
        for category in await visit.store.read("list categories", list_categories):
            if not visit.form.has(f"has-{category.id}"):
                continue  # made after the page was
            values = _values(visit, category)
            if values != before.get(category.id, ()):
                await visit.services.metadata.set_category(
                    visit.actor, self.kind, object_id, category.id, values
                )
        return await self._section(visit, object_id, "categories", "Categories saved.")

    async def share(self, visit: Visit, object_id: str) -> Answer:
        """Give somebody a permission."""
        name, permission = visit.form.text("name"), visit.form.text("permission")
        await visit.services.sharing.share(
            visit.actor, self.kind, object_id, _subject(visit), name, permission
        )
        return await self._section(visit, object_id, "shares", f"Shared with {name}.")

    async def unshare(self, visit: Visit, object_id: str) -> Answer:
        """Take a permission back."""
        name = visit.form.text("name")
        await visit.services.sharing.unshare(
            visit.actor, self.kind, object_id, _subject(visit), name
        )
        return await self._section(visit, object_id, "shares", f"No longer shared with {name}.")

    async def _section(self, visit: Visit, object_id: str, name: str, say: str) -> Answer:
        # Who has just taken the own permission away sees nothing any more: loading says so.
        values: Mapping[str, Any] = await self.load(visit, object_id)
        return Part(f"about/{name}.html", values, values["base"], say)


def _values(visit: Visit, category: Category) -> tuple[str, ...]:
    """What was ticked, then what was typed; each once."""
    ticked = visit.form.texts(f"value-{category.id}")
    typed = visit.form.texts(f"own-{category.id}")
    values = tuple(dict.fromkeys((*ticked, *typed)))
    if len(values) > 1 and not category.multiple:
        return values[-1:]  # what was typed, instead of what was chosen before
    return values


def _subject(visit: Visit) -> Subject:
    try:
        return Subject(visit.form.text("subject"))
    except ValueError as error:
        raise RefusalError(400, "Choose a user or a group.") from error
