"""A Click group that tells everything that goes wrong in one line, and never by a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from ..errors import DomainError
from ..services.directory.naming import did_you_mean

REFUSED = 1
WRONG_USAGE = 2

DEBUG = "HMPCTL_DEBUG"
"""Set in the environment, it lets a fault of the program's own show its traceback."""


class OneLineGroup(click.Group):
    """A group whose ``main`` exits with 0, 1 (refused) or 2 (wrong usage), saying why in a line."""

    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look a command up; an unknown one is told with what it may have been meant to be."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
            raise click.UsageError(f"no command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command line and exit; with ``standalone_mode`` false, as Click does."""
        # Click would tell errors in several lines, or not at all.
        run = partial(super().main, *args, **extra, standalone_mode=False)
        return sys.exit(exit_status(run)) if standalone_mode else run()


def exit_status(run: Callable[[], Any]) -> int:
    """Call ``run`` and give the exit status; what goes wrong is one line on standard error."""
    try:
        result = run()
    except click.UsageError as error:
        return _wrong_usage(error)
    except click.Abort:
        return _refused("interrupted; nothing more was done")
    except click.ClickException as error:
        return _refused(error.format_message())
    except DomainError as error:
        return _refused(str(error) or type(error).__name__)
    except Exception as error:
        return _fault(error)
    return result if isinstance(result, int) else 0


def complain(text: str) -> None:
    """Say ``text`` on standard error, in one line."""
    click.echo(f"hmpctl: {' '.join(text.split())}", err=True)


def _refused(text: str) -> int:
    complain(text)
    return REFUSED


def _wrong_usage(error: click.UsageError) -> int:
    path = error.ctx.command_path if error.ctx else "hmpctl"
    if error.ctx and not error.ctx.args and isinstance(error, _NO_ARGUMENTS):
        click.echo(error.ctx.get_help(), err=True)
        return WRONG_USAGE
    topic = path.partition(" ")[2]
    text = error.format_message().rstrip(".")
    complain(f"{topic}: {text} (see {path} --help)" if topic else f"{text} (see {path} --help)")
    return WRONG_USAGE


# A group that is called without a command shows its help: since Click 8.2 by an error of its own.
_NO_ARGUMENTS: tuple[type[Exception], ...] = tuple(
    filter(None, [getattr(click.exceptions, "NoArgsIsHelpError", None)])
)


def _fault(error: Exception) -> int:
    """A fault that nobody thought of: its kind and text, for a report."""
    if os.environ.get(DEBUG):
        raise error
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return _refused(f"{where}{error.strerror}")
    return _refused(
        f"a fault in hmpctl itself: {type(error).__name__}: {error}; "
        f"please report it ({DEBUG}=1 shows where)"
    )
