"""What a measurement reads of this machine: processor time, memory, sockets, dirty pages."""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import attrs

from tests.harness.processes import descendants


def family(pids: Iterable[int]) -> set[int]:
    """These processes and all that descend from them."""
    return {pid for root in pids for pid in (root, *(child.pid for child in descendants(root)))}


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds that all threads of these processes have run, to the nanosecond."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def busy_s() -> float:
    """Seconds that all processors together have been busy since the machine was started."""
    user, nice, system, _, _, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory of these processes; what several share counts once in all (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024


@attrs.frozen
class UdpSocket:
    """A row of ``/proc/net/udp``."""

    waiting_bytes: int
    drops: int


def udp_sockets(ports: set[int]) -> dict[int, UdpSocket]:
    """The UDP sockets at these ports of any local address, by port."""
    found = {}
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        port = int(fields[1].split(":")[1], 16)
        if port in ports:
            found[port] = UdpSocket(int(fields[4].split(":")[1], 16), int(fields[12]))
    return found


def dirty_bytes() -> int:
    """Bytes that wait in the page cache to be written, or are being written."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    wanted = ("Dirty:", "Writeback:")
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(wanted))


def written_bytes(path: Path) -> int:
    """Bytes that the block device under ``path`` was given to write since the machine started."""
    device = path.stat().st_dev
    stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    return int(stat.read_text().split()[6]) * 512


def warm(wanted: int) -> None:
    """Touch memory and free it: a virtual machine's host takes seconds to give a Gbyte back."""
    with mmap.mmap(-1, wanted) as memory:
        for page in range(0, wanted, mmap.PAGESIZE):
            memory[page] = 1


def missing(programs: Iterable[str]) -> list[str]:
    """Which of these programs are not installed."""
    return [program for program in programs if shutil.which(program) is None]
