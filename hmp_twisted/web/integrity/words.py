"""What a certificate comes to, in words and in the counters behind them."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...engine import manifest
from ...engine.certificate import Certificate, TrackCertificate
from ..formats import lasting, plural

INDICATORS = (
    ("1.1", "Synchronisation lost", "sync_losses"),
    ("1.2", "Sync byte wrong", "sync_byte_errors"),
    ("1.3", "PAT missing or wrong", "pat_errors"),
    ("1.4", "Continuity counter wrong", "continuity_errors"),
    ("1.5", "PMT missing or wrong", "pmt_errors"),
    ("1.6", "PID missing", "pid_errors"),
    ("2.1", "Transport error indicated", "transport_errors"),
    ("2.2", "CRC wrong", "crc_errors"),
    ("2.3a", "PCR too seldom", "pcr_repetition_errors"),
    ("2.3b", "PCR jumped", "pcr_discontinuity_errors"),
    ("2.4", "PCR inaccurate", "pcr_accuracy_errors"),
    ("2.5", "PTS too seldom", "pts_errors"),
    ("2.6", "CAT missing or wrong", "cat_errors"),
)
"""ETSI TR 101 290: the indicator's number, what it counts, the counter in ``recording.json``."""


@attrs.frozen
class Verdict:
    """What a certificate comes to."""

    is_whole: bool
    """Nothing is known to be missing or wrong."""
    sentence: str
    checksums: str


def verdict(certificate: Certificate, pauses: int) -> Verdict:
    """The first thing to read.

    Args:
        certificate: as far as it is known.
        pauses: how often the recording was paused.
    """
    bad = [track for track in certificate.tracks if problems(track)]
    active = certificate.recording in manifest.ACTIVE
    if not bad:
        head = "Nothing is missing so far" if active else "Complete"
        what = f"{_tracks(certificate)}{lasting(certificate.duration_s)}, no gap, no loss"
        sentence = f"{head}: {what}{_paused(pauses)}."
    else:
        head = "Not complete so far" if active else "Not complete"
        sentence = f"{head}: {_told(certificate, bad)}{_rest(certificate, bad)}"
    return Verdict(not bad, sentence, _checksums(certificate))


def problems(track: TrackCertificate) -> list[str]:
    """What is missing or wrong in a track; empty if nothing is known to be."""
    if not track.bytes:
        return ["nothing was received"]
    counts = (
        (track.lost_datagrams, "datagram lost", "datagrams lost"),
        (track.integrity.continuity_errors, "continuity error", "continuity errors"),
        (track.integrity.sync_losses, "loss of synchronisation", "losses of synchronisation"),
        (track.integrity.transport_errors, "damaged packet", "damaged packets"),
    )
    return [*_gaps(track), *(plural(count, *words) for count, *words in counts if count)]


def losses(track: TrackCertificate) -> str:
    """The datagrams of a track that were lost, and where."""
    kernel, disk = track.integrity.kernel_drops, track.integrity.thrown_away
    network = max(0, track.lost_datagrams - kernel - disk)
    kinds = ((network, "on the network"), (kernel, "in the kernel"), (disk, "waiting for the disk"))
    found = [(count, where) for count, where in kinds if count]
    if len(found) < 2:
        return f"{track.lost_datagrams:,} {found[0][1]}" if found else "none"
    return f"{track.lost_datagrams:,}: " + ", ".join(f"{n:,} {where}" for n, where in found)


def _told(certificate: Certificate, bad: Sequence[TrackCertificate]) -> str:
    if len(certificate.tracks) == 1:
        return ", ".join(problems(bad[0])) + "."
    parts = (f"track {one.number} ({one.source_name}): {', '.join(problems(one))}" for one in bad)
    return "; ".join(parts) + "."


def _rest(certificate: Certificate, bad: Sequence[TrackCertificate]) -> str:
    sound = len(certificate.tracks) - len(bad)
    if not sound:
        return ""
    return " The other track is complete." if sound == 1 else f" The other {sound} are complete."


def _gaps(track: TrackCertificate) -> list[str]:
    seconds = sum(gap.seconds for gap in track.gaps)
    if not track.gaps:
        return []
    if len(track.gaps) == 1:
        return [f"1 gap of {lasting(seconds)}"]
    return [f"{len(track.gaps):,} gaps, {lasting(seconds)} in all"]


def _tracks(certificate: Certificate) -> str:
    count = len(certificate.tracks)
    return f"{count} tracks of " if count > 1 else ""


def _paused(pauses: int) -> str:
    return {0: "", 1: ", paused once"}.get(pauses, f", paused {pauses} times")


def _checksums(certificate: Certificate) -> str:
    segments = [one for track in certificate.tracks for one in track.segments if one.bytes]
    summed = sum(bool(one.sha256) for one in segments)
    if not segments:
        return "There are no files to keep checksums of."
    if not summed and certificate.recording in manifest.ACTIVE:
        return "Each file gets its SHA-256 when it is closed: at a pause, and at the end."
    if summed == len(segments):
        return "Every file's SHA-256 is kept." if summed > 1 else "Its file's SHA-256 is kept."
    return f"SHA-256 is kept of {summed} of {plural(len(segments), 'file')} so far."
