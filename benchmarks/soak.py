"""Fifty sources recorded and ten streams played while one fault comes after the other.

Sources vanish and return; recordings are paused, ended and begun; engine and server are killed and
restarted; the disk stands still and runs full; the clock is stepped. It ends with a ledger: every
datagram that was sent is recorded, byte for byte, or it is known why not. Exit status 1 if not.

    python -m benchmarks.soak [--minutes M] [--seed N] [--sources N] [--mbit RATE]

The same seed does the same faults in the same order. As root it makes a disk of its own that can
be stopped and filled; otherwise it says which faults were left out.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from .soaking.encoders import Encoders
from .soaking.faults import Faults
from .soaking.ledger import LOST, RECORDED, UNKNOWN, Ledger
from .soaking.players import Players
from .soaking.probe import Probe
from .soaking.show import Show
from .soaking.stage import Stage

STREAMS = 10
BETWEEN_S = (2.0, 5.0)
"""Nothing is done for so long between two faults."""
_SPARE_BYTES = 1 << 30
_NO_FAULT_OF_OURS = ("Traceback", "Unhandled", "MemoryError")


def main() -> None:
    """Run the soak; exit with 1 if a datagram is unaccounted for, or anything failed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    folder = Path(tempfile.mkdtemp(prefix="hmp-soak-"))
    size = int(options.minutes * 60 * options.sources * options.mbit * 1e6 / 8 * 1.2)
    try:
        with closing(Stage(folder, size + _SPARE_BYTES)) as stage:
            sound = _soak(stage, options)
        if not sound:
            _keep_logs(stage)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if sound else 1)


def _keep_logs(stage: Stage) -> None:
    """Where something is wrong, the logs and what was recorded of it are kept; no more is."""
    kept = Path(tempfile.mkdtemp(prefix="hmp-soak-kept-"))
    for daemon in (stage.server.daemon, stage.engine):
        shutil.copy(daemon.log_path, kept)
    if stage.faulty.exists():
        shutil.move(stage.faulty, kept)
    print(f"logs, and recordings with faults, are in {kept}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--mbit", type=float, default=1.0, help="of each source, in Mbit/s")
    return parser.parse_args()


def _soak(stage: Stage, options: argparse.Namespace) -> bool:
    ledger, done = Ledger(), Counter[str]()
    bitrate = int(options.mbit * 1e6)
    with (
        Encoders(options.sources, bitrate) as encoders,
        Players(STREAMS) as players,
        Probe(stage.disk.place) as probe,
    ):
        show = Show(stage, encoders, players, ledger)
        faults = Faults(show, random.Random(options.seed), probe)
        stage.start()
        show.set_up()
        for session in show.sessions:
            show.record(session)
        show.keep_playing()
        try:
            _inject(show, faults, options.minutes * 60, done)
        except AssertionError as error:
            ledger.faults.append(str(error))
        stage.step_clock(0.0)
        show.end()
    for daemon in (stage.server.daemon, stage.engine):
        bad = [
            line for line in daemon.log.splitlines() if any(w in line for w in _NO_FAULT_OF_OURS)
        ]
        ledger.faults += [f"log of the {daemon.name}: {line[:200]}" for line in bad[:5]]
    _print_faults(stage, done)
    _print_streams(players)
    return _print_ledger(ledger)


def _inject(show: Show, faults: Faults, seconds: float, done: Counter[str]) -> None:
    """One fault after the other, all kinds once before any comes again."""
    began, bag = time.monotonic(), list[str]()
    kinds = faults.kinds()
    while time.monotonic() - began < seconds:
        time.sleep(faults.random.uniform(*BETWEEN_S))
        if not bag:
            bag = sorted(kinds)
            faults.random.shuffle(bag)
        name = bag.pop()
        at = time.monotonic() - began
        words = kinds[name]()
        done[name] += 1
        started = show.keep_playing()
        streams = f"; {started} streams started anew" if started else ""
        print(f"{at:8.1f} s  {name}: {words}{streams}", flush=True)


def _print_faults(stage: Stage, done: Counter[str]) -> None:
    print(f"\n{'fault':<28}{'times':>8}")
    for name, times in sorted(done.items()):
        print(f"{name:<28}{times:>8}")
    if stage.disk.why_not:
        print(f"disk neither stopped nor filled: {stage.disk.why_not}")


def _print_streams(players: Players) -> None:
    received = [player.datagrams for player in players.all]
    breaks = sum(player.breaks for player in players.all)
    print(f"\nstreams: {sum(received)} datagrams received, at least {min(received)} by each;")
    print(f"         {breaks} breaks of continuity")


def _print_ledger(ledger: Ledger) -> bool:
    totals = ledger.totals
    print(f"\n{'ledger':<28}{'datagrams':>12}{'longest hole':>16}{'sent before it':>18}")
    reasons = sorted(set(totals) - {"sent", RECORDED, LOST, UNKNOWN})
    for name in ("sent", RECORDED, *reasons, LOST, UNKNOWN):
        hole, before = ledger.longest_s.get(name), ledger.before_s.get(name, 0.0)
        holes = f"{hole:>14.2f} s{max(0.0, before):>16.2f} s" if hole else ""
        print(f"{name:<28}{totals[name]:>12}{holes}")
    if ledger.torn_packets:
        print(f"of torn datagrams, missing above, {ledger.torn_packets} packets are kept")
    for fault in ledger.faults:
        print(f"FAULT: {fault}")
    sum_of_all = sum(totals.values()) - totals["sent"]
    sound = not ledger.faults and not totals[UNKNOWN] and sum_of_all == totals["sent"] > 0
    print("every datagram is accounted for" if sound else "NOT every datagram is accounted for")
    return sound


if __name__ == "__main__":
    main()
