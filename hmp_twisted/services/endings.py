"""How a recording ended that the media engine no longer holds, by what is on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs

from ..engine import manifest
from ..store.rows import ERROR


@attrs.frozen
class End:
    """How a recording ended."""

    state: str
    duration_s: float
    reason: str = ""


def read_end(recordings_dir: Path, recording_id: str) -> End:
    """How a recording ended that the media engine no longer knows, by its own file."""
    try:
        found = manifest.read(manifest.folder_of(recordings_dir, recording_id))
    except manifest.ManifestError as error:
        return End(ERROR, 0.0, str(error))
    if found.state in manifest.ACTIVE:
        return End(ERROR, found.duration_s, "the media engine lost it")
    return End(found.state, found.duration_s, found.reason)


def what_is_left(recordings_dir: Path, recording_id: str, *, may_run: bool) -> End | None:
    """How a recording ended that was begun although its start failed; ``None`` if it has no media.

    Without media its folder is removed.

    Args:
        may_run: whether the media engine may still hold it; if it does, it is left alone.
    """
    folder = manifest.folder_of(recordings_dir, recording_id)
    try:
        found = manifest.read(folder)
    except manifest.ManifestError:
        return None
    if may_run and found.state in manifest.ACTIVE:
        return None
    if any(path.stat().st_size for path in folder.glob("track-*/*.ts")):
        return read_end(recordings_dir, recording_id)
    shutil.rmtree(folder, ignore_errors=True)
    return None
