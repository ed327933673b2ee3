"""A recording as hmpctl shows it: the catalogue's part, and what its files tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Connection

from ..config import Settings
from ..engine import certificate, events, manifest
from ..engine.events import Event
from ..errors import DomainError, UnknownRecordingError
from ..services.bin import KEEP_S
from ..services.directory import recordings, retention
from ..services.directory.attached import CategoryValues, Share
from . import engine
from .output import clock, iso, print_details, print_table, size, warn
from .sessions import attached_details, plain_categories, plain_shares

HEADINGS = ("ID", "STATE", "TITLE", "CREATED", "DURATION", "TRACKS", "KEPT")
"""Of :func:`row`."""

EVENTS_SHOWN = 20
"""The latest events that people are shown; JSON has all."""
_NEUTRAL = {
    *("pcrs", "pcr_discontinuities", "rtp_reordered"),
    *("pcr_interval_max_s", "pcr_jitter_max_s", "pcr_accuracy_max_s"),
}
"""Figures that say nothing bad by themselves."""


@attrs.frozen
class View:
    """All that is known of one recording."""

    recording: recordings.Recording
    hotmarks: tuple[recordings.HotMark, ...]
    categories: tuple[CategoryValues, ...]
    shares: tuple[Share, ...]
    folder: Path = Path()
    tracks: tuple[manifest.Track, ...] = ()
    events: tuple[Event, ...] = ()
    """What happened to its sources."""
    certificate: str = "none"
    """``complete``, ``pending`` or ``none``."""
    default_days: float = retention.NEVER
    """The configured expiry."""


def read(conn: Connection, recording: recordings.Recording) -> View:
    """The catalogue's part."""
    return View(
        recording=recording,
        hotmarks=recordings.hotmarks_of(conn, recording.id),
        categories=recordings.categories_of_recording(conn, recording.id),
        shares=recordings.shares_of_recording(conn, recording.id),
    )


def with_files(view: View, settings: Settings) -> View:
    """The view with what ``recording.json`` tells; a warning if there is none that can be read."""
    problem = refresh(settings, view.recording) if view.recording.is_active else ""
    folder = manifest.folder_of(settings.recordings_dir, view.recording.id)
    view = attrs.evolve(view, folder=folder, default_days=settings.recordings.expire_after_days)
    try:
        on_disk = manifest.read(folder)
    except manifest.ManifestError as error:
        warn(str(error))
        return view
    if problem:
        warn(problem)
    return attrs.evolve(
        view,
        tracks=on_disk.tracks,
        recording=_newer(view.recording, on_disk),
        events=_events(folder),
        certificate=_certificate(folder),
    )


def _events(folder: Path) -> tuple[Event, ...]:
    try:
        return events.read(folder)
    except OSError as error:
        warn(f"{folder / events.NAME}: cannot be read: {error.strerror}")
        return ()


def _certificate(folder: Path) -> str:
    try:
        found = certificate.read(folder)
    except manifest.ManifestError as error:
        warn(str(error))
        return "none"
    return found.state if found is not None else "none"


def _newer(recording: recordings.Recording, on_disk: manifest.Recording) -> recordings.Recording:
    """While a recording runs, only its files know how long it is."""
    if not recording.is_active:
        return recording
    return attrs.evolve(recording, duration_s=on_disk.duration_s)


def refresh(settings: Settings, recording: recordings.Recording) -> str:
    """Have the counters of an active recording brought up to date.

    Returns:
        why they are not, in words; empty if they are.
    """
    try:
        engine.refresh_manifest(settings.engine_endpoint, recording.id)
    except UnknownRecordingError:
        return f"recording {recording.id}: the media engine does not hold it; figures may be old"
    except DomainError as error:
        return f"the media engine is not reachable, figures may be old: {error}"
    return ""


