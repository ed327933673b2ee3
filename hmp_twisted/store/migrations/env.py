"""What Alembic runs: the due revisions, in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from hmp_twisted.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change most of a table in place; Alembic then rebuilds it.
    render_as_batch=True,
)
context.run_migrations()
