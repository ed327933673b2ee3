"""``recording.json``: what a recording's files are, so that it outlives any database.

The media engine alone writes it; everybody may read it. It is replaced atomically, so a reader
sees the old or the new one, whole, also after a power cut.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import attrs
import cattrs

from ..errors import DomainError
from .integrity import Integrity

NAME = "recording.json"
FORMAT = 1

State = Literal["RECORDING", "PAUSED", "FINISHED", "ERROR"]
ACTIVE: frozenset[State] = frozenset({"RECORDING", "PAUSED"})


class ManifestError(DomainError):
    """The file is missing or cannot be read; the message says which and why."""


@attrs.frozen
class Segment:
    """One file of a track: ``track-<n>/<nnnnn>.ts``."""

    number: int
    """Counted from 1."""
    started: float
    """Wall-clock time of its first datagram, in Unix seconds."""
    offset_s: float
    """The recording's clock at its first datagram, in seconds."""
    bytes: int = 0
    duration_s: float = 0.0
    """From its first datagram to its last, in seconds."""
    closed: bool = False


@attrs.frozen
class Track:
    """What one source gave to the recording."""

    number: int
    """Counted from 1, in the order of the session's sources."""
    source_id: str
    source_name: str
    url: str
    interface: str = ""
    datagrams: int = 0
    bytes: int = 0
    lost_datagrams: int = 0
    """What the kernel dropped and, for RTP, what the sequence numbers miss."""
    left_out_bytes: int = 0
    """Received, but no whole MPEG-TS packet."""
    continuity_errors: int = 0
    integrity: Integrity = attrs.field(factory=Integrity)
    segments: tuple[Segment, ...] = ()


@attrs.frozen
class Recording:
    """A recording as its files have it."""

    id: str
    state: State
    created: float
    """Wall-clock time of its start, in Unix seconds."""
    duration_s: float = 0.0
    """The recording's clock, pauses left out; where it stopped, once it has ended."""
    reason: str = ""
    """Why its state is ERROR."""
    tracks: tuple[Track, ...] = ()
    format: int = FORMAT


def folder_of(recordings: Path, recording_id: str) -> Path:
    """The folder of a recording."""
    return recordings / recording_id


def segment_path(folder: Path, track: int, segment: int) -> Path:
    """The file of a segment in a recording's folder; both numbers count from 1."""
    return folder / f"track-{track}" / f"{segment:05d}.ts"


def read(folder: Path) -> Recording:
    """The recording in ``folder``.

    Raises:
        ManifestError: there is none, or it is none of a format that this version knows.
    """
    return read_file(folder / NAME)


def read_file(path: Path) -> Recording:
    """The recording that a file like :data:`NAME` tells of.

    Raises:
        ManifestError: there is none, or it is none of a format that this version knows.
    """
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if table.get("format") != FORMAT:
            raise ManifestError(
                f"{path}: format {table.get('format')!r} is not known, only {FORMAT}"
            )
        return cattrs.structure(table, Recording)
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, AttributeError, cattrs.BaseValidationError) as error:
        raise ManifestError(f"{path}: is damaged: {error}") from error


def write(folder: Path, recording: Recording) -> None:
    """Replace the recording's file: write aside, fsync, rename, fsync of the folder.

    Raises:
        OSError: the disk is full or cannot be written; the former file stands.
    """
    content = json.dumps(cattrs.unstructure(recording), indent=1)
    replace_file(folder / NAME, content.encode())


def encode(recording: Recording) -> bytes:
    """The recording on one line: without indentation it is done in a tenth of the time."""
    return json.dumps(cattrs.unstructure(recording)).encode()


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` in place of ``path``, durably and in one step.

    Raises:
        OSError: the disk is full or cannot be written; the former file stands.
    """
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
