"""Child processes that never outlive the engine and whose last words are kept.

A child has a process group of its own and dies with the engine (``PR_SET_PDEATHSIG``), which only
the child itself can ask for: a Python of a few lines does and becomes the program (7 to 10 ms).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from ..logs import Logger

_PACKAGE = Path(__file__).parents[2]
GRACE_S = 0.3
"""How long a child may take to obey SIGINT; ffmpeg needs 0.02 s."""
LAST_WORDS_S = 0.2
"""How long after a child's exit its log is waited for: a grandchild may hold it open."""
_LINES = 20
_LONGEST_LINE = 500

# argv: the engine's pid, the program, its arguments. The engine may be gone before prctl is called.
_SHIM = (
    "import ctypes,os,sys\n"
    "ctypes.CDLL(None).prctl(1,9)\n"
    "os.setpgid(0,0)\n"
    "os.getppid()==int(sys.argv[1]) or sys.exit(1)\n"
    "try: os.execv(sys.argv[2],sys.argv[2:])\n"
    "except OSError as e: sys.exit(f'{sys.argv[2]}: {e.strerror}')\n"
)


class EngineReactor(IReactorTime, IReactorProcess, IReactorFDSet):
    """What the playing half of the engine needs of a reactor."""


@attrs.frozen
class Exit:
    """How a child ended."""

    code: int | None
    """Its exit code, or none if a signal ended it."""
    signal: int | None
    lines: tuple[str, ...]
    """The last lines that it wrote to standard error."""

    @property
    def is_clean(self) -> bool:
        """It ended by itself, with no fault."""
        return self.code == 0

    def describe(self) -> str:
        """In words, with its last line if it left any."""
        if self.signal is not None:
            how = f"was ended by {signal.Signals(self.signal).name}"
        else:
            how = f"ended with exit code {self.code}"
        return f"{how}: {self.lines[-1]}" if self.lines else how


class Lines:
    """The last lines of a stream of bytes, split on CR and LF; memory is bounded."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._whole: deque[str] = deque(maxlen=_LINES)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take bytes, split anywhere."""
        *whole, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        self._whole.extend(text for line in whole if (text := self._text(line)))

    def read(self) -> tuple[str, ...]:
        """The last lines, an unfinished one too."""
        rest = self._text(self._rest)
        return (*self._whole, rest) if rest else tuple(self._whole)

    @staticmethod
    def _text(line: bytes) -> str:
        return line[:_LONGEST_LINE].decode("utf-8", "replace").strip()


class Child(ProcessProtocol):
    """One running child. ``on_exit`` is called once, when it is gone."""

    log = Logger()

    def __init__(self, reactor: EngineReactor, name: str, on_exit: Callable[[Exit], None]) -> None:
        """``name`` says in the log whose child it is."""
        self._reactor = reactor
        self._name = name
        self._on_exit: Callable[[Exit], None] | None = on_exit
        self._lines = Lines()
        self._reason: Failure | None = None
        self._waiting: list[Deferred[None]] = []
        self._timers: list[IDelayedCall] = []

    @property
    def pid(self) -> int | None:
        """Its process ID, none once it is gone."""
        return None if self._reason or self.transport is None else self.transport.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines that it has written to standard error."""
        return self._lines.read()

    def stop(self, grace_s: float = GRACE_S) -> Deferred[None]:
        """Ask it to end, make it after ``grace_s``; fires when it is gone."""
        gone: Deferred[None] = Deferred()
        if self._reason is not None:
            gone.callback(None)
            return gone
        self._waiting.append(gone)
        self.signal(signal.SIGINT)
        self._later(grace_s, self.signal, signal.SIGKILL)
        return gone

    def end_within(self, seconds: float) -> None:
        """Make it end if it has not by itself in so long."""
        self._later(seconds, self.signal, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self._reason is None and self.transport is not None:
            with contextlib.suppress(ProcessExitedAlready):  # it will be reported
                self.transport.signalProcess(signal.Signals(number).name[3:])

    def errReceived(self, data: bytes) -> None:
        """Keep the last lines."""
        self._lines.feed(data)

    def processExited(self, reason: Failure) -> None:
        """It is gone; its last words may still be on their way."""
        self._reason = reason
        waiting, self._waiting = self._waiting, []
        for gone in waiting:
            gone.callback(None)
        self._later(LAST_WORDS_S, self._tell)

    def processEnded(self, reason: Failure) -> None:
        """All that it wrote was read."""
        self._tell()

    def _later(self, seconds: float, call: Callable[..., None], *arguments: object) -> None:
        self._timers.append(self._reactor.callLater(seconds, call, *arguments))

    def _tell(self) -> None:
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        on_exit, self._on_exit = self._on_exit, None
        if on_exit is None:
            return
        value = self._reason.value if self._reason else None
        number = value.signal if isinstance(value, ProcessTerminated) else None
        code = None if number is not None else getattr(value, "exitCode", None) or 0
        outcome = Exit(code, number, self._lines.read())
        self.log.debug("{name} {how}", name=self._name, how=outcome.describe())
        on_exit(outcome)


def spawn(
    reactor: EngineReactor,
    name: str,
    arguments: Sequence[str],
    on_exit: Callable[[Exit], None],
    *,
    stdin: int,
) -> Child:
    """Start a program with ``stdin`` as its standard input; its standard output is thrown away.

    Raises:
        OSError: no process can be made. A program that is not there ends the child at once instead.
    """
    bound = bound_to_us(arguments)
    return spawn_python(reactor, name, bound, on_exit, stdin=stdin, environment={})


def bound_to_us(arguments: Sequence[str]) -> list[str]:
    """The arguments that run a program in a group of its own, which dies with this process."""
    return [sys.executable, "-I", "-S", "-c", _SHIM, str(os.getpid()), *arguments]


def module_command(module: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment that run a module of ours as a program.

    ``-P``: nothing is imported from the current directory; the path says where we are.
    """
    path = os.pathsep.join(dict.fromkeys([str(_PACKAGE), *filter(None, sys.path)]))
    return [sys.executable, "-P", "-m", module], {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}


def spawn_python(
    reactor: EngineReactor,
    name: str,
    arguments: Sequence[str],
    on_exit: Callable[[Exit], None],
    *,
    stdin: int,
    environment: Mapping[str, str],
) -> Child:
    """As :func:`spawn`, a Python that itself sees to its group and its end with the engine."""
    child = Child(reactor, name, on_exit)
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        reactor.spawnProcess(
            child,
            arguments[0],
            list(arguments),
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **environment},
            childFDs={0: stdin, 1: nowhere, 2: "r"},
        )
    finally:
        os.close(nowhere)
    return child
