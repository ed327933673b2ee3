"""What is measured of a sender: one stream to its end and stopped, many streams, more and more."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import attrs

from .capture import Capture
from .figures import jitter, most_in_a_millisecond
from .senders import Sender

SHORT_S, LONG_S = 4, 60
STREAMS = 80
STEP = 20
MOST = 240
GOOD_MS = 20.0
_WINDOW_S = 3.0
_SILENCE_S = 0.5


@attrs.frozen
class Single:
    """One stream, played to its end and once stopped."""

    p99_ms: float
    largest_ms: float
    in_a_ms: float
    first_s: float
    """First datagram after the command."""
    last_s: float
    """Last datagram after the stop; 0 if none came after it."""
    missing: float
    """Datagrams that a receiver with the default buffer did not get."""
    identical: float
    """1 if every byte came as it is in the file."""


@attrs.frozen
class Scale:
    """Many streams."""

    p99_ms: float
    """Of the worst stream of 80."""
    median_p99_ms: float
    cpu_percent: float
    """Of a core, a stream, at 80."""
    in_a_ms: float
    first_s: float
    """The slowest first datagram after its command, while 80 are started."""
    dropped: float
    most: float
    """The largest number of streams within p99 20 ms."""


class SentNothingError(Exception):
    """A sender, by name, that played nothing: a part of it may not be installed."""


def host(number: int) -> str:
    """An address of loopback for each stream."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def play_one(sender: Sender, clip: Path) -> Single:
    """To the end, then again until it is stopped."""
    capture = Capture(0, "127.0.0.1", default_buffer=True, keep=True)
    [asked] = sender.start("short", [("127.0.0.1", capture.port)])
    capture.run(4.0, until=lambda: capture.data)
    quiet = _Silence(capture)
    capture.run(SHORT_S + 10.0, until=quiet)
    found, received = capture.arrivals().get("127.0.0.1"), b"".join(capture.data)
    sender.stop()
    capture.close()
    if found is None:
        raise SentNothingError(sender.name)
    off = jitter(found)
    wanted = clip.read_bytes()
    return Single(
        p99_ms=off.p99 if off else float("inf"),
        largest_ms=off.largest if off else float("inf"),
        in_a_ms=most_in_a_millisecond(found),
        first_s=float(found.when[0]) / 1e9 - asked,
        last_s=stopped_one(sender),
        missing=capture.dropped,
        identical=float(received == wanted),
    )


class _Silence:
    """Whether nothing has come for a while."""

    def __init__(self, capture: Capture) -> None:
        self._capture, self._count, self._since = capture, 0, time.monotonic()

    def __call__(self) -> bool:
        if len(self._capture.data) != self._count:
            self._count, self._since = len(self._capture.data), time.monotonic()
        return time.monotonic() - self._since > _SILENCE_S


def stopped_one(sender: Sender) -> float:
    """How long after the stop the last datagram came."""
    capture = Capture(0, "127.0.0.1", keep=True)
    sender.start("short", [("127.0.0.1", capture.port)])
    capture.run(4.0, until=lambda: len(capture.data) > 200)
    told = sender.stop()
    capture.run(0.3)
    last = float(capture.arrivals()["127.0.0.1"].when[-1]) / 1e9
    capture.close()
    return max(0.0, last - told)


class Hall:
    """Receivers for many streams: every tenth whole, of the others only what has a PCR in it."""

    def __init__(self) -> None:
        self._whole = Capture(0)
        self._pcrs = Capture(0, pcrs_only=True)

    def target(self, number: int) -> tuple[str, int]:
        """Where a stream is sent to."""
        return host(number), (self._whole if number % 10 == 0 else self._pcrs).port

    def run(self, seconds: float) -> None:
        """Receive for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.02)
            self._whole.drain()
            self._pcrs.drain()

    def clear(self) -> None:
        """Begin a measurement."""
        self._whole.clear()
        self._pcrs.clear()

    def p99s(self, count: int) -> list[float]:
        """Of every stream, in ms; a stream that is silent has no end of it."""
        found = self._whole.arrivals() | self._pcrs.arrivals()
        known = {name: jitter(arrivals) for name, arrivals in found.items()}
        return [
            off.p99 if (off := known.get(host(number))) else float("inf") for number in range(count)
        ]

    def first(self) -> dict[str, float]:
        """When each stream's first datagram came, of those received whole."""
        return {name: float(a.when[0]) / 1e9 for name, a in self._whole.arrivals().items()}

    @property
    def in_a_ms(self) -> int:
        """The most datagrams of one stream in a millisecond."""
        found = self._whole.arrivals().values()
        return max((most_in_a_millisecond(each) for each in found), default=0)

    @property
    def dropped(self) -> int:
        """By our own socket (of the other the kernel counts what the filter leaves out, too)."""
        return self._whole.dropped

    def close(self) -> None:
        """Give the ports back."""
        self._whole.close()
        self._pcrs.close()


def play_many(sender: Sender) -> Scale:
    """80 streams, then 20 more and 20 more."""
    hall = Hall()
    try:
        asked = sender.start("long", [hall.target(number) for number in range(STREAMS)])
        hall.run(0.5)
        first = hall.first()
        slowest = max(first.get(host(n), float("inf")) - asked[n] for n in range(0, STREAMS, 10))
        hall.run(1.0)
        hall.clear()
        cpu, begun = sender.cpu_seconds(), time.monotonic()
        hall.run(_WINDOW_S)
        cpu = (sender.cpu_seconds() - cpu) / (time.monotonic() - begun) / STREAMS
        worst = hall.p99s(STREAMS)
        in_a_ms = hall.in_a_ms
        most = ramp(sender, hall, max(worst))
    finally:
        sender.stop()
        hall.close()
    return Scale(
        p99_ms=max(worst),
        median_p99_ms=median(worst),
        cpu_percent=100 * cpu,
        in_a_ms=in_a_ms,
        first_s=slowest,
        dropped=hall.dropped,
        most=most,
    )


def ramp(sender: Sender, hall: Hall, worst: float) -> int:
    """More streams until the worst is not good any more; the last number that was."""
    count = STREAMS
    if worst > GOOD_MS:
        return 0
    while count < MOST:
        sender.start("long", [hall.target(number) for number in range(count, count + STEP)])
        hall.run(0.7)
        hall.clear()
        hall.run(_WINDOW_S / 2)
        if max(hall.p99s(count + STEP)) > GOOD_MS:
            return count
        count += STEP
    return count
