"""``hmpctl status``: how the server is, at a glance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ..config import Settings
from ..engine import manifest
from ..engine.ffmpeg import find_ffmpeg
from ..errors import DomainError
from ..services import storage
from ..services.directory import api, devices, recordings, streams
from . import engine
from .access import read_status
from .administration import Administration, pass_administration
from .output import iso, json_option, print_details, print_json, size, yes_no

_NESTED = ("recorder", "restreamer")
"""The parts of the engine's report that are shown in lines of their own."""


@click.command("status")
@json_option
@pass_administration
def status(administration: Administration, as_json: bool) -> None:
    """Show the API, the database, the disk, what is recorded and played out, and the engine."""
    report = _report(administration)
    if as_json:
        print_json(report)
    else:
        print_details(_lines(report))


def _report(administration: Administration) -> dict[str, Any]:
    with administration.view() as conn:
        enabled, count = api.is_enabled(conn), len(devices.list_devices(conn))
        active = recordings.list_recordings(conn, active=True)
        running = streams.list_streams(conn)
    settings = administration.settings
    media = _engine(settings)
    return {
        "api": read_status(administration, enabled, count),
        "database": administration.database,
        "recordings": _disk(settings, [recording.id for recording in active], media),
        "active_recordings": [
            {"id": r.id, "state": r.state, "title": r.title, "created": iso(r.created)}
            for r in active
        ],
        "streams": [
            {"id": s.id, "recording_id": s.recording_id, "address": s.address, "port": s.port}
            for s in running
        ],
        "engine": media,
        "ffmpeg": _ffmpeg(settings),
    }


def _disk(settings: Settings, active: list[str], media: dict[str, Any]) -> dict[str, Any]:
    """The recordings directory, and for how long its disk lasts at the present rate."""
    directory = settings.recordings_dir
    folders = [manifest.folder_of(directory, each) for each in active]
    rate = storage.present_bit_rate(media["report"] or {}) or sum(map(_bit_rate, folders))
    free = storage.free_bytes(directory)
    space = storage.Space(free, settings.recordings.min_free_bytes, rate)
    return {
        "directory": str(directory),
        "writable": os.access(storage.existing(directory), os.W_OK),
        "free_bytes": free,
        "min_free_bytes": space.min_free_bytes,
        "bit_rate": round(rate or storage.NOMINAL_BIT_RATE),
        "measured": space.measured,
        "hours": round(space.hours, 1),
        "storage_policy": settings.recordings.storage_policy,
        "expire_after_days": settings.recordings.expire_after_days,
    }


def _bit_rate(folder: Path) -> float:
    """What an active recording has needed on average, in bits a second; 0 if that is not known."""
    try:
        found = manifest.read(folder)
    except manifest.ManifestError:
        return 0.0
    total = sum(track.bytes for track in found.tracks)
    return total * 8 / found.duration_s if found.duration_s > 1 else 0.0


def _engine(settings: Settings) -> dict[str, Any]:
    endpoint = settings.engine_endpoint
    try:
        report = engine.read_status(endpoint)
    except DomainError as error:
        return {"endpoint": endpoint, "reachable": False, "reason": str(error), "report": None}
    return {"endpoint": endpoint, "reachable": True, "reason": "", "report": report}


def _ffmpeg(settings: Settings) -> dict[str, Any]:
    try:
        return {"path": find_ffmpeg(settings.restream), "reason": ""}
    except DomainError as error:
        return {"path": None, "reason": str(error)}


def _lines(report: dict[str, Any]) -> list[tuple[str, object]]:
    """The report for people."""
    access, disk, media = report["api"], report["recordings"], report["engine"]
    at = "the present rate" if disk["measured"] else f"{disk['bit_rate'] / 1e6:g} Mbit/s"
    left = f"{size(disk['free_bytes'])} free, enough for {disk['hours']:g} hours at {at}"
    return [
        ("Command Line API", f"{'on' if access['enabled'] else 'off'}, {access['endpoint']}"),
        ("Devices", access["devices"]),
        ("Database", report["database"]),
        ("Recordings", f"{disk['directory']}: {left}"),
        *([] if disk["writable"] else [("", "this directory cannot be written")]),
        ("Kept", f"{_expiry_in_words(disk)}; at the floor {_POLICIES[disk['storage_policy']]}"),
        ("Active", [f"{r['id']}  {r['state']}  {r['title']}" for r in report["active_recordings"]]),
        ("Streams", [f"{s['id']}  to {s['address']}:{s['port']}" for s in report["streams"]]),
        ("Media engine", _engine_in_words(media)),
        *_held_up(media["report"] or {}),
        *_parts(media["report"] or {}),
        ("ffmpeg", report["ffmpeg"]["path"] or report["ffmpeg"]["reason"]),
    ]


_POLICIES = {
    "refuse": "new recordings are refused",
    "prune": "the oldest unprotected ones are removed",
}


def _expiry_in_words(disk: dict[str, Any]) -> str:
    days = disk["expire_after_days"]
    return f"for {days:g} days" if days else "until they are removed"


def _engine_in_words(media: dict[str, Any]) -> str:
    if not media["reachable"]:
        return f"not reachable: {media['reason']}"
    return f"runs, version {media['report'].get('version')}, pid {media['report'].get('pid')}"


def _held_up(report: dict[str, Any]) -> list[tuple[str, object]]:
    recorder = report.get("recorder")
    count = recorder.get("recordings_held_up") if isinstance(recorder, dict) else 0
    if not count:
        return []
    return [("Held up", f"recordings with a file that takes nothing: {count}; the log names them")]


def _parts(report: dict[str, Any]) -> list[tuple[str, object]]:
    return [
        (f"  {part}", [f"{key}: {_in_words(value)}" for key, value in report[part].items()])
        for part in _NESTED
        if isinstance(report.get(part), dict)
    ]


def _in_words(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(_in_words(each) for each in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
