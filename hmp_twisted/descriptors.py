"""How many files, sockets and pipes a process may hold: each source takes two, each stream four."""

from __future__ import annotations

import resource

WANTED = 65_536
"""As the systemd units say."""


def allow_many() -> int:
    """Raise this process's limit, which what it starts inherits, as far as the system lets it.

    The usual 1,024 are meant for programs that use ``select``, which nothing here does with many.

    Returns:
        The limit from now on.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
