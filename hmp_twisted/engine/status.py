"""How the receiving half of the engine is, for operators to read."""

from __future__ import annotations

import os
from typing import Any

from .buffers import BUFFER_BYTES
from .live_set import LiveSet
from .source import Source


def status_of(lives: LiveSet) -> dict[str, Any]:
    """Sources, write-behind pool, tick and recordings, as JSON can carry them."""
    receiver = lives.receiver
    limit = receiver.pool.limit * BUFFER_BYTES
    rate = sum(source.bits_per_second for source in receiver.sources) / 8
    return {
        "pid": os.getpid(),
        "recordings": len(lives),
        "recordings_held_up": lives.writer.detours,
        "tick_ms": round(receiver.tick_s * 1000, 3),
        "pool_used_bytes": receiver.pool.in_use * BUFFER_BYTES,
        "pool_limit_bytes": limit,
        "pool_lasts_s": round(limit / rate, 1) if rate else None,
        "copied_bytes_waiting": lives.writer.copied_bytes,
        "sources": [_source(lives, source) for source in receiver.sources],
    }


def _source(lives: LiveSet, source: Source) -> dict[str, Any]:
    counts = lives.receiver.counts(source)
    return {
        "address": str(source.address),
        "open": source.socket is not None,
        "sender": source.sender,
        "rtp": source.sieve.is_rtp,
        "recordings": len(source.sinks),
        "bits_per_second": round(source.bits_per_second),
        "buffer_bytes": source.socket.granted_bytes if source.socket else 0,
        "datagrams": counts.datagrams,
        "bytes": source.bytes,
        "kernel_drops": source.kernel_drops,
        "lost_datagrams": counts.lost_datagrams,
        "thrown_away": source.thrown_away,
        "left_out_bytes": counts.left_out_bytes,
        "foreign_datagrams": counts.inspected["foreign_datagrams"],
        "rtp_late": counts.inspected["rtp_late"],
        "rtp_reordered": counts.inspected["rtp_reordered"],
        "continuity_errors": counts.continuity_errors,
        "transport_errors": counts.inspected["transport_errors"],
    }
