"""What a track's manifest says of how well it was received; docs/integrity.md explains each."""

from __future__ import annotations

from collections import Counter

import attrs

from .inspection.references import Extremes


@attrs.frozen
class Integrity:
    """Counters of a track over all its segments. What is not there counts nothing.

    Numbers in brackets are those of ETSI TR 101 290.
    """

    kernel_drops: int = 0
    """Datagrams that the socket's buffer had no room for."""
    thrown_away: int = 0
    """Datagrams that were received while no more could wait for the disk."""
    rtp_lost: int = 0
    """RTP sequence numbers that never came; what the kernel dropped is among them."""
    rtp_reordered: int = 0
    """RTP packets that came early and were put in their place."""
    rtp_late: int = 0
    """RTP packets left out, because they were repetitions or their turn was over."""
    foreign_datagrams: int = 0
    """Datagrams that held no MPEG-TS packet."""
    sync_losses: int = 0
    """[1.1] TS_sync_loss."""
    sync_byte_errors: int = 0
    """[1.2] Sync_byte_error."""
    pat_errors: int = 0
    """[1.3] PAT_error."""
    continuity_errors: int = 0
    """[1.4] Continuity_count_error: gaps, however many packets each swallowed."""
    pmt_errors: int = 0
    """[1.5] PMT_error."""
    pid_errors: int = 0
    """[1.6] PID_error."""
    transport_errors: int = 0
    """[2.1] Transport_error."""
    crc_errors: int = 0
    """[2.2] CRC_error."""
    pcr_repetition_errors: int = 0
    """[2.3a] PCR_repetition_error."""
    pcr_discontinuity_errors: int = 0
    """[2.3b] PCR_discontinuity_indicator_error."""
    pcr_accuracy_errors: int = 0
    """[2.4] PCR_accuracy_error, in streams of constant rate."""
    pts_errors: int = 0
    """[2.5] PTS_error."""
    cat_errors: int = 0
    """[2.6] CAT_error."""
    pcrs: int = 0
    pcr_discontinuities: int = 0
    """New time bases that the discontinuity indicator announced."""
    pcr_interval_max_s: float = 0.0
    pcr_jitter_max_s: float = 0.0
    """The most by which arrival and PCR came apart within a second."""
    pcr_accuracy_max_s: float = 0.0
    continuity_errors_by_pid: dict[str, int] = attrs.field(factory=dict)
    """By PID, as ``0x0100``."""

    def plus(self, counted: dict[str, int], by_pid: Counter[int], extremes: Extremes) -> Integrity:
        """With what was counted besides, of each of :data:`COUNTERS`."""
        values = {name: getattr(self, name) + counted[name] for name in COUNTERS}
        pids = self.continuity_errors_by_pid
        if by_pid:  # done for every track each second, and nearly always none has any
            named = Counter({f"0x{pid:04x}": count for pid, count in by_pid.items()})
            pids = dict(sorted((named + Counter(pids)).items()))
        return Integrity(
            **values,
            pcr_interval_max_s=max(self.pcr_interval_max_s, extremes.pcr_interval_s),
            pcr_jitter_max_s=max(self.pcr_jitter_max_s, extremes.pcr_jitter_s),
            pcr_accuracy_max_s=max(self.pcr_accuracy_max_s, extremes.pcr_accuracy_s),
            continuity_errors_by_pid=pids,
        )


COUNTERS = tuple(field.name for field in attrs.fields(Integrity) if type(field.default) is int)
"""The names of those that are counters."""
