"""How ffmpeg is called: which one, and with what arguments. Pure; it is run by :mod:`.process`."""

from __future__ import annotations

import os
import shutil
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from urllib.parse import urlencode

import attrs
import ffmpeg
import imageio_ffmpeg

from ..config import RestreamSettings
from ..errors import StreamFailedError
from .pacer.feed import MOST_IN_A_WRITE
from .ts import DATAGRAM


@attrs.frozen
class Destination:
    """Where a stream goes to, and how it leaves."""

    address: str
    """An IPv4 or IPv6 address."""
    port: int
    ttl: int = 8
    """Of multicast datagrams."""
    interface: str = ""
    """The local IPv4 address to leave from; "" lets the system choose."""

    @property
    def name(self) -> str:
        """For people to read."""
        return f"{self.address} port {self.port}"

    @property
    def local_address(self) -> str:
        """The interface, where it can be used with the address: "" for IPv6."""
        is_ipv4 = isinstance(ip_address(self.address), IPv4Address)
        return self.interface if is_ipv4 and self.interface != "0.0.0.0" else ""

    @property
    def url(self) -> str:
        """As ffmpeg's UDP protocol takes it."""
        host = (
            self.address if "." in self.address and ":" not in self.address else f"[{self.address}]"
        )
        options: dict[str, str | int] = {"pkt_size": DATAGRAM, "ttl": self.ttl}
        if self.local_address:
            options["localaddr"] = self.local_address
        return f"udp://{host}:{self.port}?{urlencode(options)}"


def find_ffmpeg(settings: RestreamSettings) -> str:
    """The ffmpeg to run: the configured one, the one on PATH, or the one that comes with us.

    Raises:
        StreamFailedError: there is none; the message says where it was looked for.
    """
    if settings.ffmpeg:
        return _configured(settings.ffmpeg)
    on_path = shutil.which("ffmpeg")
    if on_path:
        return on_path
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise StreamFailedError(
            "ffmpeg is neither on PATH nor in the package imageio-ffmpeg; "
            "install one, or name one as `ffmpeg` in [restream]"
        ) from error


def _configured(path: str) -> str:
    if Path(path).is_file() and os.access(path, os.X_OK):
        return path
    raise StreamFailedError(
        f"[restream] ffmpeg = {path!r} cannot be started: no such executable file"
    )


def sender_arguments(executable: str, destination: Destination) -> list[str]:
    """The argv of an ffmpeg that sends what it reads from standard input, 1316 bytes a datagram.

    It reads what one write of the pacer brings, which costs half of a datagram at a time, and sends
    at once what it has read. The bytes are not looked at (``-f data``), so every stream and table
    is kept as it was recorded.
    """
    size = MOST_IN_A_WRITE * DATAGRAM
    source = ffmpeg.input("pipe:0", f="data", probesize=32, raw_packet_size=size, blocksize=size)
    sink = ffmpeg.output(source, destination.url, map="0", c="copy", f="data", flush_packets=1)
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"]
    return [executable, *quiet, *ffmpeg.compile(sink, cmd=executable)[1:]]
