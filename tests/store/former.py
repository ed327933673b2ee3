"""A database as an earlier version of the program left it, with a row in every table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, Table, inspect, select
from sqlalchemy.engine import URL

from hmp_twisted.store.engines import writing_engine
from hmp_twisted.store.upgrade import upgrade

Rows = dict[str, list[dict[str, Any]]]

SHARED = {"permission": "EDIT"}
ROWS: Rows = {
    "settings": [{"key": "api_enabled", "value": "1"}, {"key": "version", "value": "7"}],
    "users": [
        {"id": "u1", "name": "Ann", "folded": "ann", "display_name": "Ann", "password_hash": "$x"}
    ],
    "groups": [{"id": "g1", "name": "Crew", "folded": "crew"}],
    "group_members": [{"group_id": "g1", "user_id": "u1"}],
    "roles": [{"id": "r1", "name": "Night", "folded": "night", "builtin": False}],
    "role_grants": [{"role_id": "r1", "action": "watch"}],
    "user_roles": [{"user_id": "u1", "role_id": "r1"}],
    "group_roles": [{"group_id": "g1", "role_id": "r1"}],
    "devices": [
        {"id": "d1", "name": "Panel", "folded": "panel", "address": "10.0.0.7", "user_id": "u1"}
    ],
    "permissions": [{"id": "p1", "name": "Cut", "folded": "cut"}],
    "permission_grants": [{"permission_id": "p1", "action": "trim"}],
    "sources": [
        {"id": "s1", "name": "A", "folded": "a", "url": "udp://@:5000", "interface": "127.0.0.1"}
    ],
    "categories": [
        {"id": "c1", "name": "Kind", "folded": "kind", "multiple": True, "custom": False}
    ],
    "category_values": [{"category_id": "c1", "position": 0, "value": "News"}],
    "sessions": [
        {
            "id": "e1",
            "title": "Évening",
            "description": "d",
            "createdby": "Ann",
            "live": True,
            "created": 1.5,
        }
    ],
    "session_sources": [{"session_id": "e1", "source_id": "s1", "position": 1}],
    "session_categories": [
        {"session_id": "e1", "category_id": "c1", "position": 0, "value": "News"}
    ],
    "session_shares": [
        {"id": "h1", "session_id": "e1", "user_id": "u1", "group_id": None, **SHARED}
    ],
    "recordings": [
        {
            "id": f"k{n}",
            "session_id": "e1",
            "title": "Title",
            "description": "",
            "createdby": "",
            "created": 2.5,
            "wanted": wanted,
            "state": state,
            "reason": "",
            "duration_s": 12.25,
            "track_count": n,
        }
        for n, (wanted, state) in enumerate(
            [("STOPPED", "FINISHED"), ("PAUSED", "PAUSED"), ("STOPPED", "ERROR")], 1
        )
    ],
    "hotmarks": [{"recording_id": "k1", "time_s": 3, "title": "Goal"}],
    "recording_categories": [
        {"recording_id": "k1", "category_id": "c1", "position": 0, "value": "Sport"}
    ],
    "recording_shares": [
        {"id": "h2", "recording_id": "k1", "user_id": None, "group_id": "g1", **SHARED}
    ],
    "streams": [
        {
            "id": "t1",
            "recording_id": "k1",
            "address": "127.0.0.1",
            "port": 5004,
            "started": 3.5,
            "ended": None,
        }
    ],
}


def make(url: URL, revision: str) -> None:
    """Make a database of that revision, with :data:`ROWS` in it."""
    upgrade(url, revision=revision)
    engine = writing_engine(url)
    with engine.begin() as connection:
        tables = _reflect(connection)
        for name, rows in ROWS.items():
            connection.execute(tables[name].insert(), rows)
    engine.dispose()


def read(connection: Connection) -> Rows:
    """What of :data:`ROWS` is in the database: its columns, in its order."""
    tables = _reflect(connection)
    return {name: _read(connection, tables[name], rows) for name, rows in ROWS.items()}


def all_tables(connection: Connection) -> set[str]:
    """The database's tables, Alembic's own left out."""
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def _read(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose key is of ours: a new database has roles of its own."""
    key = next(iter(rows[0]))
    ours = table.c[key].in_([row[key] for row in rows])
    columns = [table.c[name] for name in rows[0]]
    found = connection.execute(select(*columns).where(ours).order_by(table.c[key]))
    return [dict(row._mapping) for row in found]


def _reflect(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return dict(metadata.tables)
