"""``hmpctl`` itself: its global options and its commands."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click
from twisted.logger import globalLogBeginner

from .. import __version__
from .access import api_group, device_group
from .administration import Administration
from .categories import category_group
from .completion import completion
from .group import OneLineGroup
from .groups import group_group
from .recordings import recording_group
from .roles import permission_group, role_group
from .sessions import session_group
from .sources import source_group
from .status import status
from .streams import stream_group
from .users import user_group

COMMANDS: tuple[click.Command, ...] = (
    api_group,
    device_group,
    source_group,
    category_group,
    role_group,
    user_group,
    group_group,
    permission_group,
    session_group,
    recording_group,
    stream_group,
    status,
    completion,
)


@click.group(
    "hmpctl",
    cls=OneLineGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(),
    help="The server's settings; else HMP_CONFIG, else /etc/hmp/hmp.toml if it is there.",
)
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(),
    help="The server's data directory; else HMP_DATA_DIR, else /var/lib/hmp.",
)
@click.version_option(__version__, prog_name="hmpctl")
@click.pass_context
def hmpctl(ctx: click.Context, config: str | None, data_dir: str | None) -> None:
    """Administer an HMP server: who may use it, what it can record, and what it has recorded.

    It works with the server running or not; a running server takes changes up within 2 seconds.
    Objects are meant by their name or ID, or by the beginning of an ID. Exit status: 0 done,
    1 refused (one line on standard error says why), 2 wrong usage.
    """
    ctx.obj = Administration(config, data_dir)
    ctx.call_on_close(ctx.obj.close)


for command in COMMANDS:
    hmpctl.add_command(command)


def main() -> None:
    """Run the command line of this process, and exit."""
    # What fails is told by the command itself in one line; the log would say it twice.
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    hmpctl(prog_name="hmpctl")
