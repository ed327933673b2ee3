"""What a recording's files hold at this moment, while it is being recorded, too."""

from __future__ import annotations

from pathlib import Path

from ...engine import active, manifest
from ...engine.inspection.psi import Programme
from .hearing import ENOUGH, Hearing


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


def programmes_of(folder: Path, track: manifest.Track) -> tuple[Programme, ...]:
    """The programmes at the beginning of a track; none if that cannot be read."""
    hearing = Hearing()
    if track.segments:
        path = manifest.segment_path(folder, track.number, track.segments[0].number)
        try:
            with path.open("rb") as file:
                while not hearing.is_over and (data := file.read(ENOUGH // 16)):
                    hearing.take(data)
        except OSError:
            return ()  # who asks for its bytes is told
    return hearing.programmes
