"""The tables. Every ID is a lower-case UUID as 36 characters; every time is Unix seconds, UTC."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(36), primary_key=True)


def _of(name: str, target: str, *, key: bool = False, null: bool = False) -> Column[str]:
    """A reference that goes when what it refers to goes."""
    return Column(
        name,
        String(36),
        ForeignKey(f"{target}.id", ondelete="CASCADE"),
        primary_key=key,
        nullable=null,
    )


def _name() -> list[Column[str]]:
    """A name as given, and folded (Unicode case folding), by which it is unique and looked up."""
    return [
        Column("name", Text, nullable=False),
        Column("folded", Text, nullable=False, unique=True),
    ]


def _where(name: str, column: str, condition: TextClause) -> Index:
    """An index of the few rows that a condition picks; queries must state it as the index does."""
    return Index(name, column, sqlite_where=condition, postgresql_where=condition)


def _orders(kind: str) -> tuple[Index, Index]:
    """The orders in which a library is paged through; the ID decides between equals."""
    return (
        Index(f"ix_{kind}_newest", "created", "id"),
        Index(f"ix_{kind}_by_title", text("lower(title)"), "id"),
    )


settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""``api_enabled`` is ``0`` or ``1``; ``version`` is raised by every change to who may connect."""

roles = Table("roles", metadata, _id(), *_name(), Column("builtin", Boolean, nullable=False))
role_grants = Table(
    "role_grants",
    metadata,
    _of("role_id", "roles", key=True),
    Column("action", String(32), primary_key=True),
)

users = Table(
    "users",
    metadata,
    _id(),
    *_name(),
    Column("display_name", Text, nullable=False, default=""),
    Column("password_hash", Text, nullable=False, default=""),
)
"""``name`` is the user name; ``password_hash`` is argon2id, empty for who cannot sign in."""

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _of("user_id", "users"),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Index(None, "user_id"),
    Index(None, "seen"),
)
"""Who has signed in to the web interface: the SHA-256 of the cookie's token, in hexadecimal."""

groups = Table("groups", metadata, _id(), *_name())
group_members = Table(
    "group_members",
    metadata,
    _of("group_id", "groups", key=True),
    _of("user_id", "users", key=True),
    Index(None, "user_id"),
)
user_roles = Table(
    "user_roles", metadata, _of("user_id", "users", key=True), _of("role_id", "roles", key=True)
)
group_roles = Table(
    "group_roles", metadata, _of("group_id", "groups", key=True), _of("role_id", "roles", key=True)
)

devices = Table(
    "devices",
    metadata,
    _id(),
    *_name(),
    Column("address", Text, nullable=False),
    _of("user_id", "users", null=True),
)
"""``address`` is an IPv4 or IPv6 network in CIDR notation; without a user, all rights."""

permissions = Table("permissions", metadata, _id(), *_name())
permission_grants = Table(
    "permission_grants",
    metadata,
    _of("permission_id", "permissions", key=True),
    Column("action", String(32), primary_key=True),
)

sources = Table(
    "sources",
    metadata,
    _id(),
    *_name(),
    Column("url", Text, nullable=False),
    Column("interface", Text, nullable=False, default=""),
)

