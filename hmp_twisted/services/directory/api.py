"""Whether the Command Line API is on, and the version by which a running server sees changes."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, Text, cast, insert, select, update

from ...store.schema import settings

ENABLED = "api_enabled"
VERSION = "version"


def is_enabled(conn: Connection) -> bool:
    """Whether control systems may connect. Off until an administrator turns it on (guide,
    "Enabling Command Line API Access")."""
    return _value(conn, ENABLED) == "1"


def set_enabled(conn: Connection, enabled: bool) -> None:
    """Turn the Command Line API on or off; a running server follows within 2 seconds."""
    _put(conn, ENABLED, "1" if enabled else "0")
    raise_version(conn)


def raise_version(conn: Connection) -> None:
    """Tell a running server that who may connect, or as whom, has changed."""
    # Counted by the database, so that two changes at a time never end in the same version.
    value = settings.c.value
    raised = cast(cast(value, Integer) + 1, Text)
    changed = conn.execute(update(settings).where(settings.c.key == VERSION).values(value=raised))
    if changed.rowcount == 0:
        conn.execute(insert(settings).values(key=VERSION, value="1"))


def _value(conn: Connection, key: str) -> str | None:
    return conn.execute(select(settings.c.value).where(settings.c.key == key)).scalar()


def _put(conn: Connection, key: str, value: str) -> None:
    changed = conn.execute(update(settings).where(settings.c.key == key).values(value=value))
    if changed.rowcount == 0:
        conn.execute(insert(settings).values(key=key, value=value))
