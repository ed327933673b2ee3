"""How far a connection has come, and why it may not be reading."""

from __future__ import annotations

import enum
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


class Hold(enum.Enum):
    """Why nothing is read for now; several can hold at once."""

    COMMAND = "a command is running"
    CLIENT = "the client does not read its answers"
    TURN = "other connections have their turn"


class Stage(enum.Enum):
    """How far a connection has come. It only ever goes on.

    OPEN → FINISHING: no more input is taken, whole commands received are still executed.
    OPEN, FINISHING → DISMISSED: a command runs; its answer is the last.
    any → PARTED: the last answer is written, the end of the connection is under way.
    any → GONE: there is no connection.
    """

    OPEN = 1
    FINISHING = 2
    DISMISSED = 3
    PARTED = 4
    GONE = 5


class Holdable(Protocol):
    """What can be kept from reading."""

    def hold(self, reason: Hold) -> None:
        """Read nothing until ``reason`` is released."""

    def release(self, reason: Hold) -> None:
        """Go on, unless there is another reason not to."""


@implementer(IPushProducer)
class AnswerFlow:
    """What the transport pauses while the client does not read."""

    def __init__(self, connection: Holdable) -> None:
        self._connection = connection

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self._connection.hold(Hold.CLIENT)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        self._connection.release(Hold.CLIENT)

    def stopProducing(self) -> None:
        """The connection is lost, which ``connectionLost`` tells, too."""
