"""The API console, for integrators: lines sent as a device would, and what devices send, live."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import attrs

from ...commands.command import Command
from ...commands.docs import usage
from ...commands.registry import CHAPTERS
from ...commands.trace import Exchange
from ...logs import Logger
from ...services.access import Access, read_access
from ...services.rights import ADMINISTER, Actor
from ..answers import Answer, Handover, Page, Part, RefusalError
from ..route import Route, get, post
from ..visit import Visit
from ..watch.bytes import Shown, shown
from ..watch.pushing import Pushing
from ..watch.service import Watch

log = Logger()

URL = "/console"
SHOWN_EXCHANGES = 100
MOST_LINES = 200
MYSELF = ""

_EXAMPLES = {
    "sourceId": "{source}",
    "title": '"Evening lecture"',
    "live": "true",
    "userName": "ada",
    "groupName": "teachers",
    "permissionId": "WATCH",
    "address": "239.1.2.3",
    "port": "5000",
    "field": "description",
    "value": '"What it is about"',
}


@attrs.frozen
class Help:
    """A command, explained."""

    name: str
    usage: str
    text: str
    example: str
    answer: str
    errors: tuple[str, ...]


def help_of(command: Command) -> Help:
    """A command's help with an example to copy: IDs are to be put in."""
    words = [_EXAMPLES.get(each.name, f"<{each.name}>") for each in command.parameters]
    errors = (f"ERROR|{one.code}|{one.text}" for one in command.answers())
    return Help(
        command.name,
        usage(command),
        inspect.getdoc(command.handler) or "",
        " ".join([command.name, *words]).replace("{source}", "<sourceId>"),
        "OK" if command.result is None else f"OK|{command.result}",
        tuple(error.replace("{y}", "Y").replace("{n}", "N") for error in errors),
    )


HELP = {chapter: [help_of(one) for one in commands] for chapter, commands in CHAPTERS.items()}


@attrs.frozen
class Console:
    """The page."""

    _watch: Watch

    def routes(self) -> tuple[Route, ...]:
        """The page and its acts."""
        return (
            get(URL, self.show, ADMINISTER),
            post(f"{URL}/send", self.send, ADMINISTER),
            get(f"{URL}/trace", self.trace, ADMINISTER),
        )

    async def show(self, visit: Visit) -> Answer:
        """The console, the last exchanges, and every command's help."""
        access = await visit.store.read("read access", read_access)
        recent = self._watch.parts.trace.ring.after(0)[-SHOWN_EXCHANGES:]
        values = {
            "devices": sorted({entry.actor.name for entry in access.entries}),
            "recent": [shown(number, exchange) for number, exchange in reversed(recent)],
            "last": self._watch.parts.trace.ring.last,
            "help": HELP,
            **_sent(()),
        }
        return Page("console/console.html", values)

    async def send(self, visit: Visit) -> Answer:
        """Execute what was typed, line by line, as oneself or as a device."""
        lines = visit.form.raw("lines").split("\n")
        if len(lines) > MOST_LINES:
            raise RefusalError(400, f"At most {MOST_LINES} lines at a time.")
        access = await visit.store.read("read access", read_access)
        actor = _actor(visit, access)
        log.info(
            "{who} sends {count} lines by the console as {actor}",
            who=visit.actor.name,
            count=len(lines),
            actor=actor.name,
        )
        data = "".join(f"{line}\n" for line in lines).encode()
        peer = f"console of {visit.actor.name}"
        exchanges = await self._watch.parts.send(actor, peer, data)
        return Part("console/sent.html", _sent(exchanges), URL)

    async def trace(self, visit: Visit) -> Answer:
        """What is exchanged from now on, as server-sent events, while the right lasts."""
        if "text/event-stream" not in (visit.request.getHeader("Accept") or ""):
            raise RefusalError(406, "This is a stream of events, which the console shows.")
        last = visit.request.getHeader("Last-Event-ID") or visit.form.text("after") or "0"
        ring, after = self._watch.parts.trace.ring, int(last) if last.isdecimal() else 0

        async def may_go_on() -> bool:
            """Whether the visitor still has the right."""
            visitor = await visit.tools.gate.visitor(visit.token)
            return visitor is not None and visitor.may(ADMINISTER)

        return Handover(Pushing(self._watch.reactor, ring, min(after, ring.last), shown, may_go_on))


def _actor(visit: Visit, access: Access) -> Actor:
    """Whom the lines are to be executed as."""
    wanted = visit.form.text("as")
    if wanted == MYSELF:
        return visit.actor
    for entry in access.entries:
        if entry.actor.name == wanted:
            return entry.actor
    raise RefusalError(404, "This device is not on the list any more. Load the page again.")


def _sent(exchanges: Sequence[Exchange]) -> dict[str, list[Shown]]:
    return {"sent": [shown(number, one) for number, one in enumerate(exchanges, 1)]}
