"""``hmpctl source``: the MPEG-TS streams that can be received."""

from __future__ import annotations

import attrs
import click

from ..services.directory import kinds, sources
from .administration import Administration, pass_administration
from .completion import names_of
from .group import OneLineGroup
from .output import json_option, print_details, print_json, print_table


@click.group("source", cls=OneLineGroup)
def source_group() -> None:
    """The MPEG-TS streams that sessions can hold."""


@source_group.command("add")
@click.argument("name")
@click.argument("url")
@click.option(
    "--interface",
    metavar="ADDRESS",
    default="",
    help="The local address at which a multicast group is joined.",
)
@pass_administration
def add(administration: Administration, name: str, url: str, interface: str) -> None:
    """Make a stream known under a NAME, and print its ID.

    \b
    udp://@239.1.2.3:5000          join a multicast group
    udp://10.0.0.9@239.1.2.3:5000  a group, from one sender only
    udp://@:5000                   any local address
    udp://@127.0.0.1:5000          one local address

    rtp:// means the same; RTP headers are recognised under either.
    """
    with administration.transaction() as conn:
        source_id = sources.add_source(conn, name, url, interface)
    click.echo(source_id)


@source_group.command("list")
@json_option
@pass_administration
def list_all(administration: Administration, as_json: bool) -> None:
    """List the sources."""
    with administration.view() as conn:
        found = sources.list_sources(conn)
    if as_json:
        print_json([attrs.asdict(source) for source in found])
        return
    rows = [(s.id, s.name, s.url, s.interface) for s in found]
    print_table(("ID", "NAME", "URL", "INTERFACE"), rows)


@source_group.command("show")
@click.argument("source", metavar="ID", shell_complete=names_of(kinds.SOURCE))
@json_option
@pass_administration
def show(administration: Administration, source: str, as_json: bool) -> None:
    """Show the source of this ID or name, and the sessions that hold it."""
    with administration.view() as conn:
        found = sources.find_source(conn, source)
        sessions = sources.sessions_with(conn, found.id)
    if as_json:
        print_json({**attrs.asdict(found), "sessions": [session_id for session_id, _ in sessions]})
        return
    print_details(
        [
            ("ID", found.id),
            ("Name", found.name),
            ("URL", found.url),
            ("Interface", found.interface),
            ("Sessions", [f"{session_id}  {title}" for session_id, title in sessions]),
        ]
    )


@source_group.command("remove")
@click.argument("source", metavar="ID", shell_complete=names_of(kinds.SOURCE))
@pass_administration
def remove(administration: Administration, source: str) -> None:
    """Forget the source of this ID or name. What was recorded of it stays."""
    with administration.transaction() as conn:
        sources.remove_source(conn, source)
