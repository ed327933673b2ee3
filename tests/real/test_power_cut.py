"""A power cut: what the disk was told to keep is there, and that is all but the last second.

The recordings lie on an ext4 of their own in a file. Its power is cut with the ioctl that
file-system developers test this with (EXT4_IOC_SHUTDOWN, without a flush of the log): from then on
nothing reaches the disk, and what was only in memory is gone. Then it is mounted again, as after a
boot.
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from ..harness import Sender, packets, run, wait_for
from .hall import Hall

_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = struct.pack("I", 2)
SYNC_INTERVAL_S = 1.0


@attrs.define
class Disk:
    """An ext4 in a file."""

    image: Path
    place: Path

    def mount(self) -> subprocess.CompletedProcess[str]:
        """Mount it; what unfinished business its log has is done then."""
        return run("mount", "-o", "loop", str(self.image), str(self.place))

    def cut_power(self) -> None:
        """Nothing reaches the disk any more."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Let go of it, with all that had not reached it."""
        run("umount", str(self.place), check=True)


@pytest.fixture
def disk(hall: Hall) -> Iterator[Disk]:
    """A disk that the recordings are on, in place of their folder."""
    made = Disk(hall.folder / "disk.ext4", hall.recordings_dir)
    made.place.mkdir(parents=True)
    with made.image.open("wb") as file:
        file.truncate(256 << 20)
    run("mkfs.ext4", "-q", str(made.image), check=True)
    mounted = made.mount()
    if mounted.returncode:
        pytest.skip(f"a power cut needs root and a loop device: {mounted.stderr.strip()}")
    yield made
    hall.end_all()
    run("umount", "--lazy", str(made.place))


def _cut_power(hall: Hall, disk: Disk) -> float:
    """End everything at once, so that nobody lives to see the disk fail; gives when."""
    engine = hall.engine_pid()
    hall.daemon.signal(signal.SIGSTOP)
    moment = time.monotonic()
    os.kill(engine, signal.SIGKILL)
    disk.cut_power()
    hall.kill()
    hall.daemon.await_nothing_left()
    disk.unmount()
    return moment


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_at_most_the_sync_interval_is_lost(hall: Hall, disk: Disk, cut: int) -> None:
    """At a random moment: all that came ``sync_interval_s`` before it is there, byte for byte, the
    recording is known, and it carries on."""
    hall.configure(recordings={"sync_interval_s": SYNC_INTERVAL_S})
    source, port = hall.source()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
            started = sender.sent
        sender.await_seconds(SYNC_INTERVAL_S + random.uniform(0.5, 2.5))
        moment = _cut_power(hall, disk)
        mounted = disk.mount()
        assert mounted.returncode == 0, mounted.stderr
        hall.start()
        with hall.client() as client:
            mark = ("addHotmark", recording, "after the cut")
            wait_for(lambda: client.ask(*mark) == "OK", 30, "media engine")
            assert client.ask("getRecordingStatus", recording) == "OK|RECORDING"
            sender.await_seconds(0.5)
            client.result("stopRecording", recording)
    before, after = (packets.assert_unbroken(segment) for segment in hall.segments(recording))
    assert before[0] <= started
    assert before[1] >= sender.sent_before(moment - SYNC_INTERVAL_S) - 1
    assert before[1] < after[0]
    assert hall.try_hmpctl("recording", "verify", recording).returncode == 0


def test_the_cut_is_one(hall: Hall, disk: Disk) -> None:
    """The proof of the method: without a sync what was in the file is not there after it."""
    hall.configure(recordings={"sync_interval_s": 60})
    source, port = hall.source()
    hall.start()
    with Sender([("127.0.0.1", port)]) as sender:
        with hall.client() as client:
            recording = hall.record(client, source)
        path = hall.recordings_dir / recording / "track-1" / "00001.ts"
        sender.await_seconds(1.0)
        written = path.stat().st_size
        _cut_power(hall, disk)
        assert disk.mount().returncode == 0
    # The first sync comes with the first datagrams.
    assert not path.exists() or path.stat().st_size < written / 2
