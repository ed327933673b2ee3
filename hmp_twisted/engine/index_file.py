"""The index beside a segment: ``00001.idx`` says when which byte of ``00001.ts`` came.

Little records of one size, only ever appended, so that any of them may be the last. The format is
in docs/integrity.md; :mod:`.index` reads it, :mod:`.index_build` makes it from the media.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DomainError

SUFFIX = ".idx"
MAGIC = b"HMPINDEX"
VERSION = 1
RANDOM_ACCESS = 1
"""Decoding can begin with the packet at this offset."""
ESTIMATED = 2
"""The times are reckoned from the media, because no index was there."""

RECORD = np.dtype(
    [
        ("wall_us", "<i8"),
        ("clock_us", "<i8"),
        ("offset", "<i8"),
        ("pcr", "<i8"),
        ("pid", "<u2"),
        ("flags", "<u2"),
        ("zero", "<u4"),
    ]
)
"""Wall clock in microseconds since 1970, the recording's clock in microseconds, the offset of a
packet in bytes, its PCR in ticks of 27 MHz (-1: none), and its PID (0x1FFF: no certain packet)."""
HEADER = MAGIC + VERSION.to_bytes(4, "little") + RECORD.itemsize.to_bytes(4, "little")
HEADER = HEADER.ljust(RECORD.itemsize, b"\0")

Records = npt.NDArray[np.void]


class IndexDamagedError(DomainError):
    """The file is missing, or is no index of a known version; the message says which."""


def path_of(segment: Path) -> Path:
    """Where the index of a segment's file is."""
    return segment.with_suffix(SUFFIX)


def append(path: Path, records: Records) -> None:
    """Add records to an index, which is begun if there is none.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        empty = os.fstat(descriptor).st_size == 0
        os.write(descriptor, (HEADER if empty else b"") + records.tobytes())
    finally:
        os.close(descriptor)


def replace(path: Path, records: Records) -> None:
    """Write an index anew, in one step.

    Raises:
        OSError: it cannot be written.
    """
    aside = path.with_name(path.name + ".new")
    aside.write_bytes(HEADER + records.tobytes())
    aside.replace(path)


def read(path: Path, media_bytes: int) -> Records:
    """The records of an index, mapped, not read; what a crash left at its end is not among them.

    Args:
        path: the index.
        media_bytes: how long its segment is.

    Raises:
        IndexDamagedError: there is none, or it is none of a version that is known.
    """
    try:
        data: npt.NDArray[Any] = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise IndexDamagedError(f"{path}: cannot be read: {error}") from error
    if data[: len(HEADER)].tobytes() != HEADER:
        raise IndexDamagedError(f"{path}: is no index of version {VERSION}")
    whole = data.size // RECORD.itemsize * RECORD.itemsize
    records = data[len(HEADER) : whole].view(RECORD)
    return records[: _sound(records, media_bytes)]


def _sound(records: Records, media_bytes: int) -> int:
    """How many records are left when those that a crash tore are taken from the end."""
    count: int = records.size
    while count and not _is_sound(records[count - 1], media_bytes):
        count -= 1
    return count


def _is_sound(record: np.void, media_bytes: int) -> bool:
    return bool(record["wall_us"] > 0 and 0 <= record["offset"] <= media_bytes)
