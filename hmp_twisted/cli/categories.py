"""``hmpctl category``: the keys of custom metadata."""

from __future__ import annotations

import attrs
import click

from ..services.directory import categories, kinds
from .administration import Administration, pass_administration
from .completion import names_of
from .group import OneLineGroup
from .output import json_option, print_json, print_table, yes_no


@click.group("category", cls=OneLineGroup)
def category_group() -> None:
    """The keys of custom metadata, and the values on offer."""


@category_group.command("add")
@click.argument("name")
@click.option("--value", "values", multiple=True, help="A value on offer; may be repeated.")
@click.option("--multiple", is_flag=True, help="Several values may be chosen.")
@click.option("--custom", is_flag=True, help="People may write values of their own.")
@pass_administration
def add(
    administration: Administration,
    name: str,
    values: tuple[str, ...],
    multiple: bool,
    custom: bool,
) -> None:
    """Make a category, and print its ID."""
    with administration.transaction() as conn:
        added = categories.add_category(conn, name, values, multiple=multiple, custom=custom)
    click.echo(added)


@category_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the categories."""
    with administration.view() as conn:
        found = categories.list_categories(conn)
    if as_json:
        print_json([attrs.asdict(category) for category in found])
        return
    rows = [
        (c.id, c.name, yes_no(c.multiple), yes_no(c.custom), ", ".join(c.values)) for c in found
    ]
    print_table(("ID", "NAME", "MULTIPLE", "CUSTOM", "VALUES"), rows)


@category_group.command("remove")
@click.argument("category", metavar="ID", shell_complete=names_of(kinds.CATEGORY))
@click.option("--force", is_flag=True, help="Take it off sessions and recordings, too.")
@pass_administration
def remove(administration: Administration, category: str, force: bool) -> None:
    """Forget the category of this ID or name."""
    with administration.transaction() as conn:
        categories.remove_category(conn, category, force=force)