def summary(recording: recordings.Recording, default_days: float) -> dict[str, Any]:
    """The recording for JSON, as a list has it; it expires after so many days by default."""
    expires = retention.expires(recording, default_days)
    return {
        "id": recording.id,
        "session_id": recording.session_id,
        "title": recording.title,
        "description": recording.description,
        "createdby": recording.createdby,
        "state": recording.state,
        "reason": recording.reason,
        "created": iso(recording.created),
        "duration_s": recording.duration_s,
        "track_count": recording.track_count,
        "protected": recording.protected,
        "expire_after_days": recording.expire_after_days,
        "expires": None if expires is None else iso(expires),
        "deleted": None if recording.deleted is None else iso(recording.deleted),
    }


def row(recording: recordings.Recording, default_days: float) -> tuple[object, ...]:
    """The recording as a line of a table; it expires after so many days by default."""
    return (
        recording.id,
        recording.state,
        recording.title,
        iso(recording.created),
        "" if recording.is_active else clock(recording.duration_s),
        recording.track_count,
        kept(recording, default_days),
    )


def kept(recording: recordings.Recording, default_days: float) -> str:
    """For how long it is kept, in words; empty if nothing special is known."""
    if recording.deleted is not None:
        return f"in the bin until {iso(recording.deleted + KEEP_S)}"
    expires = retention.expires(recording, default_days)
    if recording.protected:
        return "protected"
    return "" if expires is None else f"until {iso(expires)}"


def as_json(view: View) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        **summary(view.recording, view.default_days),
        "folder": str(view.folder),
        "tracks": [_track(view.folder, track) for track in view.tracks],
        "certificate": view.certificate,
        "events": [{**attrs.asdict(one), "at": iso(one.at)} for one in view.events],
        "hotmarks": [attrs.asdict(mark) for mark in view.hotmarks],
        "categories": plain_categories(view.categories),
        "shares": plain_shares(view.shares),
    }


def _track(folder: Path, track: manifest.Track) -> dict[str, Any]:
    values = attrs.asdict(track)
    values["segments"] = [
        {
            "path": str(manifest.segment_path(folder, track.number, segment.number)),
            **attrs.asdict(segment),
            "started": iso(segment.started),
        }
        for segment in track.segments
    ]
    return values


def print_view(view: View) -> None:
    """All of it, for people."""
    found = view.recording
    print_details(
        [
            ("ID", found.id),
            ("Title", found.title),
            ("Description", found.description),
            ("Created by", found.createdby),
            ("Session", found.session_id),
            ("State", found.state),
            *([("Reason", found.reason)] if found.reason else []),
            ("Created", iso(found.created)),
            ("Duration", clock(found.duration_s)),
            ("Kept", kept(found, view.default_days)),
            ("Folder", view.folder),
            ("Certificate", view.certificate),
            ("HotMarks", [f"{clock(m.time_s)}  {m.title}" for m in view.hotmarks]),
            *attached_details(view.categories, view.shares),
        ]
    )
    headings = ("TRACK", "SOURCE", "SIZE", "DATAGRAMS", "LOST", "CONTINUITY ERRORS", "SEGMENTS")
    rows = [
        (
            t.number,
            t.source_name,
            size(t.bytes),
            t.datagrams,
            t.lost_datagrams,
            t.continuity_errors,
            len(t.segments),
        )
        for t in view.tracks
    ]
    print_table(headings, rows)
    for track in view.tracks:
        wrong = _wrong(track)
        if wrong:
            print_details([(f"Track {track.number}", wrong)])
    latest = view.events[-EVENTS_SHOWN:]
    if latest:
        told = [(iso(e.at), e.track, e.kind, e.text) for e in latest]
        print_table(("WHEN", "TRACK", "EVENT", "WHAT"), told)


def _wrong(track: manifest.Track) -> list[str]:
    """The counters of what is wrong in a track, those that are not 0."""
    values = attrs.asdict(track.integrity)
    by_pid = values.pop("continuity_errors_by_pid")
    lines = [f"{count} {name}" for name, count in values.items() if count and name not in _NEUTRAL]
    return lines + [f"{count} continuity_errors on PID {pid}" for pid, count in by_pid.items()]
