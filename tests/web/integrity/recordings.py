"""Recordings as their files tell of them, made of a few words."""

from __future__ import annotations

from hmp_twisted.engine import certificate
from hmp_twisted.engine.certificate import Certificate
from hmp_twisted.engine.events import Event
from hmp_twisted.engine.manifest import Recording, Segment, State, Track

BEGAN = 1_700_000_000.0
PACKETS = b"\x47" + bytes(187)


def segment(number: int, offset_s: float, duration_s: float, paused_s: float = 0.0) -> Segment:
    """A segment that came after so many seconds of pauses."""
    began = BEGAN + offset_s + paused_s
    return Segment(number, began, offset_s, len(PACKETS) * 10, duration_s, closed=True)


def track(*segments: Segment, number: int = 1, **values: object) -> Track:
    """A track of these segments."""
    size = sum(one.bytes for one in segments)
    given = {"bytes": size, "datagrams": size // 1316, **values}
    return Track(
        number, f"source-{number}", f"Camera {number}", "udp://@:5000", **given, segments=segments
    )  # type: ignore[arg-type]  # values by name


def recording(*tracks: Track, seconds: float = 100.0, state: State = "FINISHED") -> Recording:
    """A recording of these tracks."""
    return Recording("an-id", state, BEGAN, seconds, tracks=tracks)


def certified(found: Recording, *told: Event) -> Certificate:
    """Its certificate, with these events of its tracks and no sums."""
    tracks = tuple(
        certificate.TrackCertificate(
            one.number,
            one.source_id,
            one.source_name,
            one.url,
            one.bytes,
            one.bytes // 188,
            one.datagrams,
            one.lost_datagrams,
            0,
            one.integrity,
            gaps=tuple(e for e in told if e.track == one.number and e.kind in ("gap", "outage")),
            events=tuple(
                e for e in told if e.track == one.number and e.kind not in ("gap", "outage")
            ),
        )
        for one in found.tracks
    )
    return Certificate(found.id, "pending", found.state, BEGAN, found.duration_s, tracks)


def event(kind: str, clock_s: float, seconds: float = 0.0, paused_s: float = 0.0) -> Event:
    """Something that happened to the first track."""
    return Event(BEGAN + clock_s + paused_s, clock_s, 1, kind, f"{kind} it was", seconds)
