"""A recorder in a process of its own, to be killed: ``python -m … FOLDER PORT [pause]``."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet import reactor, task
from twisted.internet.defer import Deferred, ensureDeferred

from hmp_twisted.config import RecordingsSettings
from hmp_twisted.engine.recorder import Recorder

from .bench_of_recording import track


async def record(folder: str, port: str, *then: str) -> None:
    """Record until killed; prints a line once it does."""
    settings = RecordingsSettings(min_free_bytes=1)
    recorder = Recorder(reactor, Path(folder), settings, lambda _: None)
    await recorder.open()
    await recorder.start("one", [track(int(port))])
    if "pause" in then:
        await recorder.pause("one")
    print("ready", flush=True)
    await Deferred()


if __name__ == "__main__":
    task.react(lambda _: ensureDeferred(record(*sys.argv[1:])))
