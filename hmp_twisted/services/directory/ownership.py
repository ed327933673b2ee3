"""What root makes in the server's folders belongs to the server's user, who is to write there."""

from __future__ import annotations

import os
from pathlib import Path


def hand_over(path: Path, like: Path) -> None:
    """Give ``path``, and all in it, the owner and group of ``like``; only root does, and can.

    Raises:
        OSError: the file system has no owners.
    """
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for each in (path, *path.rglob("*")):
        os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)
