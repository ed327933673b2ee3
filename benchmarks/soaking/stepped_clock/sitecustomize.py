"""Steps the wall clock of a Python that has this folder on its path, and of nothing else.

``time.time`` is off by the seconds that the file named by ``SOAK_CLOCK`` holds. Setting the
machine's own clock would not be harmless, and a time namespace has no wall clock of its own.
"""

import mmap
import os
import struct
import time

_real = time.time
_offset = struct.Struct("d")

if "SOAK_CLOCK" in os.environ:
    _descriptor = os.open(os.environ["SOAK_CLOCK"], os.O_RDONLY)
    _memory = mmap.mmap(_descriptor, _offset.size, prot=mmap.PROT_READ)

    def _stepped() -> float:
        return _real() + float(_offset.unpack_from(_memory)[0])

    time.time = _stepped
