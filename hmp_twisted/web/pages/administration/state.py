"""How the server is: storage, system, and the event log."""

from __future__ import annotations

import platform
import shutil
from typing import Any

import attrs
import sqlalchemy

import twisted

from .... import __version__
from ....engine.ffmpeg import find_ffmpeg
from ....errors import DomainError
from ....services import storage
from ....services.rights import ADMINISTER
from ....services.storage import Space
from ...answers import Answer, Page, SeeOther
from ...route import Route, get
from ...visit import Visit
from ...watch.event_log import TOPICS, Event
from ...watch.service import Watch
from .kept import BASE

SHOWN_EVENTS = 200
_ENOUGH_BUFFER = 4 << 20
LEVELS = ("info", "warn", "error", "critical")


@attrs.frozen
class State:
    """The pages."""

    _watch: Watch

    def routes(self) -> tuple[Route, ...]:
        """All three."""
        return (
            get(BASE, self.first, ADMINISTER),
            get(f"{BASE}/storage", self.storage, ADMINISTER),
            get(f"{BASE}/system", self.system, ADMINISTER),
            get(f"{BASE}/events", self.events, ADMINISTER),
        )

    async def first(self, visit: Visit) -> Answer:
        """Where administration begins."""
        return SeeOther(f"{BASE}/access")

    async def storage(self, visit: Visit) -> Answer:
        """Space, hours left, what happens when it runs out, and for how long recordings stay."""
        settings = visit.tools.settings.recordings
        folder = visit.tools.recordings_dir
        usage = await visit.store.in_thread(shutil.disk_usage, storage.existing(folder))
        rate = storage.present_bit_rate(self._watch.reception.report)
        values = {
            "folder": folder,
            "usage": usage,
            "space": Space(usage.free, settings.min_free_bytes, rate),
            "settings": settings,
            "nominal": storage.NOMINAL_BIT_RATE,
        }
        return Page("administration/storage.html", values)

    async def system(self, visit: Visit) -> Answer:
        """Versions, the media engine, the database, receive buffers."""
        reception = self._watch.reception
        await reception.ask()
        settings = visit.tools.settings
        values = {
            "versions": {
                "hmp-twisted": __version__,
                "Python": platform.python_version(),
                "Twisted": twisted.__version__,
                "SQLAlchemy": sqlalchemy.__version__,
                "Linux": platform.release(),
            },
            "engine": reception.report,
            "endpoint": settings.engine_endpoint,
            "small": [s for s in reception.sources if 0 < s["buffer_bytes"] < _ENOUGH_BUFFER],
            "database": visit.store.url.render_as_string(hide_password=True),
            "ffmpeg": await visit.store.in_thread(_ffmpeg, settings.restream),
            "lag_s": self._watch.lag.last_s,
        }
        return Page("administration/system.html", values)

    async def events(self, visit: Visit) -> Answer:
        """What happened, newest first; for htmx, the list alone."""
        topic, level = visit.form.text("topic"), visit.form.text("level") or "info"
        text = visit.form.text("q")[:200]
        wanted = [
            event
            for _, event in reversed(self._watch.events.ring.after(0))
            if _fits(event, topic, level, text.casefold())
        ]
        values: dict[str, Any] = {
            "events": wanted[:SHOWN_EVENTS],
            "count": len(wanted),
            "topics": TOPICS,
            "levels": LEVELS,
            "chosen": {"topic": topic, "level": level, "q": text},
            "is_filed": self._watch.events.is_filed,
        }
        name = "event_list" if visit.by_htmx else "events"
        return Page(f"administration/{name}.html", values)


def _fits(event: Event, topic: str, level: str, text: str) -> bool:
    if topic and event.topic != topic:
        return False
    severe = LEVELS[LEVELS.index(level) :] if level in LEVELS else LEVELS
    return event.level in severe and text in event.text.casefold()


def _ffmpeg(settings: Any) -> str:
    try:
        return str(find_ffmpeg(settings))
    except DomainError as error:
        return str(error)
