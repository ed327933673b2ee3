"""Who has signed in to the web interface; recordings in the bin; the library in any order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_IN_BIN = sa.text("deleted IS NOT NULL")


def upgrade() -> None:
    """Nothing is in the bin, and nobody has signed in."""
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_web_sessions_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])
    op.create_index("ix_web_sessions_seen", "web_sessions", ["seen"])
    op.add_column("recordings", sa.Column("deleted", sa.Float, nullable=True))
    op.create_index(
        "ix_recordings_in_bin",
        "recordings",
        ["deleted"],
        sqlite_where=_IN_BIN,
        postgresql_where=_IN_BIN,
    )
    op.drop_index("ix_recordings_created", "recordings")
    for kind in ("sessions", "recordings"):
        given = f"{kind.removesuffix('s')}_categories"
        owner = f"{kind.removesuffix('s')}_id"
        op.drop_index(f"ix_{given}_category_id_value", given)
        columns = ["category_id", "value", owner]
        op.create_index(f"ix_{given}_category_id_value_{owner}", given, columns)
        op.create_index(f"ix_{kind}_newest", kind, ["created", "id"])
        op.create_index(f"ix_{kind}_by_title", kind, [sa.text("lower(title)"), "id"])
    is_live = sa.text("live")
    op.create_index(
        "ix_sessions_live", "sessions", ["id"], sqlite_where=is_live, postgresql_where=is_live
    )
    op.create_index("ix_recordings_longest", "recordings", ["duration_s", "id"])
