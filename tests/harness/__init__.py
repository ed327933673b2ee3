"""The real thing under test: the server as a subprocess, control systems, encoders and decoders.

Everything here blocks and needs no reactor. Whoever comes later: start with :class:`Server` (its
``hmpctl`` and ``client``), :class:`Sender`, :class:`Receiver` and :func:`wait_for`; whatever runs
is ended, and seen to be ended, by ``close`` or by leaving the ``with``.
"""

from __future__ import annotations

from .client import TRANSCRIPT, Client, ClosedError, quoted
from .daemon import LIVE, ORDERLY, Daemon, script
from .disks import Disk, memory_disk
from .fake_engine import FakeEngine, fault, raw, says
from .ports import free_tcp_port, free_udp_port, listens
from .receiving import Receiver
from .sending import Sender
from .server import Server, Site, run, stand_alone_engine
from .waiting import stays, wait_for

__all__ = [
    "LIVE",
    "ORDERLY",
    "TRANSCRIPT",
    "Client",
    "ClosedError",
    "Daemon",
    "Disk",
    "FakeEngine",
    "Receiver",
    "Sender",
    "Server",
    "Site",
    "fault",
    "free_tcp_port",
    "free_udp_port",
    "listens",
    "memory_disk",
    "quoted",
    "raw",
    "run",
    "says",
    "script",
    "stand_alone_engine",
    "stays",
    "wait_for",
]
