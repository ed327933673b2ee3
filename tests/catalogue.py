"""Sessions, recordings and streams put straight into a database and a recordings directory.

For tests of what reads them: nothing here records. Recordings hold real, if dull, MPEG-TS packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import attrs
from sqlalchemy import Connection, insert

from hmp_twisted.engine import manifest
from hmp_twisted.store import schema

CREATED = 1_769_860_800.0
"""2026-01-31T12:00:00Z."""


def new_id() -> str:
    """A random ID."""
    return str(uuid4())


def packets(count: int, *, pid: int = 0x100, pcr_step: int = 27_000) -> bytes:
    """MPEG-TS packets of one PID, each with a PCR ``pcr_step`` ticks of 27 MHz after the last."""
    return b"".join(_packet(number, pid, number * pcr_step) for number in range(count))


def _packet(number: int, pid: int, ticks: int) -> bytes:
    base, extension = divmod(ticks, 300)
    clock = (base << 15 | 0x3F << 9 | extension).to_bytes(6, "big")
    head = bytes([0x47, pid >> 8, pid & 0xFF, 0x30 | number & 0xF, 7, 0x10]) + clock
    return head + bytes([number & 0xFF]) * (188 - len(head))


def add_session(
    conn: Connection, title: str = "Lecture", sources: Sequence[str] = (), created: float = CREATED
) -> str:
    """A session of these sources (IDs)."""
    session_id = new_id()
    row = {"description": "about it", "createdby": "Ada", "live": True, "created": created}
    conn.execute(insert(schema.sessions).values(id=session_id, title=title, **row))
    for position, source_id in enumerate(sources):
        link = {"session_id": session_id, "source_id": source_id, "position": position}
        conn.execute(insert(schema.session_sources).values(**link))
    return session_id


def add_recording(
    conn: Connection,
    title: str = "First take",
    *,
    session_id: str = "",
    state: str = "FINISHED",
    created: float = CREATED,
    tracks: int = 1,
) -> str:
    """A recording's row; one in ``RECORDING`` or ``PAUSED`` is active."""
    recording_id = new_id()
    row = {
        "session_id": session_id or new_id(),
        "title": title,
        "created": created,
        "wanted": state if state in manifest.ACTIVE else "STOPPED",
        "state": state,
        "duration_s": 0.0 if state in manifest.ACTIVE else 12.5,
        "track_count": tracks,
    }
    conn.execute(insert(schema.recordings).values(id=recording_id, **row))
    return recording_id


def add_stream(
    conn: Connection, recording_id: str, *, ended: float | None = None, reason: str = ""
) -> str:
    """A stream of the recording to 239.1.2.3:5000."""
    stream_id = new_id()
    row = {"address": "239.1.2.3", "port": 5000, "started": CREATED, "ended": ended}
    conn.execute(
        insert(schema.streams).values(id=stream_id, recording_id=recording_id, reason=reason, **row)
    )
    return stream_id


def add_files(
    recordings_dir: Path,
    recording_id: str,
    tracks: Sequence[Sequence[bytes]] = ((b"",),),
    state: manifest.State = "FINISHED",
) -> Path:
    """The folder of a recording: for each track its segments' content; gives the folder."""
    folder = recordings_dir / recording_id
    folder.mkdir(parents=True)
    recorded = manifest.Recording(
        id=recording_id,
        state=state,
        created=CREATED,
        duration_s=12.5,
        tracks=tuple(_track(folder, n, contents) for n, contents in enumerate(tracks, 1)),
    )
    manifest.write(folder, recorded)
    return folder


def _track(folder: Path, number: int, contents: Sequence[bytes]) -> manifest.Track:
    segments = []
    for segment, content in enumerate(contents, 1):
        path = manifest.segment_path(folder, number, segment)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        segments.append(
            manifest.Segment(
                number=segment,
                started=CREATED + 7 * (segment - 1),
                offset_s=6.0 * (segment - 1),
                bytes=len(content),
                duration_s=6.0,
                closed=True,
            )
        )
    return manifest.Track(
        number=number,
        source_id=new_id(),
        source_name=f"Camera {number}",
        url=f"udp://@127.0.0.1:{5000 + number}",
        datagrams=9,
        bytes=sum(map(len, contents)),
        segments=tuple(segments),
    )


def change_manifest(folder: Path, **changes: object) -> None:
    """Change fields of a recording's ``recording.json``."""
    manifest.write(folder, attrs.evolve(manifest.read(folder), **changes))  # type: ignore[arg-type]  # any field
