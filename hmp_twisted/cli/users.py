"""``hmpctl user``: who acts, and how they prove who they are."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..services.directory import kinds, passwords, users
from .administration import Administration, pass_administration
from .completion import names_of, several
from .group import OneLineGroup
from .output import json_option, print_details, print_json, print_table, yes_no

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password, one line, from standard input."
)


@click.group("user", cls=OneLineGroup)
def user_group() -> None:
    """The people, and things, that act with rights of their own."""


@user_group.command("add")
@click.argument("username")
@click.option("--display-name", metavar="TEXT", default="", help="The name for people to read.")
@several("--role", "roles", "ROLE", kinds.ROLE)
@several("--group", "groups", "GROUP", kinds.GROUP)
@password_option
@pass_administration
def add(
    administration: Administration,
    username: str,
    display_name: str,
    roles: tuple[str, ...],
    groups: tuple[str, ...],
    password_stdin: bool,
) -> None:
    """Make a user; without a password, one who cannot sign in."""
    password_hash = passwords.hash_password(_line_of_stdin()) if password_stdin else ""
    with administration.transaction() as conn:
        users.add_user(
            conn,
            username,
            display_name=display_name,
            role_names=roles,
            group_names=groups,
            password_hash=password_hash,
        )
    click.echo(username)


@user_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the users."""
    with administration.view() as conn:
        found = users.list_users(conn)
    if as_json:
        print_json([_plain(user) for user in found])
        return
    rows = [
        (u.name, u.display_name, ", ".join(u.roles), ", ".join(u.groups), yes_no(u.can_sign_in))
        for u in found
    ]
    print_table(("USERNAME", "DISPLAY NAME", "ROLES", "GROUPS", "SIGNS IN"), rows)


@user_group.command("show")
@click.argument("username", shell_complete=names_of(kinds.USER))
@json_option
@pass_administration
def show(administration: Administration, username: str, as_json: bool) -> None:
    """Show a user's roles, groups and devices."""
    with administration.view() as conn:
        user = users.find_user(conn, username)
        devices = users.devices_of(conn, user.id)
    if as_json:
        print_json({**_plain(user), "devices": list(devices)})
        return
    print_details(
        [
            ("Username", user.name),
            ("ID", user.id),
            ("Display name", user.display_name),
            ("Roles", user.roles),
            ("Groups", user.groups),
            ("Devices", devices),
            ("Can sign in", yes_no(user.can_sign_in)),
        ]
    )


@user_group.command("passwd")
@click.argument("username", shell_complete=names_of(kinds.USER))
@password_option
@pass_administration
def passwd(administration: Administration, username: str, password_stdin: bool) -> None:
    """Give a user a new password: asked for on a terminal, else one line of standard input."""
    with administration.view() as conn:
        user = users.find_user(conn, username)
    asked = not password_stdin and sys.stdin.isatty()
    password_hash = passwords.hash_password(_ask_for(user.name) if asked else _line_of_stdin())
    with administration.transaction() as conn:
        users.set_password_hash(conn, user.id, password_hash)


@user_group.command("remove")
@click.argument("username", shell_complete=names_of(kinds.USER))
@pass_administration
def remove(administration: Administration, username: str) -> None:
    """Remove a user, and all that was shared with the user."""
    with administration.transaction() as conn:
        users.remove_user(conn, username)


def _ask_for(username: str) -> str:
    prompt = f"New password of {username}"
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))


def _line_of_stdin() -> str:
    line = sys.stdin.buffer.readline()
    return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def _plain(user: users.User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.name,
        "display_name": user.display_name,
        "roles": list(user.roles),
        "groups": list(user.groups),
        "can_sign_in": user.can_sign_in,
    }