categories = Table(
    "categories",
    metadata,
    _id(),
    *_name(),
    Column("multiple", Boolean, nullable=False, default=False),
    Column("custom", Boolean, nullable=False, default=False),
)
category_values = Table(
    "category_values",
    metadata,
    _of("category_id", "categories", key=True),
    Column("position", Integer, primary_key=True),
    Column("value", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("createdby", Text, nullable=False, default=""),
    Column("live", Boolean, nullable=False, default=False),
    Column("created", Float, nullable=False),
    *_orders("sessions"),
    _where("ix_sessions_live", "id", text("live")),
)
session_sources = Table(
    "session_sources",
    metadata,
    _of("session_id", "sessions", key=True),
    Column("source_id", String(36), ForeignKey("sources.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Index(None, "source_id"),
)

recordings = Table(
    "recordings",
    metadata,
    _id(),
    Column("session_id", String(36), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("createdby", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("wanted", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("duration_s", Float, nullable=False, default=0.0),
    Column("track_count", Integer, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("filed_revision", Integer, nullable=False, server_default="0"),
    Column("deleted", Float, nullable=True),
    Column("ended", Float, nullable=True),
    Column("expire_after_days", Float, nullable=True),
    Column("protected", Boolean, nullable=False, default=False, server_default=false()),
    CheckConstraint("wanted IN ('RECORDING', 'PAUSED', 'STOPPED')", name="wanted"),
    Index(None, "session_id"),
    *_orders("recordings"),
    Index("ix_recordings_longest", "duration_s", "id"),
    _where("ix_recordings_in_bin", "deleted", text("deleted IS NOT NULL")),
    _where("ix_recordings_expiring", "expire_after_days", text("expire_after_days > 0")),
    _where("ix_recordings_active", "id", text("wanted <> 'STOPPED'")),
    _where("ix_recordings_unfiled", "id", text("revision > filed_revision")),
)
"""*Wanted* is what a user asked for; *state* is what the media engine last told: ``STARTING``
before the engine took it, then ``RECORDING``, ``PAUSED``, ``FINISHED`` or ``ERROR``. ``session_id``
outlives its session. ``revision`` counts changes to what ``catalogue.json`` beside the media tells;
``filed_revision`` is the one it has. ``deleted`` is when it was put into the bin, ``ended``
when it stopped. ``expire_after_days`` overrides the configured expiry: 0 for never."""

IS_ACTIVE = text("recordings.wanted <> 'STOPPED'")
IS_UNFILED = text("recordings.revision > recordings.filed_revision")
IS_EXPIRING = text("recordings.expire_after_days > 0")
IS_IN_BIN = text("recordings.deleted IS NOT NULL")
IS_LIVE = text("sessions.live")
IS_RUNNING = text("streams.ended IS NULL")
"""Conditions as their indexes have them: with a bound parameter instead, the table is scanned."""

hotmarks = Table(
    "hotmarks",
    metadata,
    _of("recording_id", "recordings", key=True),
    Column("time_s", Integer, primary_key=True),
    Column("title", Text, nullable=False),
)

streams = Table(
    "streams",
    metadata,
    _id(),
    Column("recording_id", String(36), nullable=False),
    Column("address", String(45), nullable=False),
    Column("port", Integer, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float, nullable=True),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Index(None, "recording_id"),
    _where("ix_streams_running", "port", text("ended IS NULL")),
)
"""A running stream has no ``ended``; ``reason`` says why one ended that neither played to its end
nor was stopped."""


def _category_values_of(kind: str) -> Table:
    """The values of a category on one session or recording, in the order given."""
    return Table(
        f"{kind}_categories",
        metadata,
        _of(f"{kind}_id", f"{kind}s", key=True),
        _of("category_id", "categories", key=True),
        Column("position", Integer, primary_key=True),
        Column("value", Text, nullable=False),
        Index(None, "category_id", "value", f"{kind}_id"),
    )


def _shares_of(kind: str) -> Table:
    """Who was given what on one session or recording: one row a user or group."""
    return Table(
        f"{kind}_shares",
        metadata,
        _id(),
        _of(f"{kind}_id", f"{kind}s"),
        _of("user_id", "users", null=True),
        _of("group_id", "groups", null=True),
        Column("permission", String(36), nullable=False),
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="one_subject"),
        Index(None, f"{kind}_id", "user_id", unique=True),
        Index(None, f"{kind}_id", "group_id", unique=True),
        Index(None, "user_id"),
        Index(None, "group_id"),
    )


session_categories = _category_values_of("session")
recording_categories = _category_values_of("recording")
session_shares = _shares_of("session")
recording_shares = _shares_of("recording")
"""``permission`` is a default permission's word (``OWN``) or a custom permission's ID."""
