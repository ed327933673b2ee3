"""Taking away and cutting: MP4 files and trimmed recordings, shown as jobs while they are made."""

from __future__ import annotations

import attrs

from ...errors import RecordingInProgressError
from ...services.rights import DOWNLOAD
from ..answers import Answer, Page, Part, RefusalError
from ..media.jobs import Job
from ..media.media import Media
from ..route import Route, get, post
from ..visit import Visit
from .media import told_of, track_of
from .recording import seconds_of

TEMPLATE = "videos/jobs.html"


@attrs.frozen
class Takeaway:
    """The acts."""

    _media: Media

    async def show(self, visit: Visit, recording_id: str) -> Answer:
        """What can be taken away, and what is being made."""
        return Page(TEMPLATE, await self._values(visit, recording_id))

    async def make_mp4(self, visit: Visit, recording_id: str, number: int) -> Answer:
        """Begin to make an MP4 file of a track.

        Raises:
            RecordingInProgressError: it has not ended; what was made of it now would be served,
                as long as it is kept, for the whole.
        """
        recording, track = await track_of(visit, recording_id, number, DOWNLOAD)
        if recording.is_active:
            raise RecordingInProgressError(f"recording {recording_id} has not ended")
        media = self._media

        async def work(job: Job) -> str:
            """Make the file."""
            await media.mp4.make(job, track)
            return f"/media/recording/{recording_id}/track/{number}/mp4"

        user_id = visit.actor.user_id or ""
        key = f"mp4 {recording_id} {number} {user_id}"
        media.jobs.start(Job(key, recording_id, user_id, f"MP4 of track {number}"), work)
        return await self._section(visit, recording_id)

    async def trim(self, visit: Visit, recording_id: str) -> Answer:
        """Begin to make a recording of a stretch of this one."""
        actor, form = visit.actor, visit.form
        begin, end, title = seconds_of(form.text("from")), seconds_of(form.text("to")), ""
        title = form.text("title")
        trimming = visit.services.trimming
        await trimming.check(actor, recording_id, begin, end, title)

        async def work(job: Job) -> str:
            """Make the recording."""
            made = await trimming.trim(actor, recording_id, begin, end, title, job.advance)
            return f"/videos/{made}"

        user_id = actor.user_id or ""
        key = f"trim {recording_id} {begin} {end} {title} {user_id}"
        self._media.jobs.start(
            Job(key, recording_id, user_id, f"Part from {begin} to {end} s"), work
        )
        return await self._section(visit, recording_id)

    async def _section(self, visit: Visit, recording_id: str) -> Answer:
        values = await self._values(visit, recording_id)
        return Part(TEMPLATE, values, f"/videos/{recording_id}")

    async def _values(self, visit: Visit, recording_id: str) -> dict[str, object]:
        details = await visit.services.library.recording(visit.actor, recording_id)
        tracks: tuple[object, ...] = ()
        if details.attached.may(DOWNLOAD):
            try:
                tracks = (await told_of(visit, recording_id, DOWNLOAD))[1].tracks
            except RefusalError:
                tracks = ()
        jobs = self._media.jobs.of(recording_id, visit.actor.user_id or "")
        return {
            "thing": details.recording,
            "attached": details.attached,
            "tracks": tracks,
            "jobs": jobs,
            "waiting": any(not job.is_over for job in jobs),
            "base": f"/videos/{recording_id}",
        }


def routes(media: Media) -> tuple[Route, ...]:
    """The section, and its acts."""
    pages = Takeaway(media)
    base = "/videos/<uuid:recording_id>"
    return (
        get(f"{base}/jobs", pages.show),
        post(f"{base}/mp4/<int:number>", pages.make_mp4),
        post(f"{base}/trim", pages.trim),
    )
