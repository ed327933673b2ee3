"""What a recording's files tell at this moment, while it is being recorded, too."""

from __future__ import annotations

from pathlib import Path

from ..engine import active, manifest


def read_now(folder: Path) -> manifest.Recording:
    """What the recording in ``folder`` is now.

    Raises:
        ManifestError: its files do not tell.
    """
    try:
        # Of a recording in progress the engine keeps it up to date to the second.
        return manifest.read_file(folder.parent / active.NAME / folder.name)
    except manifest.ManifestError:
        return manifest.read(folder)
