"""A dispatcher whose services are fakes that note what they are asked."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from hmp_twisted.commands.dispatch import Dispatcher
from hmp_twisted.services.bundle import Services
from hmp_twisted.services.rights import Actor

ACTOR = Actor(None, "a device")
PEER = "192.0.2.7:40000"
UUID = "F678F415-0665-48cd-b141-1e95283469f1"
LOWER = UUID.lower()

GOOD_ARGUMENTS = {
    "createSession": ["a title"],
    "setLiveSession": [UUID, "true"],
    "deleteSession": [UUID],
    "addSourceToSession": [UUID, UUID],
    "removeSourceFromSession": [UUID, UUID],
    "shareSessionWithUser": ["someone", "RECORD", UUID],
    "shareSessionWithGroup": ["some", "WATCH", UUID],
    "updateSessionMetadata": [UUID, "title", "a title"],
    "setSessionCategory": [UUID, UUID, "one", "two"],
    "startRecording": [UUID],
    "pauseRecording": [UUID],
    "resumeRecording": [UUID],
    "stopRecording": [UUID],
    "getRecordingStatus": [UUID],
    "shareRecordingWithUser": ["someone", "OWN", UUID],
    "shareRecordingWithGroup": ["some", UUID, UUID],
    "updateMetadata": [UUID, "createdby", ""],
    "setCategory": [UUID, UUID, "one"],
    "addHotmark": [UUID, ""],
    "startRestreamRecording": [UUID, "239.1.2.3", "5000"],
    "stopRestreamRecording": [UUID],
}
"""For each command, arguments that pass every check of form."""


@attrs.define
class FakeServices:
    """Stands for every service: each method notes its call and gives or raises ``outcome``."""

    calls: list[tuple[Any, ...]] = attrs.field(factory=list)
    outcome: str | Exception | None = None

    def __getattr__(self, name: str) -> Any:
        async def method(*args: Any) -> str | None:
            self.calls.append((name, *args))
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

        return method


@attrs.define
class Stage:
    """A dispatcher and what it is made with."""

    fakes: FakeServices = attrs.field(factory=FakeServices)
    ready: bool = True
    now: float = 0.0
    dispatcher: Dispatcher = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        fake: Any = self.fakes
        self.dispatcher = Dispatcher(
            Services(*(fake for _ in attrs.fields(Services))), lambda: self.ready, self._tick
        )

    def _tick(self) -> float:
        self.now += 0.5
        return self.now

    async def ask(self, *words: Any) -> str:
        """The answer to a line of these words."""
        return await self.dispatcher.dispatch(ACTOR, words, PEER)

    async def ask_well(self, name: str) -> str:
        """The answer to a command whose forms are right."""
        return await self.ask(name, *GOOD_ARGUMENTS[name])


@pytest.fixture
def stage() -> Stage:
    """A dispatcher with services that answer nothing."""
    return Stage()
