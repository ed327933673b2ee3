"""Logging through Twisted, cut at one level for the whole program.

``from hmp_twisted.logs import Logger`` wherever something is logged: one line an event, with the
IDs of what it is about in the line itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import FilteringLogObserver, LogLevel, LogLevelFilterPredicate, globalLogPublisher
from twisted.logger import Logger as TwistedLogger

__all__ = ["LEVELS", "Logger", "set_level"]

LEVELS = tuple(level.name for level in LogLevel.iterconstants())

_threshold = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
_observer = FilteringLogObserver(globalLogPublisher, [_threshold])


class Logger(TwistedLogger):
    """A Twisted logger of which only events at the program's level or above leave the module."""

    def __init__(self, namespace: str | None = None, source: object | None = None) -> None:
        super().__init__(namespace=namespace or self._namespace_of_caller(), source=source, observer=_observer)

    @staticmethod
    def _namespace_of_caller() -> str:
        import sys

        return str(sys._getframe(2).f_globals["__name__"])

    def __get__(self, instance: Any, owner: type | None = None) -> Logger:
        return self


def set_level(name: str) -> None:
    """Let events of level ``name`` (one of :data:`LEVELS`) and above through, from now on."""
    _threshold.setLogLevelForNamespace("", LogLevel.lookupByName(name))


LogCall = Callable[..., None]
