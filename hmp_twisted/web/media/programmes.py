"""What a track carries, by the tables at its beginning."""

from __future__ import annotations

from pathlib import Path

from ...engine import manifest
from ...engine.inspection.psi import Programme
from .hearing import ENOUGH, Hearing


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
