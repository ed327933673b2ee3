"""Playing out, side by side with the programs that people would use instead, in one run.

A clip of 8 Mbit/s is played to its end by each sender in turn, then by this server and tsplay to 80
receivers and to more and more, until the worst stream's p99 is beyond 20 ms. Everything is done
several times, in turn; the table shows medians. Times are the kernel's, of the datagrams' arrival.

    python -m benchmarks.restream [--repetitions N] [--json FILE] [--lock FILE] [--only PART]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.restreaming.capture import Capture
from benchmarks.restreaming.figures import jitter, most_in_a_millisecond
from benchmarks.restreaming.senders import PEERS, RATE, Sender, field
from media.make_clips import encode, find_ffmpeg

SHORT_S, LONG_S = 5, 75
STREAMS = 80
STEP = 20
MOST = 240
GOOD_MS = 20.0
_WINDOW_S = 4.0
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
    cpu_percent: float


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


def host(number: int) -> str:
    """An address of loopback for each stream."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def play_one(sender: Sender, clip: Path) -> Single:
    """To the end, then again until it is stopped."""
    capture = Capture(0, "127.0.0.1", default_buffer=True, keep=True)
    cpu, begun = sender.cpu_seconds(), time.time()
    [asked] = sender.start("short", [("127.0.0.1", capture.port)])
    capture.run(4.0, until=lambda: capture.data)
    quiet = _Silence(capture)
    capture.run(SHORT_S + 10.0, until=quiet)
    cpu = (sender.cpu_seconds() - cpu) / (time.time() - begun)
    found, received = capture.arrivals().get("127.0.0.1"), b"".join(capture.data)
    sender.stop()
    capture.close()
    if found is None:
        raise SystemExit(f"{sender.name} sent nothing")
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
        cpu_percent=100 * cpu,
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
        hall.run(1.0)
        hall.clear()
        hall.run(_WINDOW_S / 2)
        if max(hall.p99s(count + STEP)) > GOOD_MS:
            return count
        count += STEP
    return count


@contextmanager
def turn(lock: Path | None) -> Iterator[None]:
    """Hold the lock, if one is named: measurements on one machine take turns."""
    if lock is None:
        yield
        return
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def medians(runs: Sequence[Any]) -> dict[str, float]:
    """Of each figure."""
    return {
        f.name: float(median(getattr(run, f.name) for run in runs))
        for f in attrs.fields(type(runs[0]))
    }


def table(title: str, results: dict[str, dict[str, float]]) -> str:
    """A line a sender."""
    names = list(next(iter(results.values())))
    lines = [f"{title:14}" + "".join(f" {name:>13}" for name in names)]
    for sender, figures in results.items():
        lines.append(f"{sender:14}" + "".join(f" {figures[name]:13.3f}" for name in names))
    return "\n".join(lines)


def targets(single: dict[str, Any], scale: dict[str, Any]) -> list[tuple[str, float, float, bool]]:
    """What is wanted: in words, our figure, the limit, whether it is kept."""
    rows: list[tuple[str, float, float, bool]] = []

    def at_most(words: str, figure: float, limit: float) -> None:
        rows.append((words, figure, limit, figure <= limit))

    if "hmp-twisted" in single:
        ours, best = single["hmp-twisted"], single.get("tsplay")
        if best:
            limit = max(0.5, 3 * best["p99_ms"])
            at_most("1 stream, p99 ms: 3 x tsplay or 0.5", ours["p99_ms"], limit)
            limit = 3 * best["in_a_ms"]
            at_most("1 stream, datagrams in a ms: 3 x tsplay", ours["in_a_ms"], limit)
        at_most("lost at a default receiver", ours["missing"], 0)
        at_most("bytes that differ (0: none)", 1 - ours["identical"], 0)
        at_most("first datagram after the command, s", ours["first_s"], 0.25)
        at_most("last datagram after the stop, s", ours["last_s"], 0.1)
    if "hmp-twisted" in scale and "tsplay" in scale:
        ours, best = scale["hmp-twisted"], scale["tsplay"]
        limit = min(10.0, 10 * best["p99_ms"])
        at_most("worst of 80, p99 ms: 10 x tsplay and 10", ours["p99_ms"], limit)
        limit = 1.5 * best["cpu_percent"]
        at_most("CPU a stream at 80, %: 1.5 x tsplay", ours["cpu_percent"], limit)
        limit = 3 * best["in_a_ms"]
        at_most("80 streams, datagrams in a ms: 3 x tsplay", ours["in_a_ms"], limit)
        kept = ours["most"] >= 0.75 * best["most"]
        words = "most streams within 20 ms: at least 0.75 x tsplay"
        rows.append((words, ours["most"], 0.75 * best["most"], kept))
    return rows


def run(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything; the medians by sender."""
    clips = {"short": folder / "short.ts", "long": folder / "long.ts"}
    for path, seconds in ((clips["short"], SHORT_S), (clips["long"], LONG_S)):
        encode(find_ffmpeg(), path, rate=RATE, seconds=seconds)
    found = field(clips, folder, [name for name in PEERS if not args.peers or name in args.peers])
    single: dict[str, list[Single]] = {}
    scale: dict[str, list[Scale]] = {}
    try:
        for _ in range(args.repetitions):
            for sender in found.senders if args.only != "scale" else []:
                with turn(args.lock):
                    single.setdefault(sender.name, []).append(play_one(sender, clips["short"]))
                print(sender.name, single[sender.name][-1], file=sys.stderr, flush=True)
            for sender in found.senders if args.only != "single" else []:
                if sender.name in ("hmp-twisted", "tsplay"):
                    with turn(args.lock):
                        scale.setdefault(sender.name, []).append(play_many(sender))
                    print(sender.name, scale[sender.name][-1], file=sys.stderr, flush=True)
    finally:
        for sender in found.senders:
            sender.close()
    return {
        "single": {name: medians(runs) for name, runs in single.items()},
        "scale": {name: medians(runs) for name, runs in scale.items()},
        "missing": found.missing,
    }


def report(results: dict[str, Any], repetitions: int) -> str:
    """The tables and the targets."""
    parts = [f"medians of {repetitions} runs, in turn; {os.cpu_count()} cores, 8 Mbit/s a stream"]
    if results["missing"]:
        parts.append(f"not installed, so not measured: {', '.join(results['missing'])}")
    for title in ("single", "scale"):
        if results[title]:
            parts.append(table(title, results[title]))
    for words, figure, limit, kept in targets(results["single"], results["scale"]):
        parts.append(f"{'kept  ' if kept else 'MISSED'} {words:52} {figure:9.3f}  {limit:9.3f}")
    return "\n".join(parts)


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", choices=("single", "scale"), help="a part of it")
    parser.add_argument("--peers", nargs="*", help="these alone, by name")
    parser.add_argument("--lock", type=Path, help="a file to lock during each measurement")
    parser.add_argument("--json", type=Path, help="also write the medians here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hmp-restream-") as folder:
        Path(folder).chmod(0o755)  # VLC runs as nobody
        results = run(args, Path(folder))
    print(report(results, args.repetitions))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
