"""What recording costs and how fast it goes, side by side with multicat, ffmpeg and GStreamer.

    python -m benchmarks.ingest [--json FILE] [--only CASE] [--repetitions N] [--folder FOLDER]
        [--lock FILE]
    python -m benchmarks.ingest --sustained MINUTES --folder FOLDER
    python -m benchmarks.ingest --viewers N [--repetitions N] [--folder FOLDER] [--lock FILE]

Each recorder is sent the same marked MPEG-TS over the loopback; the files tell exactly what was
lost. The sender has processor 0, the recorder processor 1. Recorders take turns, so that their
ratios compare neighbours in time. A peer that loses anything, or uses 95 % of its processor, does
not count in a case, and is not run in it again. The limit is a program in C that makes the same
system calls at the same tick, with no checks.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import attrs

from . import machine
from .ingest_run import Case, Run, measure
from .ingest_subjects import SUBJECTS, Engine, Limit, Recorder, place
from .ingest_sustained import sustain
from .ingest_viewers import compare, summary, told

OVERLOADED = 0.95
CASES = (
    Case("1 x 1 Gbit/s", 1, 1e9, 2.0),
    Case("50 x 8 Mbit/s", 50, 50 * 8e6, 4.0),
    Case("200 x 8 Mbit/s", 200, 200 * 8e6, 2.0),
    Case("500 x 4 Mbit/s", 500, 500 * 4e6, 2.0),
    # As many datagrams a message as the kernel cuts: with few, the sender is soon the slowest.
    Case("fastest", 1, 0, 0, ramp="1e9:1.06:0.1:16e9", segments=49),
)
WITHOUT_PEERS = {"500 x 4 Mbit/s"}
"""They need a processor for fewer sources; the target here is absolute."""
FEWEST_RAMPS = 7
"""The first hiccup of the machine ends a ramp, whoever records: three of them tell too little."""
RAMP_TRIES = 3
"""A ramp that ended because its sender went no faster says little of who records."""
RAMP_TICK_MS = 1.0
"""The limit's tick in a ramp: the shortest that our engine takes."""


@attrs.frozen
class Target:
    """A ratio that is to be reached."""

    text: str
    ratio: float
    bound: float
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.ratio <= self.bound if self.at_most else self.ratio >= self.bound

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        verdict = "yes" if self.reached else "NO"
        return f"{self.text:58} {self.ratio:8.3f}  {sign} {self.bound:<5} {verdict}"


@contextmanager
def turn(lock: Path | None) -> Iterator[None]:
    """Have the machine to oneself among those who measure with the same lock."""
    if lock is None:
        yield
        return
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def repeat(
    case: Case, subjects: Iterable[type[Recorder]], times: int, folder: Path, lock: Path | None
) -> Iterator[Run]:
    """Run recorders through a case in turns; those that fail in it are left out from then on."""
    running = list(subjects)
    if case.ramp:
        Limit.tick_ms = RAMP_TICK_MS
        times = max(times, FEWEST_RAMPS)
    for _ in range(times):
        for subject in list(running):
            run = measured(subject, case, folder, lock)
            print(f"{case.name:16} {line(run)}", flush=True)
            if subject is Engine and "tick_ms" in run.facts and not case.ramp:
                Limit.tick_ms = run.facts["tick_ms"]
            if run.error or (subject.is_peer and not case.ramp and not counts([run])):
                running.remove(subject)
            yield run


def measured(subject: type[Recorder], case: Case, folder: Path, lock: Path | None) -> Run:
    """A run through a case; a ramp that says too little is repeated, whoever records."""
    for _ in range(RAMP_TRIES):
        with turn(lock):
            run = measure(subject, case, folder, (0, 1))
        if run.error or not (case.ramp and run.sender_limited):
            break
    return run


def line(run: Run) -> str:
    """A run in a line."""
    if run.error:
        return f"{run.subject:11} failed: {run.error}"
    text = f"{run.subject:11} {run.cpu_per_gbit:.4f} s/Gbit, {run.load:6.1%} of a core, "
    text += f"{run.memory_bytes >> 20:4d} MiB, {run.lost} lost"
    text += f", {run.most_gbit_s:.2f} Gbit/s without loss" if run.most_gbit_s else ""
    text += " (the sender went no faster)" if run.most_gbit_s and run.sender_limited else ""
    text += f", sender late {run.sender_late} times" if run.sender_late else ""
    return text + (f", others {run.others_load:.0%}" if run.others_load > 0.25 else "")


def counts(runs: list[Run]) -> bool:
    """Whether a recorder lost nothing in these runs and was not overloaded."""
    return not any(run.error or run.lost or run.load >= OVERLOADED for run in runs)


def by_subject(runs: list[Run], case: Case) -> dict[str, list[Run]]:
    """The runs of a case by recorder."""
    names = [subject.name for subject in SUBJECTS]
    mine = [run for run in runs if run.case == case.name]
    found = {name: [run for run in mine if run.subject == name] for name in names}
    return {name: some for name, some in found.items() if some}


