"""What of a recording is told beside its media (``catalogue.json``), and why a stream ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_UNFILED = sa.text("revision > filed_revision")


def upgrade() -> None:
    """Every recording counts as not yet told of, so that a server writes it on its next start."""
    counted = {"revision": "1", "filed_revision": "0"}
    for name, start in counted.items():
        column = sa.Column(name, sa.Integer, nullable=False, server_default=start)
        op.add_column("recordings", column)
    op.create_index(
        "ix_recordings_unfiled",
        "recordings",
        ["id"],
        sqlite_where=_UNFILED,
        postgresql_where=_UNFILED,
    )
    empty = sa.text("''")
    op.add_column("streams", sa.Column("reason", sa.Text, nullable=False, server_default=empty))
