"""Sources: what arrives of each now, and whether one can be received before it is saved."""

from __future__ import annotations

from typing import Any

import attrs

from ....engine.sources import SourceAddress
from ....services.directory import changing, sources
from ....services.rights import ADMINISTER
from ...answers import Answer, Page, Part
from ...codecs import STREAM_TYPES
from ...forms import Form
from ...route import Route, get, post
from ...visit import Visit
from ...watch.reception import Sample, sparkline
from ...watch.service import Watch
from .kept import BASE, Kept

URL = f"{BASE}/sources"


def _source(form: Form) -> tuple[str, str, str]:
    return form.text("name"), form.text("url"), form.text("interface")


@attrs.frozen
class Arriving:
    """A source, and what arrives of it."""

    source: sources.Source
    now: Any
    """The engine's report; ``None`` if nobody wants it."""
    history: tuple[Sample, ...]

    @property
    def points(self) -> str:
        """Of its sparkline."""
        return sparkline(self.history)

    @property
    def recent_errors(self) -> int:
        """Continuity errors in the time that the sparkline shows."""
        return max(0, self.history[-1].errors - self.history[0].errors) if self.history else 0


@attrs.frozen
class Sources:
    """The page."""

    _watch: Watch

    def routes(self) -> tuple[Route, ...]:
        """The page and its acts."""
        kept = Kept(
            slug="sources",
            title="Sources",
            noun="source",
            empty="A source is an MPEG-TS stream over UDP or RTP, such as an encoder sends. "
            "Add the first one below; “Test” tells what arrives before you save it.",
            items=sources.list_sources,
            add=lambda conn, form: sources.add_source(conn, *_source(form)),
            change=lambda conn, object_id, form: changing.change_source(
                conn, object_id, *_source(form)
            ),
            remove=lambda conn, object_id, force: sources.remove_source(conn, object_id),
            beside=self._beside,
            top="administration/arriving.html",
        )
        return (
            *kept.routes(),
            get(f"{URL}/arriving", self.arriving, ADMINISTER),
            post(f"{URL}/test", self.test, ADMINISTER),
        )

    async def _beside(self, visit: Visit) -> dict[str, Any]:
        reception = self._watch.reception
        found = await visit.store.read("list sources", sources.list_sources)
        return {
            "engine": bool(reception.report),
            "arriving": [
                Arriving(
                    one,
                    reception.of(one.url, one.interface),
                    reception.history(one.url, one.interface),
                )
                for one in found
            ],
        }

    async def arriving(self, visit: Visit) -> Answer:
        """What arrives now: for the page to ask again and again."""
        return Page("administration/arriving.html", await self._beside(visit))

    async def test(self, visit: Visit) -> Answer:
        """Receive for two seconds, and tell what came."""
        _, url, interface = _source(visit.form)
        SourceAddress.parse(url, interface)
        reception = self._watch.reception
        await reception.ask()
        now = reception.of(url, interface)
        heard = None if now else await reception.engine.try_reception(url, interface)
        values = {"url": url, "now": now, "heard": heard, "types": STREAM_TYPES}
        return Part("administration/heard.html", values, URL, "")
