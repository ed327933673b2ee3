"""How long the recordings' disk lasts: free space, the rate that fills it, hours left."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

NOMINAL_BIT_RATE = 8_000_000.0
"""Taken for one source when nothing that is recorded tells a rate: an HD contribution encoder's."""


@attrs.frozen
class Space:
    """The disk at a moment."""

    free_bytes: int
    min_free_bytes: int
    """Below it recording ends."""
    bit_rate: float
    """What is being recorded, in bits a second; 0 if that is nothing or not known."""

    @property
    def measured(self) -> bool:
        """Whether anything is recorded; if not, :data:`NOMINAL_BIT_RATE` stands for it."""
        return self.bit_rate > 0

    @property
    def hours(self) -> float:
        """For how long there is room at this rate."""
        usable = max(0, self.free_bytes - self.min_free_bytes)
        return usable * 8 / (self.bit_rate or NOMINAL_BIT_RATE) / 3600


def free_bytes(directory: Path) -> int:
    """What may still be written where ``directory`` is, or will be made.

    Raises:
        OSError: the system does not tell.
    """
    return shutil.disk_usage(existing(directory)).free


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return path if path.exists() else existing(path.parent)


def present_bit_rate(report: Mapping[str, Any]) -> float:
    """What the recordings write at present, in bits a second, by the media engine's own report."""
    sources = report.get("recorder", {}).get("sources", [])
    rates = (one.get("bits_per_second", 0.0) * one.get("recordings", 0) for one in sources)
    return float(sum(rates))
