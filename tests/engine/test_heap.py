"""The C library keeps what NumPy is done with: no page faults from one analysis to the next."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

_SCRIPT = """
import resource, sys
import numpy as np
from hmp_twisted.engine.heap import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def analyse():
    for _ in range(4):
        np.ones(1 << 17) + np.ones(1 << 17)
analyse()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    analyse()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(how: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, how], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no mallopt: not glibc")
def test_memory_that_is_used_again_and_again_stays() -> None:
    """With it there is hardly a page fault; without, thousands."""
    assert _faults("kept") * 10 < _faults("as it is")
