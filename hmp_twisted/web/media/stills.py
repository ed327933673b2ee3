"""Stills: a picture of a file of MPEG-TS, made by ffmpeg as a small JPEG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...config import RestreamSettings
from ...engine.ffmpeg import find_ffmpeg
from . import ffmpeg


class Stills:
    """Makes them, each in a process of its own that lets everything else go first."""

    def __init__(self, reactor: Any, settings: RestreamSettings) -> None:
        self._reactor = reactor
        self._settings = settings

    async def make(self, name: str, source: Path, target: Path, *places_s: float) -> None:
        """Make one of the first of these places that shows a picture, and put it at ``target``.

        Args:
            name: what it is of, for the log.
            source: a file of MPEG-TS.
            target: the JPEG, in a folder that exists; it is there whole or not at all.
            places_s: seconds into the file.

        Raises:
            StreamFailedError: there is no ffmpeg.
            OSError: no place shows a picture; with ffmpeg's last words.
        """
        executable = find_ffmpeg(self._settings)
        aside = target.with_name(f".{target.name}")
        said = "no place to look at"
        try:
            for at_s in places_s:
                arguments = ffmpeg.poster_arguments(executable, source, aside, at_s)
                done = await ffmpeg.run(self._reactor, name, arguments)
                said = f"ffmpeg {done.describe()}"
                if done.is_clean and aside.is_file() and aside.stat().st_size:
                    aside.rename(target)
                    return
        finally:
            aside.unlink(missing_ok=True)
        raise OSError(said)
