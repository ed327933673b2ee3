"""From the words of a line to its answer: look up, bind, call, render.

Checks come in one order: the number of parameters, each one's form from left to right, then what
the services find. What is not foreseen is logged with its cause and answered ``070000``.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import attrs

from .. import errors
from ..errors import DomainError
from ..logs import Logger
from ..services.bundle import Services
from ..services.rights import Actor
from . import answers
from .command import Command
from .context import Context
from .parameters import FormError
from .registry import COMMANDS
from .text import shown

UNKNOWN_COMMAND = "unknown"
"""What commands that do not exist are counted as."""

FAULTS = frozenset({"07", "09"})
"""The first digits of the codes that are the server's own errors, so that they are logged."""

CLIENTS_OWN = (
    errors.WrongStateError,
    errors.TooManySourcesError,
    errors.EmptyTitleError,
    errors.TitleTooLongError,
    errors.NoMediaError,
    errors.NotReadyError,
)
"""What is answered as an internal error although nothing is wrong: not logged as one."""

LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds; what took longer is counted in one more."""

log = Logger()


@attrs.define
class Count:
    """What became of a command since the server started."""

    commands: int = 0
    errors: int = 0
    seconds: float = 0.0
    """Between its line and its answer, in all."""
    buckets: list[int] = attrs.field(factory=lambda: [0] * (len(LATENCY_BUCKETS_S) + 1))
    """How many took up to each of :data:`LATENCY_BUCKETS_S`, and no less than the one before."""

    def add(self, elapsed: float, *, failed: bool) -> None:
        """Count one that took so many seconds."""
        self.commands += 1
        self.errors += failed
        self.seconds += elapsed
        self.buckets[bisect_left(LATENCY_BUCKETS_S, elapsed)] += 1


class Dispatcher:
    """Executes commands. Its ``counts`` are there to be read."""

    def __init__(
        self,
        services: Services,
        is_ready: Callable[[], bool],
        timer: Callable[[], float] = time.perf_counter,
        commands: Mapping[str, Command] = COMMANDS,
    ) -> None:
        self._services = services
        self._is_ready = is_ready
        self._timer = timer
        self._commands = commands
        self._counts = {name: Count() for name in (*commands, UNKNOWN_COMMAND)}
        self.counts: Mapping[str, Count] = MappingProxyType(self._counts)

    async def dispatch(self, actor: Actor, words: Sequence[str], peer: str) -> str:
        """The answer to a line of at least one word, without its line end. Never fails.

        Args:
            actor: who acts.
            words: the command's name and its arguments.
            peer: what the log calls the client.
        """
        started = self._timer()
        command = self._commands.get(words[0])
        text = await self._answer(command, Context(actor, self._services), words[1:], peer)
        elapsed = self._timer() - started
        self._count(command, text, elapsed)
        log.debug(
            "{peer} {words} -> {text} ({elapsed:.1f} ms)",
            peer=peer,
            words=_Shown(words),
            text=text,
            elapsed=elapsed * 1000,
        )
        return text

    async def _answer(
        self, command: Command | None, context: Context, arguments: Sequence[str], peer: str
    ) -> str:
        if not self._is_ready():
            return answers.NOT_READY.line()
        if command is None:
            return answers.COMMAND_NOT_FOUND.line()
        try:
            return answers.ok(await command.handler(context, *command.bind(arguments)))
        except FormError as error:
            return error.answer.line(y=error.argument, n=len(arguments))
        except DomainError as error:
            return self._refusal(command, error, arguments, peer)
        except Exception:
            log.failure(
                "{command} of {peer} failed unforeseen; arguments: {arguments}",
                command=command.name,
                peer=peer,
                arguments=_Shown(arguments),
            )
            return answers.INTERNAL.line()

    def _refusal(
        self, command: Command, error: DomainError, arguments: Sequence[str], peer: str
    ) -> str:
        answer = command.answer_to(type(error)) or command.internal
        if answer.code[:2] in FAULTS and not isinstance(error, CLIENTS_OWN):
            log.error(
                "{command} of {peer} answered {code}: {kind}: {error}; arguments: {arguments}",
                command=command.name,
                peer=peer,
                code=answer.code,
                kind=type(error).__name__,
                error=error,
                arguments=_Shown(arguments),
            )
        return answer.line(y=arguments[0], n=len(arguments))

    def _count(self, command: Command | None, text: str, elapsed: float) -> None:
        count = self._counts[UNKNOWN_COMMAND if command is None else command.name]
        count.add(elapsed, failed=text.startswith("ERROR"))


@attrs.frozen(repr=False)
class _Shown:
    """Words as one line of a log, rendered only if the line is written."""

    words: Sequence[str]

    def __str__(self) -> str:
        return " ".join(_as_sent(shown(word)) for word in self.words)

    __repr__ = __str__


def _as_sent(word: str) -> str:
    """In quotes where a client must have put some."""
    return word if word and " " not in word else f'"{word}"'
