"""``hmpctl group``: users who are given roles and shares together."""

from __future__ import annotations

import attrs
import click

from ..services.directory import groups, kinds
from .administration import Administration, pass_administration
from .completion import names_of, several
from .group import OneLineGroup
from .output import json_option, print_details, print_json, print_table


@click.group("group", cls=OneLineGroup)
def group_group() -> None:
    """Users who are given roles and shares together."""


@group_group.command("add")
@click.argument("name")
@several("--role", "roles", "ROLE", kinds.ROLE)
@several("--member", "members", "USERNAME", kinds.USER)
@pass_administration
def add(
    administration: Administration, name: str, roles: tuple[str, ...], members: tuple[str, ...]
) -> None:
    """Make a group."""
    with administration.transaction() as conn:
        groups.add_group(conn, name, role_names=roles, member_names=members)
    click.echo(name)


@group_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the groups."""
    with administration.view() as conn:
        found = groups.list_groups(conn)
    if as_json:
        print_json([attrs.asdict(group) for group in found])
        return
    rows = [(g.name, ", ".join(g.roles), ", ".join(g.members)) for g in found]
    print_table(("NAME", "ROLES", "MEMBERS"), rows)


@group_group.command("show")
@click.argument("name", shell_complete=names_of(kinds.GROUP))
@json_option
@pass_administration
def show(administration: Administration, name: str, as_json: bool) -> None:
    """Show a group's roles and members."""
    with administration.view() as conn:
        group = groups.find_group(conn, name)
    if as_json:
        print_json(attrs.asdict(group))
        return
    print_details(
        [
            ("Name", group.name),
            ("ID", group.id),
            ("Roles", group.roles),
            ("Members", group.members),
        ]
    )


@group_group.command("remove")
@click.argument("name", shell_complete=names_of(kinds.GROUP))
@pass_administration
def remove(administration: Administration, name: str) -> None:
    """Remove a group, and all that was shared with it; its members stay."""
    with administration.transaction() as conn:
        groups.remove_group(conn, name)
