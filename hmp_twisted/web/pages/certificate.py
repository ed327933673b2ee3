"""A recording's integrity, for its page: verdict, timeline, figures, and checking it anew."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import attrs

from ...engine import manifest
from ...services.directory.verifying import SegmentReport
from ...services.integrity import Told
from ...services.rights import WATCH
from ..answers import Answer, Page, Part
from ..integrity import timeline, words
from ..media.jobs import Job, Jobs
from ..route import Route, get, post
from ..visit import Visit

TEMPLATE = "videos/certificate.html"
KEPT = 200
"""Recordings whose last check is remembered."""


@attrs.frozen
class Check:
    """What was found when a recording's files were read again."""

    at: float
    reports: tuple[SegmentReport, ...]

    @property
    def wrong(self) -> tuple[SegmentReport, ...]:
        """Those that are not as they were recorded."""
        return tuple(one for one in self.reports if one.problem)

    @property
    def pending(self) -> int:
        """How many files have no checksum yet."""
        return sum(one.verdict == "pending" for one in self.reports)


@attrs.define
class CertificatePages:
    """The section, and its one act. A check is everybody's: who comes next sees it, too."""

    _jobs: Jobs = attrs.field(factory=Jobs)
    _checks: OrderedDict[str, Check] = attrs.field(factory=OrderedDict)

    async def show(self, visit: Visit, recording_id: str) -> Answer:
        """What the recording's files tell about themselves, for the page to fetch."""
        return Page(TEMPLATE, await self._values(visit, recording_id))

    async def verify(self, visit: Visit, recording_id: str) -> Answer:
        """Begin to read every file again."""
        integrity, actor = visit.services.integrity, visit.actor
        await integrity.check_may_verify(actor, recording_id)
        told = await integrity.read(actor, recording_id)
        whole = max(1, sum(track.bytes for track in told.recording.tracks))

        async def work(job: Job) -> str:
            """Read them."""

            def progress(more: int) -> None:
                """Note that so many bytes more were read."""
                job.advance(job.progress + more / whole)

            reports = await integrity.verify(actor, recording_id, progress)
            self._remember(recording_id, Check(visit.tools.clock.seconds(), reports))
            return f"/videos/{recording_id}"

        self._jobs.start(Job(f"verify {recording_id}", recording_id, "", "Check"), work)
        values = await self._values(visit, recording_id)
        return Part(TEMPLATE, values, f"/videos/{recording_id}")

    def _remember(self, recording_id: str, check: Check) -> None:
        self._checks[recording_id] = check
        self._checks.move_to_end(recording_id)
        while len(self._checks) > KEPT:
            self._checks.popitem(last=False)

    async def _values(self, visit: Visit, recording_id: str) -> dict[str, Any]:
        details = await visit.services.library.recording(visit.actor, recording_id)
        try:
            told = await visit.services.integrity.read(visit.actor, recording_id)
        except manifest.ManifestError:
            return {"told": None}
        job = next(iter(self._jobs.of(recording_id, "")), None)
        return {
            **await visit.store.in_thread(_told, told),
            "base": f"/videos/{recording_id}",
            "may_verify": details.attached.may(WATCH),
            "job": job,
            "check": self._checks.get(recording_id),
        }


def _told(told: Told) -> dict[str, Any]:
    certificate = told.certificate
    drawn = timeline.draw(told.recording, certificate)
    active = certificate.recording in manifest.ACTIVE
    return {
        "told": certificate,
        "drawn": drawn,
        "verdict": words.verdict(certificate, drawn.pauses),
        "losses": words.losses,
        "indicators": words.INDICATORS,
        "active": active,
        "pending": not active and certificate.state == "pending",
    }


def routes() -> tuple[Route, ...]:
    """The section, and its act."""
    pages = CertificatePages()
    base = "/videos/<uuid:recording_id>"
    return (get(f"{base}/certificate", pages.show), post(f"{base}/verify", pages.verify))
