"""``hmpctl role`` and ``hmpctl permission``: what may be done, to everything or what is shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..services.directory import kinds, permissions, roles
from ..services.rights import ACTIONS, ROLE_ACTIONS
from .administration import Administration, pass_administration
from .completion import names_of, words
from .group import OneLineGroup
from .output import json_option, print_json, print_table, yes_no


@click.group("role", cls=OneLineGroup)
def role_group() -> None:
    """What users may do on every object."""


@role_group.command("add")
@click.argument("name")
@click.option(
    "--grant",
    "actions",
    metavar="ACTION",
    multiple=True,
    shell_complete=words(ROLE_ACTIONS),
    help=f"May be repeated. One of {', '.join(ROLE_ACTIONS)}.",
)
@pass_administration
def add_role(administration: Administration, name: str, actions: tuple[str, ...]) -> None:
    """Make a role; it may grant nothing."""
    with administration.transaction() as conn:
        roles.add_role(conn, name, _split(actions))
    click.echo(name)


@role_group.command("list")
@json_option
@pass_administration
def list_roles(administration: Administration, as_json: bool) -> None:
    """List the roles."""
    with administration.view() as conn:
        found = roles.list_roles(conn)
    if as_json:
        print_json([_plain(r, builtin=r.builtin) for r in found])
        return
    rows = [(r.name, yes_no(r.builtin), ", ".join(r.actions)) for r in found]
    print_table(("NAME", "BUILT IN", "GRANTS"), rows)


@role_group.command("remove")
@click.argument("name", shell_complete=names_of(kinds.ROLE))
@click.option("--force", is_flag=True, help="Take it from users and groups, too.")
@pass_administration
def remove_role(administration: Administration, name: str, force: bool) -> None:
    """Remove the role of this NAME."""
    with administration.transaction() as conn:
        roles.remove_role(conn, name, force=force)


@click.group("permission", cls=OneLineGroup)
def permission_group() -> None:
    """What a share grants on its session or recording."""


@permission_group.command("add")
@click.argument("name")
@click.option(
    "--grant",
    "actions",
    metavar="ACTION...",
    multiple=True,
    shell_complete=words(ACTIONS),
    required=True,
    help=f"May be repeated. One of {', '.join(ACTIONS)}.",
)
@click.argument("more", metavar="", nargs=-1, shell_complete=words(ACTIONS))
@pass_administration
def add_permission(
    administration: Administration, name: str, actions: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Make a custom permission, and print its ID, which share commands take."""
    with administration.transaction() as conn:
        permission_id = permissions.add_permission(conn, name, _split((*actions, *more)))
    click.echo(permission_id)


@permission_group.command("list")
@json_option
@pass_administration
def list_permissions(administration: Administration, as_json: bool) -> None:
    """List the permissions, the default ones first."""
    with administration.view() as conn:
        found = permissions.list_permissions(conn)
    if as_json:
        print_json([_plain(p, default=p.default) for p in found])
        return
    rows = [(p.id, p.name, yes_no(p.default), ", ".join(p.actions)) for p in found]
    print_table(("ID", "NAME", "DEFAULT", "GRANTS"), rows)


@permission_group.command("remove")
@click.argument("permission", metavar="ID", shell_complete=names_of(kinds.PERMISSION))
@click.option("--force", is_flag=True, help="End the shares given with it, too.")
@pass_administration
def remove_permission(administration: Administration, permission: str, force: bool) -> None:
    """Remove the custom permission of this ID or name."""
    with administration.transaction() as conn:
        permissions.remove_permission(conn, permission, force=force)


def _split(actions: Sequence[str]) -> list[str]:
    """Actions as people write them: one after the other, or with commas between."""
    return [action.strip() for given in actions for action in given.split(",") if action.strip()]


def _plain(thing: roles.Role | permissions.Permission, **flag: bool) -> dict[str, Any]:
    return {"id": thing.id, "name": thing.name, **flag, "grants": list(thing.actions)}
