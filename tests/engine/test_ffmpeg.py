"""How ffmpeg is called, which one is taken, and what is known of a destination beforehand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from hmp_twisted.config import RestreamSettings
from hmp_twisted.engine.ffmpeg import Destination, find_ffmpeg, sender_arguments
from hmp_twisted.engine.route import check_route
from hmp_twisted.errors import StreamFailedError


def test_the_arguments_make_ffmpeg_a_byte_pipe() -> None:
    """Whole datagrams from standard input, not looked at, to the destination."""
    arguments = sender_arguments("/usr/bin/ffmpeg", Destination("239.1.2.3", 5004, 3, "10.0.0.1"))
    assert arguments[0] == "/usr/bin/ffmpeg"
    assert "-nostdin" in arguments
    before, after = arguments[: arguments.index("-i")], arguments[arguments.index("-i") :]
    for option, value in (("-f", "data"), ("-raw_packet_size", "3948"), ("-blocksize", "3948")):
        assert before[before.index(option) + 1] == value
    assert after[1] == "pipe:0"
    assert after[after.index("-c") + 1] == "copy"
    assert arguments[-1] == "udp://239.1.2.3:5004?pkt_size=1316&ttl=3&localaddr=10.0.0.1"


@pytest.mark.parametrize(
    ("destination", "url"),
    [
        (Destination("10.0.0.2", 5004), "udp://10.0.0.2:5004?pkt_size=1316&ttl=8"),
        (Destination("10.0.0.2", 5004, 8, "0.0.0.0"), "udp://10.0.0.2:5004?pkt_size=1316&ttl=8"),
        (Destination("ff02::7", 1, 0, "10.0.0.1"), "udp://[ff02::7]:1?pkt_size=1316&ttl=0"),
    ],
)
def test_urls(destination: Destination, url: str) -> None:
    """IPv6 stands in brackets and takes no IPv4 interface."""
    assert destination.url == url


def test_the_configured_ffmpeg_comes_first(tmp_path: Path) -> None:
    """If it can be run; it is not replaced in silence if it cannot."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(StreamFailedError, match="no such executable file"):
        find_ffmpeg(RestreamSettings(ffmpeg=str(program)))
    program.chmod(0o755)
    assert find_ffmpeg(RestreamSettings(ffmpeg=str(program))) == str(program)


def test_the_bundled_ffmpeg_comes_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The one on PATH, else the one of imageio-ffmpeg."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg(RestreamSettings()) == imageio_ffmpeg.get_ffmpeg_exe()
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_ffmpeg(RestreamSettings()) == str(program)


def test_no_ffmpeg_at_all_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where it was looked for, and what would help."""

    def none() -> str:
        raise RuntimeError("no ffmpeg exe")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(StreamFailedError, match=r"neither on PATH .* \[restream\]"):
        find_ffmpeg(RestreamSettings())


def test_loopback_can_be_reached() -> None:
    """Also multicast that leaves by the loopback interface."""
    check_route(Destination("127.0.0.1", 5004))
    check_route(Destination("239.255.1.1", 5004, 1, "127.0.0.1"))


NO_NETWORK = """
from hmp_twisted.engine.ffmpeg import Destination
from hmp_twisted.engine.route import check_route
for address in ("203.0.113.9", "239.1.2.3"):
    try:
        check_route(Destination(address, 5004))
    except Exception as error:
        print(error)
"""


def in_a_network_of_its_own() -> list[str] | None:
    """The words that run a program in an empty network namespace, if that is allowed here."""
    unshare = shutil.which("unshare")
    for flags in ("-n", "-rn"):
        if unshare and not subprocess.run([unshare, flags, "true"], capture_output=True).returncode:
            return [unshare, flags]
    return None


@pytest.mark.skipif(
    in_a_network_of_its_own() is None, reason="network namespaces cannot be made on this machine"
)
def test_no_route_is_said() -> None:
    """In a network with nothing in it, unicast and multicast are refused in the kernel's words."""
    found = subprocess.run(
        [*(in_a_network_of_its_own() or []), sys.executable, "-c", NO_NETWORK],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert found.stdout.splitlines() == [
        "cannot send to 203.0.113.9 port 5004: Network is unreachable",
        "cannot send to 239.1.2.3 port 5004: Network is unreachable",
    ]
