"""``certificate.json``: what a recording that has ended is, so that a change of it can be seen.

For each segment its bytes, packets, first and last arrival and the SHA-256 of its bytes; for each
track what was lost, by kind, its gaps and its other events. A process of its own makes it
(:mod:`.certifying`) and alone writes it; until it is whole its state is ``pending``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import attrs
import cattrs

from . import events, manifest, ts
from .events import Event
from .integrity import Integrity

NAME = "certificate.json"
FORMAT = 1
_GAPS = ("gap", "outage")


@attrs.frozen
class SegmentCertificate:
    """One file of a track."""

    number: int
    path: str
    """Within the recording's folder."""
    bytes: int
    packets: int
    first: float
    """When its first packet came, in Unix seconds."""
    last: float
    sha256: str = ""
    """In hexadecimal digits; empty as long as it is pending."""


@attrs.frozen
class TrackCertificate:
    """What one source gave, and what of it is missing."""

    number: int
    source_id: str
    source_name: str
    url: str
    bytes: int
    packets: int
    datagrams: int
    lost_datagrams: int
    left_out_bytes: int
    integrity: Integrity
    gaps: tuple[Event, ...] = ()
    """Times of more than a second in which nothing came, and those of which the engine was gone."""
    events: tuple[Event, ...] = ()
    """All else that happened to the source."""
    segments: tuple[SegmentCertificate, ...] = ()


@attrs.frozen
class Certificate:
    """What a recording is."""

    id: str
    state: Literal["pending", "complete"]
    recording: manifest.State
    """The state of the recording."""
    created: float
    duration_s: float
    tracks: tuple[TrackCertificate, ...] = ()
    format: int = FORMAT


def sums(certificate: Certificate | None) -> dict[tuple[int, int], SegmentCertificate]:
    """The segments of a certificate by track and number, those that are pending left out."""
    return {
        (track.number, segment.number): segment
        for track in (certificate.tracks if certificate else ())
        for segment in track.segments
        if segment.sha256
    }


def draft(folder: Path, recording: manifest.Recording, former: Certificate | None) -> Certificate:
    """The certificate as far as it is known: with the sums that the former one has.

    Raises:
        OSError: the recording's events cannot be read.
    """
    known, told = sums(former), events.read(folder)
    tracks = tuple(_track(recording, track, known, told) for track in recording.tracks)
    pending = any(not segment.sha256 for track in tracks for segment in track.segments)
    ended = recording.state not in manifest.ACTIVE
    return Certificate(
        id=recording.id,
        state="complete" if ended and not pending else "pending",
        recording=recording.state,
        created=recording.created,
        duration_s=recording.duration_s,
        tracks=tracks,
    )


def read(folder: Path) -> Certificate | None:
    """The certificate of the recording in a folder; none if there is none.

    Raises:
        ManifestError: it is damaged, or of a format that this version does not know.
    """
    path = folder / NAME
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if table.get("format") != FORMAT:
            raise manifest.ManifestError(f"{path}: format {table.get('format')!r} is not known")
        return cattrs.structure(table, Certificate)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise manifest.ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, AttributeError, cattrs.BaseValidationError) as error:
        raise manifest.ManifestError(f"{path}: is damaged: {error}") from error


def write(folder: Path, certificate: Certificate) -> None:
    """Replace a recording's certificate in one step.

    Raises:
        OSError: it cannot be written; the former one stands.
    """
    content = json.dumps(cattrs.unstructure(certificate), indent=1).encode()
    manifest.replace_file(folder / NAME, content)


def _track(
    recording: manifest.Recording,
    track: manifest.Track,
    known: dict[tuple[int, int], SegmentCertificate],
    told: tuple[Event, ...],
) -> TrackCertificate:
    mine = [event for event in told if event.track == track.number]
    return TrackCertificate(
        number=track.number,
        source_id=track.source_id,
        source_name=track.source_name,
        url=track.url,
        bytes=track.bytes,
        packets=track.bytes // ts.PACKET,
        datagrams=track.datagrams,
        lost_datagrams=track.lost_datagrams,
        left_out_bytes=track.left_out_bytes,
        integrity=track.integrity,
        gaps=tuple(one for one in mine if one.kind in _GAPS) + _open_gap(mine, recording),
        events=tuple(one for one in mine if one.kind not in _GAPS),
        segments=tuple(_segment(track.number, one, known) for one in track.segments),
    )


def _open_gap(told: list[Event], recording: manifest.Recording) -> tuple[Event, ...]:
    """The gap in which the recording ended, if it ended in one."""
    last = next((one for one in reversed(told) if one.kind in ("silent", *_GAPS)), None)
    if last is None or last.kind != "silent" or recording.state in manifest.ACTIVE:
        return ()
    seconds = max(0.0, recording.duration_s - last.clock_s)
    return (attrs.evolve(last, kind="gap", text=f"{last.text}, to the end", seconds=seconds),)


def _segment(
    track: int, segment: manifest.Segment, known: dict[tuple[int, int], SegmentCertificate]
) -> SegmentCertificate:
    former = known.get((track, segment.number))
    same = former is not None and former.bytes == segment.bytes and segment.closed
    return SegmentCertificate(
        number=segment.number,
        path=f"track-{track}/{segment.number:05d}.ts",
        bytes=segment.bytes,
        packets=segment.bytes // ts.PACKET,
        first=segment.started,
        last=segment.started + segment.duration_s,
        sha256=former.sha256 if former is not None and same else "",
    )