def cost(runs: list[Run]) -> float:
    """The median of what a Gbit cost."""
    return median(run.cpu_per_gbit for run in runs)


def speed(runs: list[Run]) -> float:
    """The median of the fastest rates without loss, in Gbit/s."""
    return median(run.most_gbit_s for run in runs)


def targets(runs: list[Run]) -> Iterator[Target]:
    """The ratios that the engine is held to, as far as they could be measured."""
    peers = [subject.name for subject in SUBJECTS if subject.is_peer]
    for case in CASES:
        found = by_subject(runs, case)
        ours = found.get(Engine.name)
        if ours is None or any(run.error for run in ours):
            continue
        some = {name: found[name] for name in peers if name in found}
        if case.ramp:
            best = max((speed(those), name) for name, those in some.items()) if some else None
            if best:
                text = f"fastest rate without loss over {best[1]}'s"
                yield Target(text, speed(ours) / best[0], 1.5, at_most=False)
            continue
        yield from _targets_of(case, ours, some, found.get(Limit.name))


def _targets_of(
    case: Case, ours: list[Run], peers: dict[str, list[Run]], limit: list[Run] | None
) -> Iterator[Target]:
    best = min(((cost(runs), name) for name, runs in peers.items() if counts(runs)), default=None)
    if best:
        yield Target(f"{case.name}: CPU s/Gbit over {best[1]}'s", cost(ours) / best[0], 0.4)
    if limit and counts(limit):
        yield Target(f"{case.name}: CPU s/Gbit over the limit's in C", cost(ours) / cost(limit), 2)
    yield Target(f"{case.name}: datagrams lost", max(run.lost for run in ours), 0)
    if case.name in WITHOUT_PEERS:
        yield Target(f"{case.name}: part of a core", median(run.load for run in ours), 0.6)


def table(runs: list[Run]) -> Iterator[str]:
    """All cases, medians."""
    yield f"{'':16} {'':11} {'s/Gbit':>8} {'core':>7} {'MiB':>5} {'lost':>7} {'Gbit/s':>7}"
    for case in CASES:
        for name, some in by_subject(runs, case).items():
            fine = [run for run in some if not run.error]
            if not fine:
                yield f"{case.name:16} {name:11} failed"
                continue
            counted = "" if case.ramp or counts(some) else "  does not count"
            fastest = f"{speed(fine):7.2f}" if case.ramp else f"{'':7}"
            yield (
                f"{case.name:16} {name:11} {cost(fine):8.4f} "
                f"{median(run.load for run in fine):7.1%} "
                f"{max(run.memory_bytes for run in fine) >> 20:5d} "
                f"{max(run.lost for run in fine):7d} {fastest}{counted}"
            )


def at_rest(folder: Path, seconds: float) -> Target:
    """What the engine uses while nothing is recorded."""
    with tempfile.TemporaryDirectory(dir=folder) as place_:
        engine = Engine(0, 0, Path(place_), 1)
        try:
            engine.start()
            time.sleep(1.0)
            pids = machine.family(process.pid for process in engine.processes)
            before = machine.cpu_s(pids)
            time.sleep(seconds)
            used = machine.cpu_s(pids) - before
        finally:
            engine.kill()
    return Target("at rest: part of a core", used / seconds, 0.01)


def run_all(args: argparse.Namespace, subjects: list[type[Recorder]]) -> list[Run]:
    """Every case that is wanted."""
    runs: list[Run] = []
    for case in CASES:
        if args.only and args.only not in case.name:
            continue
        wanted = [s for s in subjects if not (s.is_peer and case.name in WITHOUT_PEERS)]
        runs += repeat(case, wanted, args.repetitions, args.folder, args.lock)
    return runs


def watched(args: argparse.Namespace) -> None:
    """Record with viewers and without, in turns."""
    runs: list[Run] = []
    for run in compare(args.viewers, args.repetitions, args.folder, partial(turn, args.lock)):
        print(line(run), told(run), sep="; ", flush=True)
        runs.append(run)
    print("", *summary(runs), sep="\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", default="", help="cases with this in their names")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--lock", type=Path, help="held during each single measurement")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sustained", type=float, default=0.0, metavar="MINUTES")
    parser.add_argument("--viewers", type=int, default=0, help="of live streams, and without them")
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    if args.sustained:
        sustain(args.sustained * 60, args.folder)
        return
    place(0)
    if args.viewers:
        watched(args)
        return
    subjects = [subject for subject in SUBJECTS if not subject.unavailable()]
    for subject in set(SUBJECTS) - set(subjects):
        print(f"{subject.name}: {subject.unavailable()}; it is not measured")
    runs = run_all(args, subjects)
    print("", *table(runs), "", sep="\n")
    aims = [*targets(runs), at_rest(args.folder, 5.0)]
    print(*aims, sep="\n")
    if args.json:
        found = {"runs": [attrs.asdict(run) for run in runs], "targets": [*map(attrs.asdict, aims)]}
        args.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
