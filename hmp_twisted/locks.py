"""One process a folder: a lock that the kernel frees when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from .errors import InUseError


def hold(path: Path) -> int:
    """Take the lock on ``path`` for the life of this process, and write our process ID into it.

    Returns:
        The open descriptor; the lock is held until it is closed. A forked child shares it.

    Raises:
        InUseError: another process holds it; the message names that process.
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise InUseError(f"{path}: in use by process {holder or '(unknown)'}") from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor
