"""The options that the server and the media engine share, and what both do before they start.

Whatever is wrong here ends the program with one line on standard error and exit status 1, before
anything runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from twisted.python import usage

from .config import Settings, load
from .errors import DomainError
from .logs import set_level

LONGEST_SOCKET_PATH = 107
"""What Linux takes for the path of a Unix socket, in bytes (unix(7))."""


class SettingsOptions(usage.Options):
    """``--config`` and ``--data-dir``, and the settings that follow from them."""

    optParameters: ClassVar[list[Any]] = [
        [
            "config",
            "c",
            None,
            "The configuration file. [default: $HMP_CONFIG, else /etc/hmp/hmp.toml]",
        ],
        [
            "data-dir",
            "d",
            None,
            "All that the server writes. [default: $HMP_DATA_DIR, else /var/lib/hmp]",
        ],
    ]

    settings: Settings

    def postOptions(self) -> None:
        """Load the settings; end the program with one line if they cannot be used."""
        try:
            self.settings = load(self["config"], self["data-dir"], os.environ)
        except DomainError as error:
            refuse(str(error))
        set_level(self.settings.log.level)


def refuse(message: str) -> NoReturn:
    """End the program before it has started, with one line that says why."""
    name = Path(sys.argv[0]).name
    # The server starts its own media engine by `python -c`.
    print(f"{'twistd' if name == '-c' else name}: {message}", file=sys.stderr)
    raise SystemExit(1)


def writable_folder(folder: Path, what: str, remedy: str) -> Path:
    """``folder``, made if it is missing and found to be writable; else the program ends.

    Args:
        folder: what must be there.
        what: its name in the message.
        remedy: what would help, for the message.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        refuse(f"{what} {folder} cannot be written: {error.strerror}; {remedy}")
    return folder


def recordings_folder(settings: Settings) -> Path:
    """The recordings directory, found to be writable; else the program ends."""
    return writable_folder(
        settings.recordings_dir,
        "the recordings directory",
        "set [recordings] directory or --data-dir to one that this user may write",
    )


def socket_path(endpoint: str) -> str:
    """The path in ``unix:PATH``; the program ends if Linux cannot take it."""
    path = endpoint.removeprefix("unix:")
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        refuse(
            f"the Unix socket path {path} is longer than {LONGEST_SOCKET_PATH} bytes;"
            " choose a shorter data directory, or a shorter path in [engine] endpoint"
        )
    return path
