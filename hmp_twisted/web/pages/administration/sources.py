"""Sources: what arrives of each now, and whether one can be received before it is saved."""

from __future__ import annotations

from typing import Any

import attrs

from ....engine.sources import SourceAddress
from ....services.directory import changing, sources
from ....services.rights import ADMINISTER
from ....store.rows import SourceRow
from ...answers import Answer, Body, Page, Part, RefusalError
from ...codecs import STREAM_TYPES, told
from ...forms import Form
from ...media.glances import Glance
from ...route import Route, get, post
from ...visit import Visit
from ...watch.reception import Sample, sparkline
from ...watch.service import Watch
from .kept import BASE, Kept

URL = f"{BASE}/sources"


def _source(form: Form) -> tuple[str, str, str]:
    return form.text("name"), form.text("url"), form.text("interface")


def named(glance: Glance | None) -> str:
    """The codecs that were seen, by name; empty if none was."""
    return ", ".join(stream["name"] for stream in told(glance.programmes)) if glance else ""


@attrs.frozen
class Arriving:
    """A source, and what arrives of it."""

    source: sources.Source
    now: Any
    """The engine's report; ``None`` if nobody wants it."""
    history: tuple[Sample, ...]
    glance: Glance | None
    """What was last seen of it; ``None`` while it was not looked at yet."""
    age_s: float
    """How long ago that was."""

    @property
    def points(self) -> str:
        """Of its sparkline."""
        return sparkline(self.history)

    @property
    def codecs(self) -> str:
        """Of its streams, by name."""
        return named(self.glance)

    @property
    def bits_per_second(self) -> float | None:
        """As it is received now, else as it was when it was looked at."""
        if self.now is not None:
            return float(self.now["bits_per_second"])
        return self.glance.bits_per_second if self.glance is not None else None

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
            get(f"{URL}/<uuid:source_id>/picture", self.picture, ADMINISTER),
            post(f"{URL}/test", self.test, ADMINISTER),
        )

    async def _beside(self, visit: Visit) -> dict[str, Any]:
        found = await visit.store.read("list sources", sources.list_sources)
        self._watch.parts.glances.look(SourceRow(**attrs.asdict(one)) for one in found)
        reception = self._watch.reception
        arriving = [self._arriving(one) for one in found]
        return {"engine": bool(reception.report), "arriving": arriving}

    def _arriving(self, one: sources.Source) -> Arriving:
        reception, glances = self._watch.reception, self._watch.parts.glances
        place = (one.url, one.interface)
        glance = glances.of(*place)
        age_s = glances.age_s(glance) if glance is not None else 0.0
        return Arriving(one, reception.of(*place), reception.history(*place), glance, age_s)

    async def arriving(self, visit: Visit) -> Answer:
        """What arrives now: for the page to ask again and again while it is looked at."""
        return Page("administration/arriving.html", await self._beside(visit))

    async def picture(self, visit: Visit, source_id: str) -> Answer:
        """The picture of the last glance at a source."""
        found = await visit.store.read("find source", sources.find_source, source_id)
        glance = self._watch.parts.glances.of(found.url, found.interface)
        if glance is None or not glance.picture:
            raise RefusalError(404, "There is no picture of this source at present.")
        # Each glance has its picture at a URL of its own.
        return Body(glance.picture, "image/jpeg", headers={"Cache-Control": "private, max-age=60"})

    async def test(self, visit: Visit) -> Answer:
        """Receive for two seconds, and tell what came."""
        _, url, interface = _source(visit.form)
        SourceAddress.parse(url, interface)
        reception = self._watch.reception
        await reception.ask()
        now = reception.of(url, interface)
        heard = None if now else await reception.engine.try_reception(url, interface)
        codecs = named(self._watch.parts.glances.of(url, interface))
        values = {"url": url, "now": now, "heard": heard, "types": STREAM_TYPES, "codecs": codecs}
        return Part("administration/heard.html", values, URL, "")
