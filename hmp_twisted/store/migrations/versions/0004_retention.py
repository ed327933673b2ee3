"""How long recordings are kept: when each ended, an expiry of its own, protection."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_EXPIRING = sa.text("expire_after_days > 0")


def upgrade() -> None:
    """Nothing is protected or has an expiry of its own; an earlier recording's end is reckoned."""
    op.add_column("recordings", sa.Column("ended", sa.Float, nullable=True))
    op.add_column("recordings", sa.Column("expire_after_days", sa.Float, nullable=True))
    protected = sa.Column("protected", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("recordings", protected)
    op.create_index(
        "ix_recordings_expiring",
        "recordings",
        ["expire_after_days"],
        sqlite_where=_EXPIRING,
        postgresql_where=_EXPIRING,
    )
