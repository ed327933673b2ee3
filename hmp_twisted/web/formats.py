"""How values are written for people: durations, sizes, times."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def clock(seconds: float) -> str:
    """``1:02:03``, or ``2:03`` below an hour."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def lasting(seconds: float) -> str:
    """``2.5 s``, ``1 min 30 s``, ``1 h 5 min``: how long something lasted."""
    if seconds < 59.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60} min"


def iso(unix_s: float) -> str:
    """``2026-01-31T12:00:00Z``, for ``datetime`` attributes."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(unix_s: float) -> str:
    """``31 Jan 2026, 12:00 UTC``; the browser shows it in its own time zone."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%-d %b %Y, %H:%M UTC")


def size(count: float) -> str:
    """``1.3 GB``, by thousands."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return (
        f"{value:.0f} {_UNITS[unit]}"
        if unit == 0 or value >= 99.5
        else f"{value:.1f} {_UNITS[unit]}"
    )


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 source``, ``3 sources``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
