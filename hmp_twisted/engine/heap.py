"""Has the C library keep the memory that NumPy is done with.

An analysis needs some megabytes for a few milliseconds. By default they go back to the system each
time, and the page faults of getting them again cost a tenth of all that receiving costs.
"""

from __future__ import annotations

import ctypes

KEPT_BYTES = 64 << 20
"""At most so much is kept; what is larger at a time goes back as before."""
_LARGEST_BYTES = 32 << 20
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def keep_freed_memory() -> bool:
    """Do so in this process from now on; whether the C library can (glibc can, musl cannot)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_M_MMAP_THRESHOLD, _LARGEST_BYTES)
    )
