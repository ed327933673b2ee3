"""Shell completion: the scripts for the shells, and the names of objects."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
)
from sqlalchemy import select

from ..errors import DomainError
from ..services.directory.naming import Kind, fold
from .administration import Administration

T = TypeVar("T", bound=Callable[..., Any])
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

LIMIT = 200
"""Names offered at a time, at most."""


def names_of(kind: Kind) -> Complete:
    """Completes an argument by the names, and by the IDs, of the objects of one kind."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        options = ctx.find_root().params
        administration = Administration(options.get("config"), options.get("data_dir"))
        try:
            return _matching(administration, kind, incomplete)
        except DomainError:
            return []  # a shell shows nothing better than nothing
        finally:
            administration.close()

    return complete


def several(flag: str, parameter: str, metavar: str, kind: Kind) -> Callable[[T], T]:
    """An option that may be repeated, each time with the name or ID of an object of one kind."""
    return click.option(
        flag,
        parameter,
        metavar=metavar,
        multiple=True,
        shell_complete=names_of(kind),
        help="May be repeated.",
    )


def words(known: Sequence[str]) -> Complete:
    """Completes an argument by a list of words."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(word) for word in known if word.startswith(incomplete)]

    return complete


def _matching(administration: Administration, kind: Kind, incomplete: str) -> list[CompletionItem]:
    if not administration.has_database:
        return []  # pressing a key must not make a database
    label = kind.table.c[kind.label]
    with administration.view() as conn:
        rows = conn.execute(select(kind.table.c.id, label.label("label")).order_by(label)).all()
    by_name = [
        CompletionItem(row.label, help=row.id)
        for row in rows
        if fold(row.label).startswith(fold(incomplete)) and row.label.isprintable()
    ]
    by_id = [
        CompletionItem(row.id, help=row.label)
        for row in rows
        if incomplete and row.id.startswith(incomplete.lower())
    ]
    return (by_name + by_id)[:LIMIT]


@add_completion_class
class QuotingBash(BashComplete):
    """Bash takes a completion as it would be typed: a name with a space has to come in quotes."""

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the answer to the shell."""
        return f"{item.type},{shlex.quote(item.value)}"


@click.command("completion", short_help="Print the script that lets a shell complete hmpctl.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a SHELL's completion script.

    \b
    bash: hmpctl completion bash > /etc/bash_completion.d/hmpctl
    zsh:  hmpctl completion zsh > ~/.zfunc/_hmpctl
    fish: hmpctl completion fish > ~/.config/fish/completions/hmpctl.fish
    """
    root = ctx.find_root()
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    click.echo(script(root.command, {}, "hmpctl", "_HMPCTL_COMPLETE").source())
