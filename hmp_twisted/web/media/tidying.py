"""Tidies up now and then after what was made for browsers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from ...errors import DomainError
from ...logs import Logger

log = Logger()

EVERY_S = 600.0


class Tidying:
    """Does its works from its start to its stop; a failure is logged and tried again."""

    def __init__(self, reactor: IReactorTime, *works: Callable[[], Awaitable[None]]) -> None:
        self._works = works
        self._loop = LoopingCall(lambda: ensureDeferred(self._tidy()))
        self._loop.clock = reactor
        self._ended: Deferred[Any] = succeed(None)

    def start(self) -> None:
        """Do it now, and then again and again."""
        self._ended = self._loop.start(EVERY_S)

    async def stop(self) -> None:
        """Do it no more; what is being done is waited for."""
        if self._loop.running:
            self._loop.stop()
        await self._ended

    async def _tidy(self) -> None:
        for work in self._works:
            await _try(work)


async def _try(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except (DomainError, OSError) as error:
        log.warn("what was made for browsers cannot be tidied up: {error}", error=error)
    except Exception:
        log.failure("what was made for browsers cannot be tidied up")
