"""The event log: what our own modules log at info and above, kept for the administration pages.

A file in the data directory carries it over a restart; it never grows beyond a bound.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import implementer

from ...ring import Ring

KEPT = 2000
MOST_BYTES = 2 << 20
"""A file that is larger is put aside, in the place of the one that was put aside before."""
MOST_TEXT = 2000
FILE = "events.jsonl"
SECRETS = frozenset({"token", "password"})
"""Events with a field of such a name are for the terminal only."""

TOPICS = ("recordings", "streams", "sources", "access", "sign-ins", "administration", "server")

_BY_MODULE = (
    ("web.sign_in", "sign-ins"),
    ("web.pages.administration", "administration"),
    ("web.pages.console", "administration"),
    ("services.directory", "administration"),
    ("services.streams", "streams"),
    ("services.", "recordings"),
    ("wire.", "access"),
)
_BY_WORD = (("source ", "sources"), ("recording ", "recordings"), ("stream ", "streams"))


@attrs.frozen
class Event:
    """One thing that happened."""

    at: float
    """Unix seconds."""
    level: str
    topic: str
    """One of :data:`TOPICS`."""
    text: str


def topic_of(namespace: str, text: str) -> str:
    """What an event is about, by the module that told it, else by its first words."""
    module = namespace.removeprefix("hmp_twisted.")
    for begin, topic in _BY_MODULE:
        if module.startswith(begin):
            return topic
    subject = text.removeprefix("media engine: ")
    return next((topic for word, topic in _BY_WORD if subject.startswith(word)), "server")


@implementer(ILogObserver)
class EventLog:
    """Observes Twisted's log."""

    def __init__(self, folder: Path) -> None:
        self.ring = Ring[Event](KEPT)
        self._path = folder / FILE
        self._failed = False
        self._load()

    def __call__(self, event: LogEvent) -> None:
        """Keep the event, if it is one of ours and more than a detail."""
        namespace = str(event.get("log_namespace", ""))
        level = event.get("log_level") or LogLevel.debug
        if not namespace.startswith("hmp_twisted.") or level < LogLevel.info:
            return
        if SECRETS & event.keys():
            return
        text = formatEvent(event)[:MOST_TEXT]
        kept = Event(event["log_time"], level.name, topic_of(namespace, text), text)
        self.ring.append(kept)
        self._file(kept)

    def _load(self) -> None:
        for path in (self._aside, self._path):
            for line in _lines(path):
                event = _event(line)
                if event is not None:
                    self.ring.append(event)

    def _file(self, event: Event) -> None:
        line = json.dumps(attrs.asdict(event), ensure_ascii=True) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                if not file.tell():
                    self._path.chmod(0o600)
                file.write(line)
                full = file.tell() > MOST_BYTES
            if full:
                self._path.replace(self._aside)
            self._failed = False
        except OSError:
            # Telling of it would be an event, too. The page goes on from memory.
            self._failed = True

    @property
    def is_filed(self) -> bool:
        """Whether the last event could be written."""
        return not self._failed

    @property
    def _aside(self) -> Path:
        return self._path.with_suffix(".1.jsonl")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-KEPT:]
    except OSError:
        return []


def _event(line: str) -> Event | None:
    """The event on a line; ``None`` if it is damaged, as the last one of a crash may be."""
    try:
        found: dict[str, Any] = json.loads(line)
        return Event(
            float(found["at"]), str(found["level"]), str(found["topic"]), str(found["text"])
        )
    except (ValueError, KeyError, TypeError):
        return None
