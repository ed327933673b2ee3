"""``hmpctl recording``: the catalogue, and the files behind it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..engine import manifest
from ..services.directory import (
    exporting,
    importing,
    kinds,
    recordings,
    removing,
    retention,
    verifying,
)
from . import recording_view
from .administration import Administration, pass_administration
from .completion import names_of
from .days import Expiry, expiry
from .group import REFUSED, OneLineGroup, complain
from .output import json_option, print_json, print_table, size, warn

recording_argument = click.argument(
    "recording", metavar="ID", shell_complete=names_of(kinds.RECORDING)
)


@click.group("recording", cls=OneLineGroup)
def recording_group() -> None:
    """The recordings, all of them, and their files."""


@recording_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the recordings, oldest first."""
    with administration.view() as conn:
        found = recordings.list_recordings(conn)
    days = administration.settings.recordings.expire_after_days
    if as_json:
        print_json([recording_view.summary(recording, days) for recording in found])
        return
    print_table(recording_view.HEADINGS, [recording_view.row(r, days) for r in found])


@recording_group.command("show")
@recording_argument
@json_option
@pass_administration
def show(administration: Administration, recording: str, as_json: bool) -> None:
    """Show the recording of this ID or title: its tracks, HotMarks, categories and shares."""
    with administration.view() as conn:
        view = recording_view.read(conn, recordings.find_recording(conn, recording))
    view = recording_view.with_files(view, administration.settings)
    if as_json:
        print_json(recording_view.as_json(view))
    else:
        recording_view.print_view(view)


@recording_group.command("verify")
@recording_argument
@json_option
@pass_administration
def verify(administration: Administration, recording: str, as_json: bool) -> None:
    """Read every segment of a recording again, and say whether it is what was recorded.

    Each is held against its size, its SHA-256 in the recording's certificate, and MPEG-TS.
    The exit status is 1 if one is changed, missing or extra; pending ones have no SHA-256 yet.
    """
    folder, found = _files_of(administration, recording)
    with _progress(sum(s.bytes for track in found.tracks for s in track.segments)) as progress:
        reports = verifying.verify(folder, found, progress)
    wrong = [report for report in reports if report.problem]
    if as_json:
        pending = sum(report.verdict == "pending" for report in reports)
        state = {"sound": not wrong, "pending": pending}
        print_json({"id": found.id, **state, "segments": _plain(reports)})
    else:
        rows = [(r.track, r.path.name, r.packets, r.verdict, r.problem) for r in reports]
        print_table(("TRACK", "SEGMENT", "PACKETS", "FOUND", "WHAT"), rows)
    if wrong:
        complain(
            f"recording {found.id}: {len(wrong)} of {len(reports)} segments are not as recorded: "
            f"{wrong[0].path}: {wrong[0].problem}"
        )
        click.get_current_context().exit(REFUSED)


@recording_group.command("export")
@recording_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--track", metavar="N", type=click.IntRange(1), help="Which, if there are several.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@pass_administration
def export(
    administration: Administration, recording: str, file: Path, track: int | None, force: bool
) -> None:
    """Write one track of a recording, its segments in order, into one FILE."""
    folder, found = _files_of(administration, recording)
    importing.check_ended(found)
    chosen = exporting.pick_track(found, track)
    with _progress(sum(segment.bytes for segment in chosen.segments)) as progress:
        exporting.export(folder, chosen, file, force=force, progress=progress)


@recording_group.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@pass_administration
def import_folder(administration: Administration, folder: Path) -> None:
    """Take the recording in FOLDER into the catalogue (again), and print its ID.

    A folder in the recordings directory is taken as it is, another is copied there first.
    """
    found = importing.read(folder, administration.settings.recordings_dir)
    with administration.transaction() as conn:
        importing.check_unknown(conn, found)
    with _progress(found.copy_bytes) as progress:
        importing.place(found, progress)
    with administration.transaction() as conn:
        notes = importing.take_in(conn, found)
    for note in notes:
        warn(note)
    click.echo(found.recording.id)


@recording_group.command("remove")
@recording_argument
@pass_administration
def remove(administration: Administration, recording: str) -> None:
    """Remove a recording that has ended, and its files."""
    removing.remove(administration.transaction, administration.settings.recordings_dir, recording)


@recording_group.command("expire")
@recording_argument
@click.argument("after", metavar="DAYS|never|default", type=expiry)
@pass_administration
def expire(administration: Administration, recording: str, after: Expiry) -> None:
    """Remove a recording by itself so many DAYS after its end; or never, or as configured."""
    with administration.transaction() as conn:
        retention.set_expiry(conn, recording, after.days)


@recording_group.command("protect")
@recording_argument
@pass_administration
def protect(administration: Administration, recording: str) -> None:
    """Keep a recording, whatever its expiry and however full the disk."""
    with administration.transaction() as conn:
        retention.set_protected(conn, recording, True)


@recording_group.command("unprotect")
@recording_argument
@pass_administration
def unprotect(administration: Administration, recording: str) -> None:
    """Have a recording's expiry and the storage policy apply to it again."""
    with administration.transaction() as conn:
        retention.set_protected(conn, recording, False)


@recording_group.command("restore")
@recording_argument
@pass_administration
def restore(administration: Administration, recording: str) -> None:
    """Take a recording out of the bin, into which somebody deleted it in the web interface."""
    with administration.transaction() as conn:
        retention.restore(conn, recording)


def _files_of(administration: Administration, recording: str) -> tuple[Path, manifest.Recording]:
    """The folder of a recording, and what it should hold."""
    with administration.view() as conn:
        found = recordings.find_recording(conn, recording)
    problem = recording_view.refresh(administration.settings, found) if found.is_active else ""
    if problem:
        warn(problem)
    folder = manifest.folder_of(administration.settings.recordings_dir, found.id)
    return folder, manifest.read(folder)


def _plain(reports: tuple[verifying.SegmentReport, ...]) -> list[dict[str, object]]:
    return [
        {
            "track": report.track,
            "segment": report.segment,
            "path": str(report.path),
            "packets": report.packets,
            "verdict": report.verdict,
            "problem": report.problem,
        }
        for report in reports
    ]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, if that is a terminal; what it gives is told of bytes done."""
    if not sys.stderr.isatty() or not total:
        yield lambda done: None
        return
    with click.progressbar(length=total, label=size(total), file=sys.stderr) as bar:
        yield bar.update
