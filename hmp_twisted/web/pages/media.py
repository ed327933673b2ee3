"""Recorded media: tracks in ranges, playlists, posters. Each asks for its right first."""

from __future__ import annotations

import json

import attrs
from twisted.web.resource import IResource

from ...engine import manifest
from ...errors import NotAuthorizedError
from ...services.directory.recordings import Recording
from ...services.now import read_now
from ...services.rights import DOWNLOAD, WATCH
from .. import codecs
from ..answers import Answer, Body, Handover, RefusalError
from ..assets import FOLDER
from ..media.media import Media
from ..media.playlist import Part, clock_of, hls, parts_of
from ..media.programmes import programmes_of
from ..media.ranges import RunResource, run_of
from ..media.viewer import MPEG_TS
from ..route import Route, get
from ..visit import Visit

HLS = "application/vnd.apple.mpegurl"
_PLACEHOLDER = (FOLDER / "poster.svg").read_bytes()


async def track_of(
    visit: Visit, recording_id: str, number: int, action: str
) -> tuple[Recording, manifest.Track]:
    """A recording and a track of it, if the visitor may do this with it.

    Raises:
        RecordingNotFoundError, NotAuthorizedError
        RefusalError: there is no such track, or it cannot be read.
    """
    recording, told = await told_of(visit, recording_id, action)
    return recording, _track(told, number)


def _track(told: manifest.Recording, number: int) -> manifest.Track:
    for track in told.tracks:
        if track.number == number:
            return track
    raise RefusalError(404, "This recording has no such track.")


async def told_of(
    visit: Visit, recording_id: str, action: str
) -> tuple[Recording, manifest.Recording]:
    """A recording, and what its files tell, if the visitor may do this with it.

    The files are read last: of a recording that had ended by then they tell the whole.
    """
    details = await visit.services.library.recording(visit.actor, recording_id)
    if not details.attached.may(action):
        raise NotAuthorizedError(f"{visit.actor.name} may not {action} recording {recording_id}")
    folder = manifest.folder_of(visit.tools.recordings_dir, recording_id)
    try:
        return details.recording, await visit.store.in_thread(read_now, folder)
    except manifest.ManifestError as error:
        raise RefusalError(404, "The files of this recording cannot be read.") from error


async def track(visit: Visit, recording_id: str, number: int) -> Answer:
    """A track's bytes, in ranges, for players."""
    _, found = await track_of(visit, recording_id, number, WATCH)
    return Handover(_run(visit, recording_id, found, ""))


async def download(visit: Visit, recording_id: str, number: int) -> Answer:
    """A track's bytes as a file."""
    recording, found = await track_of(visit, recording_id, number, DOWNLOAD)
    return Handover(_run(visit, recording_id, found, file_name(recording.title, number, "ts")))


async def playlist(visit: Visit, recording_id: str, number: int) -> Answer:
    """How players find their way in a track."""
    parts, grows = await _parts(visit, recording_id, number)
    url = f"/media/recording/{recording_id}/track/{number}/bytes"
    return Body(hls(parts, url, grows=grows).encode(), HLS)


async def clock(visit: Visit, recording_id: str, number: int) -> Answer:
    """What the recording's clock shows at which second of a player."""
    parts, _ = await _parts(visit, recording_id, number)
    return Body(json.dumps(clock_of(parts)).encode(), "application/json")


async def streams(visit: Visit, recording_id: str, number: int) -> Answer:
    """What a track holds, by the tables at its beginning."""
    _, found = await track_of(visit, recording_id, number, WATCH)
    folder = manifest.folder_of(visit.tools.recordings_dir, recording_id)
    told = codecs.told(await visit.store.in_thread(programmes_of, folder, found))
    return Body(json.dumps(told).encode(), "application/json")


async def _parts(visit: Visit, recording_id: str, number: int) -> tuple[tuple[Part, ...], bool]:
    """The parts of a track, and whether more will come."""
    told = (await told_of(visit, recording_id, WATCH))[1]
    found, grows = _track(told, number), told.state in manifest.ACTIVE
    folder = manifest.folder_of(visit.tools.recordings_dir, recording_id)

    def find() -> tuple[Part, ...]:
        """On a thread: this reads files."""
        return parts_of(folder, found, grows=grows)

    return await visit.store.in_thread(find), grows


def file_name(title: str, number: int, suffix: str) -> str:
    """A name for saving that no file system and no header can mistake."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in " -_.") else "_" for c in title)
    return f"{kept[:80].strip(' .') or 'recording'}-{number}.{suffix}"


def _run(visit: Visit, recording_id: str, found: manifest.Track, name: str) -> IResource:
    folder = manifest.folder_of(visit.tools.recordings_dir, recording_id)
    paths = [manifest.segment_path(folder, found.number, s.number) for s in found.segments]
    try:
        return RunResource(run_of(paths), MPEG_TS.decode(), name)
    except OSError as error:
        raise RefusalError(404, "A file of this recording is missing.") from error


@attrs.frozen
class MediaPages:
    """What needs more than the files."""

    _media: Media

    async def poster(self, visit: Visit, recording_id: str) -> Answer:
        """A picture of the recording; a placeholder until there is one."""
        details = await visit.services.library.recording(visit.actor, recording_id)
        if not details.attached.may(WATCH):
            raise NotAuthorizedError(f"{visit.actor.name} may not watch recording {recording_id}")
        path = self._media.posters.find(recording_id)
        if path is not None:
            visit.request.setHeader("Cache-Control", "private, max-age=3600")
            return Handover(RunResource(run_of([path]), "image/jpeg"))
        if not details.recording.is_active:
            self._media.posters.want(recording_id)
        return Body(_PLACEHOLDER, "image/svg+xml")

    async def mp4(self, visit: Visit, recording_id: str, number: int) -> Answer:
        """A track as MP4, once it was made."""
        recording, found = await track_of(visit, recording_id, number, DOWNLOAD)
        path = self._media.mp4.find(recording_id, found.number)
        if path is None:
            raise RefusalError(404, "This file has not been made yet, or is no longer kept.")
        name = file_name(recording.title, number, "mp4")
        return Handover(RunResource(run_of([path]), "video/mp4", name))


def routes(media: Media) -> tuple[Route, ...]:
    """What players ask for."""
    pages = MediaPages(media)
    one = "/media/recording/<uuid:recording_id>"
    track_path = f"{one}/track/<int:number>"
    return (
        get(f"{one}/poster", pages.poster),
        get(f"{track_path}/bytes", track),
        get(f"{track_path}/index.m3u8", playlist),
        get(f"{track_path}/clock", clock),
        get(f"{track_path}/streams", streams),
        get(f"{track_path}/ts", download),
        get(f"{track_path}/mp4", pages.mp4),
    )
