"""Logging through Twisted, cut at one level for the whole program.

``from hmp_twisted.logs import Logger`` wherever something is logged: one line an event, with the
IDs of what it is about in the line itself.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogPublisher,
)
from twisted.logger import Logger as TwistedLogger

__all__ = ["LEVELS", "Logger", "relay_observer", "set_level", "split_relayed"]

LEVELS = tuple(level.name for level in LogLevel.iterconstants())

_threshold = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
_observer = FilteringLogObserver(globalLogPublisher, [_threshold])


class Logger(TwistedLogger):
    """A Twisted logger of which only events at the program's level or above are published."""

    def __init__(self) -> None:
        namespace = str(sys._getframe(1).f_globals["__name__"])
        super().__init__(namespace=namespace, observer=_observer)

    def __get__(self, instance: Any, owner: Any = None) -> Logger:
        return self


def set_level(name: str) -> None:
    """Let events of level ``name`` (one of :data:`LEVELS`) and above through, from now on."""
    _threshold.setLogLevelForNamespace("", LogLevel.lookupByName(name))


def relay_observer() -> FileLogObserver:
    """An observer (``twistd --logger``) for a child whose parent logs its lines.

    A line begins with its level and has no time: the parent's log adds one. A traceback's lines
    begin with white space, so that they stay at the level of the line before.
    """

    def line(event: LogEvent) -> str | None:
        level = event.get("log_level") or LogLevel.info
        if level <= LogLevel.info and event.get("log_namespace", "").startswith("twisted."):
            return None  # what Twisted tells of its start, its end and its sockets
        text = formatEvent(event)
        if "log_failure" in event:
            text += "\n" + event["log_failure"].getTraceback()
        return f"{level.name} " + text.rstrip().replace("\n", f"\n{level.name}   ") + "\n"

    return FileLogObserver(sys.stdout, line)


def split_relayed(line: str) -> tuple[str, str]:
    """The level and the text of a child's line; one of another form is an error's."""
    level, _, text = line.partition(" ")
    return (level, text) if level in LEVELS else ("error", line)
