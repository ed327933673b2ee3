"""``hmpctl session``: what control systems have made."""

from __future__ import annotations

from typing import Any

import click

from ..services.directory import kinds, sessions
from ..services.directory.attached import CategoryValues, Share
from .administration import Administration, pass_administration
from .completion import names_of
from .group import OneLineGroup
from .output import iso, json_option, print_details, print_json, print_table, yes_no


@click.group("session", cls=OneLineGroup)
def session_group() -> None:
    """The sessions, all of them."""


@session_group.command("list")
@json_option
@pass_administration
def list_sessions(administration: Administration, as_json: bool) -> None:
    """List the sessions, oldest first."""
    with administration.view() as conn:
        found = sessions.list_sessions(conn)
    if as_json:
        print_json([_plain_session(session) for session in found])
        return
    rows = [
        (s.id, s.title, yes_no(s.live), len(s.sources), len(s.recordings), iso(s.created))
        for s in found
    ]
    print_table(("ID", "TITLE", "LIVE", "SOURCES", "RECORDINGS", "CREATED"), rows)


@session_group.command("show")
@click.argument("session", metavar="ID", shell_complete=names_of(kinds.SESSION))
@json_option
@pass_administration
def show_session(administration: Administration, session: str, as_json: bool) -> None:
    """Show the session of this ID or title."""
    with administration.view() as conn:
        found = sessions.find_session(conn, session)
        categories = sessions.categories_of_session(conn, found.id)
        shares = sessions.shares_of_session(conn, found.id)
    if as_json:
        attached = {"categories": plain_categories(categories), "shares": plain_shares(shares)}
        print_json({**_plain_session(found), **attached})
        return
    print_details(
        [
            ("ID", found.id),
            ("Title", found.title),
            ("Description", found.description),
            ("Created by", found.createdby),
            ("Created", iso(found.created)),
            ("Live", yes_no(found.live)),
            ("Sources", found.sources),
            ("Recordings", found.recordings),
            *attached_details(categories, shares),
        ]
    )


def plain_categories(categories: tuple[CategoryValues, ...]) -> list[dict[str, Any]]:
    """Category values, for JSON."""
    return [
        {"category_id": c.category_id, "category": c.category, "values": list(c.values)}
        for c in categories
    ]


def plain_shares(shares: tuple[Share, ...]) -> list[dict[str, Any]]:
    """Shares, for JSON: each with a ``user`` or a ``group``."""
    return [
        {"user": share.user, "permission": share.permission}
        if share.user is not None
        else {"group": share.group, "permission": share.permission}
        for share in shares
    ]


def attached_details(
    categories: tuple[CategoryValues, ...], shares: tuple[Share, ...]
) -> list[tuple[str, object]]:
    """Category values and shares, for people."""
    return [
        ("Categories", [f"{c.category}: {', '.join(c.values)}" for c in categories]),
        ("Shared with", [f"{s.user or f'group {s.group}'}: {s.permission}" for s in shares]),
    ]


def _plain_session(session: sessions.Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "description": session.description,
        "createdby": session.createdby,
        "live": session.live,
        "created": iso(session.created),
        "sources": list(session.sources),
        "recordings": list(session.recordings),
    }
