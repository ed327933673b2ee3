"""``hmpctl api`` and ``hmpctl device``: whether the Command Line API is on, and for whom."""

from __future__ import annotations

import attrs
import click

from ..services.directory import api, devices, kinds
from .administration import Administration, pass_administration
from .completion import names_of
from .group import OneLineGroup
from .output import json_option, print_details, print_json, print_table, yes_no


@click.group("api", cls=OneLineGroup)
def api_group() -> None:
    """Turn the Command Line API on or off."""


@api_group.command("enable")
@pass_administration
def enable(administration: Administration) -> None:
    """Let the authorised devices connect."""
    with administration.transaction() as conn:
        api.set_enabled(conn, True)


@api_group.command("disable")
@pass_administration
def disable(administration: Administration) -> None:
    """Close the port; connections that stand are closed."""
    with administration.transaction() as conn:
        api.set_enabled(conn, False)


@api_group.command("status")
@json_option
@pass_administration
def status(administration: Administration, as_json: bool) -> None:
    """Show whether it is on, where it listens, and for how many devices."""
    with administration.view() as conn:
        report = read_status(administration, api.is_enabled(conn), len(devices.list_devices(conn)))
    if as_json:
        print_json(report)
        return
    print_details(
        [
            ("Enabled", yes_no(bool(report["enabled"]))),
            ("Endpoint", report["endpoint"]),
            ("Devices", report["devices"]),
        ]
    )


def read_status(administration: Administration, enabled: bool, count: int) -> dict[str, object]:
    """What is told of the Command Line API."""
    endpoint = administration.settings.command_api.endpoint
    return {"enabled": enabled, "endpoint": endpoint, "devices": count}


@click.group("device", cls=OneLineGroup)
def device_group() -> None:
    """The addresses that may use the Command Line API."""


@device_group.command("add")
@click.argument("name")
@click.argument("address")
@click.option(
    "--user",
    metavar="USERNAME",
    default="",
    shell_complete=names_of(kinds.USER),
    help="The device acts with this user's rights; without, with all rights.",
)
@pass_administration
def add(administration: Administration, name: str, address: str, user: str) -> None:
    """Authorise the IPv4 or IPv6 ADDRESS, or network (10.0.0.0/24), under a NAME."""
    with administration.transaction() as conn:
        devices.add_device(conn, name, address, user)
    click.echo(name)


@device_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the authorised devices."""
    with administration.view() as conn:
        found = devices.list_devices(conn)
    if as_json:
        print_json([attrs.asdict(device) for device in found])
        return
    rows = [(d.name, d.address, d.user or "(all rights)") for d in found]
    print_table(("NAME", "ADDRESS", "USER"), rows)


@device_group.command("remove")
@click.argument("name", shell_complete=names_of(kinds.DEVICE))
@pass_administration
def remove(administration: Administration, name: str) -> None:
    """Take the device of this NAME off the list; its connections are closed."""
    with administration.transaction() as conn:
        devices.remove_device(conn, name)
