"""The depth of a source's socket buffer: what is granted, and what is said if it is too little."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import attrs
import pytest

from hmp_twisted.engine.sockets import WANTED_BUFFER_BYTES

from ..harness.ports import free_udp_port

_CHILD = """
import json, os, sys
from twisted.logger import formatEvent, globalLogPublisher
from hmp_twisted.engine.source import Source
from hmp_twisted.engine.sources import SourceAddress
if os.geteuid() == 0:  # from here on without CAP_NET_ADMIN, as any user
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
told = []
globalLogPublisher.addObserver(lambda event: told.append(formatEvent(event)))
source = Source(SourceAddress.parse(f"udp://@127.0.0.1:{sys.argv[1]}", ""), 0)
source.open()
for second in range(1, 5):
    source.bytes += int(float(sys.argv[2]) / 8)
    source.look_after(float(second))
print(json.dumps({"granted": source.socket.granted_bytes, "told": told}))
"""


@attrs.frozen
class Outcome:
    """What a process without special rights got."""

    granted: int
    told: list[str]


def unprivileged(bits_per_second: float) -> Outcome:
    """Receive a source of this rate for four seconds of its clock, without CAP_NET_ADMIN."""
    command = [sys.executable, "-c", _CHILD, str(free_udp_port()), str(bits_per_second)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return Outcome(**found)


@pytest.fixture(scope="module")
def limit() -> int:
    """What the system allows a process without special rights."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        # The kernel doubles what is asked for, to leave room for its own overhead.
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def test_without_the_right_the_systems_limit_is_taken(limit: int) -> None:
    """All of it, and nothing is said where it is enough: 10 kbit/s."""
    outcome = unprivileged(1e4)
    assert outcome.granted == 2 * min(limit, WANTED_BUFFER_BYTES)
    assert outcome.told == []


def test_a_buffer_too_small_for_its_source_is_warned_of_once(limit: int) -> None:
    """The line says which source, how little the buffer holds, and what would help."""
    outcome = unprivileged(10e9)
    if limit >= WANTED_BUFFER_BYTES:
        assert outcome.told == []  # nothing would help
        return
    (line,) = outcome.told
    assert "source udp://@127.0.0.1:" in line
    assert "ms of its 10000.0 Mbit/s" in line
    assert f"sysctl -w net.core.rmem_max={WANTED_BUFFER_BYTES}" in line
