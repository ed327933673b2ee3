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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.restreaming.cases import (
    LONG_S,
    SHORT_S,
    Scale,
    SentNothingError,
    Single,
    play_many,
    play_one,
)
from benchmarks.restreaming.senders import PEERS, RATE, Field, Sender, field
from media.make_clips import encode, find_ffmpeg


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


def leave_out(sender: Sender, found: Field, single: dict[str, list[Single]]) -> None:
    """Go on without a peer that sends nothing; it is named among the missing."""
    sender.close()
    found.senders.remove(sender)
    found.missing.append(f"{sender.name} (it sent nothing)")
    single.pop(sender.name, None)


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
            for sender in [*found.senders] if args.only != "scale" else []:
                try:
                    with turn(args.lock):
                        single.setdefault(sender.name, []).append(play_one(sender, clips["short"]))
                except SentNothingError:
                    if sender.name not in PEERS:
                        raise
                    leave_out(sender, found, single)
                    continue
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
        parts.append(
            f"not installed, or not whole, so not measured: {', '.join(results['missing'])}"
        )
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
